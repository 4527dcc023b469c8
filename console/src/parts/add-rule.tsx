/** A rule by hand: from fields, or from a selection of Explore whose conditions are there already. */
import { useState } from 'preact/hooks'
import { type Condition, type RuleAction, ruleActions } from '../../../src/contract/plan.ts'
import { act } from '../acts.ts'
import { shown, span } from '../format.ts'
import { texts } from '../texts.ts'
import { Dialog } from './dialog.tsx'
import { Choice, Field, Form } from './fields.tsx'

const words = texts.rule
const spans: readonly number[] = [900_000, 3_600_000, 14_400_000, 86_400_000]
const list = (text: string): string[] => text.split(',').map((part) => part.trim()).filter((part) => part !== '')

export function conditionsOf(fields: Readonly<Record<string, string>>): Condition[] {
  const when: Condition[] = []
  const { path = '', host = '', prefix = '', method = '' } = fields
  if (path !== '') when.push({ attribute: 'path', glob: path.startsWith('/') || path.startsWith('*') ? path : `/${path}` })
  if (host !== '') when.push({ attribute: 'host', glob: host.toLowerCase() })
  if (prefix !== '') when.push({ attribute: 'prefix', cidrs: list(prefix) })
  if (method !== '') when.push({ attribute: 'method', oneOf: list(method).map((one) => one.toUpperCase()) })
  if (fields['query'] === 'on') when.push({ attribute: 'query-present' })
  if (fields['unproven'] === 'on') when.push({ attribute: 'unproven' })
  return when
}

/** `when` null: the conditions are asked for. */
export function AddRule({ when, harm = '', onClose }: { when: readonly Condition[] | null; harm?: string; onClose: () => void }) {
  const [trouble, setTrouble] = useState('')
  const [action, setAction] = useState<RuleAction | 'dry'>(when === null ? 'limit' : 'challenge')
  const actions: RuleAction[] = [...(ruleActions.toReversed()), 'allow']
  return (
    <Dialog title={texts.now.addRule} onClose={onClose}>
      {when !== null && <><p>{words.conditions}</p><ul class="quoted">{when.map((one) => <li key={JSON.stringify(one)}>{shown(texts.condition(one), 300)}</li>)}</ul></>}
      {harm !== '' && <p><b>{words.expected}</b>: {shown(harm, 400)}</p>}
      <Form go={words.add} onSend={async (fields) => {
        const conditions = when ?? conditionsOf(fields)
        if (conditions.length === 0) {
          setTrouble(words.noConditions)
          return false
        }
        const limit = Number(fields['limit'])
        const chosen = fields['action'] as RuleAction
        if (chosen === 'limit' && !(limit > 0)) {
          setTrouble(words.noLimit)
          return false
        }
        const done = await act({
          kind: 'add', ruleId: `by-hand-${Date.now().toString(36)}`, when: conditions, action: chosen, ...(chosen === 'limit' ? { limitPerSecond: limit } : {}),
          untilWallMs: fields['for'] === '0' ? null : Date.now() + Number(fields['for']), why: fields['why'] === '' ? words.whyDefault : fields['why'],
        })
        setTrouble(done ? '' : texts.done.notDone)
        if (done) onClose()
        return done
      }}>
        {when === null && (
          <>
            <Field name="path" label={texts.explore.attributes['path']} placeholder={texts.examples.path} maxLength={500} autoFocus />
            <Field name="prefix" label={texts.explore.attributes['prefix']} placeholder={texts.examples.networks} maxLength={4_000} />
            <Field name="host" label={texts.explore.attributes['host']} placeholder={texts.examples.host} maxLength={253} />
            <Field name="method" label={texts.explore.attributes['method']} placeholder={texts.examples.method} maxLength={60} />
            <label class="check"><input type="checkbox" name="query" /> {texts.condition({ attribute: 'query-present' })}</label>
            <label class="check"><input type="checkbox" name="unproven" defaultChecked /> {texts.condition({ attribute: 'unproven' })}</label>
          </>
        )}
        <Choice name="action" label={words.action} options={actions.map((one) => [one, texts.actions[one]])} value={action} onChange={(event) => setAction(event.currentTarget.value as RuleAction)} />
        {action === 'limit' && <Field name="limit" label={words.limitPerSecond} type="number" min={0.1} step="any" defaultValue="5" />}
        <Choice name="for" label={words.forHow} options={[...spans.map((ms): [string, string] => [String(ms), span(ms)]), ['0', words.open]]} defaultValue={String(spans[1])} />
        <Field name="why" label={words.why} placeholder={words.whyDefault} maxLength={300} />
        {trouble !== '' && <p class="trouble" role="alert">{trouble}</p>}
      </Form>
    </Dialog>
  )
}
