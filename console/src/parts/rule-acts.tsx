/** What a person may do with a rule: one short question (why, how long), then it is done and can be undone. */
import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'
import type { ConsoleAct } from '../../../src/contract/console.ts'
import type { RuleRecord } from '../../../src/contract/control.ts'
import { act, milderStep, tell } from '../acts.ts'
import { mayAct } from '../api.ts'
import { shown, span } from '../format.ts'
import { momentAtWallMs } from '../live/moment.ts'
import { second } from '../live/stream.ts'
import { texts } from '../texts.ts'
import { Dialog } from './dialog.tsx'
import { Choice, Field, Form } from './fields.tsx'

export type RuleActName = 'pin' | 'unpin' | 'veto' | 'extend' | 'step-down' | 'expire' | 'dry-run'
type Wish = { readonly name: RuleActName; readonly rule: RuleRecord } | { readonly name: 'dry-run-all' | 'dry-run-all-off'; readonly rule: null }

export const actWish = signal<Wish | null>(null)

const words = texts.rule
const spans: readonly number[] = [900_000, 3_600_000, 14_400_000, 86_400_000]
const timed: ReadonlySet<string> = new Set(['pin', 'veto', 'extend'])

export function actsOn(rule: RuleRecord): ReadonlyArray<readonly [name: RuleActName, label: string, key: string]> {
  const stepDown: ReadonlyArray<readonly [RuleActName, string, string]> = milderStep(rule.action) === null || rule.stage === 'vetoed' || rule.stage === 'dormant' ? [] : [['step-down', words.stepDown, 's']]
  return [
    rule.stage === 'pinned' ? ['unpin', words.unpin, 'p'] : ['pin', words.pin, 'p'],
    ['veto', words.veto, 'v'],
    ['extend', words.extend, 'x'],
    ...stepDown,
    ['dry-run', rule.dryRun ? words.dryRunOff : words.dryRun, 'd'],
    ['expire', words.expire, 'e'],
  ]
}

export function wish(name: RuleActName, rule: RuleRecord): void {
  if (momentAtWallMs.peek() !== null) tell('trouble', texts.moment.actsHeld)
  else if (!mayAct()) tell('trouble', texts.done.viewer)
  else actWish.value = { name, rule }
}

function ordersOf(wished: Wish, why: string, forMs: number, now: number): ConsoleAct[] {
  if (wished.rule === null) return [{ kind: 'dry-run', of: 'all', on: wished.name === 'dry-run-all', why }]
  const { rule } = wished
  if (wished.name === 'dry-run') return [{ kind: 'dry-run', of: { rule: rule.id }, on: !rule.dryRun, why }]
  const untilWallMs = !timed.has(wished.name) || forMs === 0 ? null : wished.name === 'extend' ? Math.max(now, rule.expiresAtWallMs ?? now) + forMs : now + forMs
  return [{ kind: wished.name, ruleId: rule.id, untilWallMs, why }]
}

export function ActDialog() {
  const wished = actWish.value
  return wished === null ? null : <AskAct key={`${wished.name} ${wished.rule?.id}`} wished={wished} />
}

function AskAct({ wished }: { wished: Wish }) {
  const [failed, setFailed] = useState(false)
  const close = (): void => { actWish.value = null }
  const { name, rule } = wished
  const label = rule === null ? (name === 'dry-run-all' ? texts.now.dryAll : texts.now.dryAllOff) : actsOn(rule).find(([one]) => one === name)?.[1] ?? name
  const sentence = words.sentences[name === 'dry-run' && rule !== null && rule.dryRun ? 'dry-run-off' : name]
  const milder = rule !== null && name === 'step-down' ? milderStep(rule.action) : null
  const options: Array<readonly [string, string]> = spans.map((ms) => [String(ms), span(ms)])
  if (name !== 'extend') options.push(['0', words.open])
  return (
    <Dialog title={rule === null ? label : `${label}: ${rule.id}`} onClose={close}>
      {rule !== null && <p class="quoted">{shown(rule.sentence, 300)}</p>}
      <p>{sentence}{milder !== null && <> {texts.actions[rule!.action]} → <b>{texts.actions[milder]}</b>.</>}</p>
      <Form go={label} onSend={async (fields) => {
        const now = second.peek()?.status.atWallMs ?? Date.now()
        const done = await act(...ordersOf(wished, fields['why'] === '' ? words.whyDefault : fields['why'], Number(fields['for'] ?? 0), now))
        setFailed(!done)
        if (done) close()
        return done
      }}>
        {timed.has(name) && <Choice name="for" label={words.forHow} options={options} defaultValue={String(spans[1])} />}
        <Field name="why" label={words.why} placeholder={words.whyDefault} maxLength={300} autoFocus />
        {failed && <p class="trouble" role="alert">{texts.done.notDone}</p>}
      </Form>
    </Dialog>
  )
}
