/** Breaks a window of traffic down by what requests have in common, and says whom a rule made of a selection would have touched before there is one. */
import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'
import { type ExploreAnswer, type ExploreAttribute, exploreAttributes, type ExploreFilter, type ExploreHarm, type ExploreWish } from '../../../src/contract/explore.ts'
import { mayAct, post, sentenceOf } from '../api.ts'
import { count, percent, shown } from '../format.ts'
import { momentAtWallMs } from '../live/moment.ts'
import { AddRule } from '../parts/add-rule.tsx'
import { AddressLookup } from '../parts/address-lookup.tsx'
import { Choice } from '../parts/fields.tsx'
import { Show, useLoad } from '../parts/load.tsx'
import { share } from '../parts/rule-card.tsx'
import { Bar } from '../parts/table.tsx'
import { texts } from '../texts.ts'

const words = texts.explore
type WindowName = 'now' | '15m' | '1h' | 'moment'

const by = signal<ExploreAttribute>('userAgent')
const windowName = signal<WindowName>('now')
const where = signal<ReadonlyArray<ExploreFilter & { readonly label: string }>>([])

function windowOf(name: WindowName): ExploreWish['window'] {
  const now = Date.now()
  if (name === 'moment' && momentAtWallMs.peek() !== null) return { from: momentAtWallMs.peek()! - 60_000, to: momentAtWallMs.peek()! + 60_000 }
  return name === '15m' ? { from: now - 900_000, to: now } : name === '1h' ? { from: now - 3_600_000, to: now } : 'now'
}

const filters = (): ExploreFilter[] => where.peek().map(({ attribute, value }) => ({ attribute, value }))

export function ExploreView() {
  const filtering = where.value.length > 0
  const answer = useLoad(() => post<ExploreAnswer>('explore', { window: windowOf(windowName.peek()), by: by.peek(), where: filters() } satisfies ExploreWish), [by.value, windowName.value, where.value], windowName.value === 'now' ? 5_000 : 0)
  const [harm, setHarm] = useState<{ key: string; harm: ExploreHarm | null; trouble: string } | null>(null)
  const [making, setMaking] = useState(false)
  const key = JSON.stringify(filters())
  const judged = harm?.key === key ? harm : null
  const windows: Array<[WindowName, string]> = [['now', words.windows['now']], ['15m', words.windows['15m']], ['1h', words.windows['1h']]]
  if (momentAtWallMs.value !== null) windows.push(['moment', words.windows['moment']])
  const judge = async (): Promise<void> => {
    try {
      setHarm({ key, harm: await post<ExploreHarm>('explore/harm', { where: filters() }), trouble: '' })
    } catch (error) {
      setHarm({ key, harm: null, trouble: sentenceOf(error) })
    }
  }
  return (
    <>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <div class="controls">
        <Choice label={words.window} value={windowName.value} options={windows} onChange={(event) => { windowName.value = event.currentTarget.value as WindowName; if (windowName.value !== 'now') where.value = [] }} />
        <Choice label={words.by} value={by.value} options={exploreAttributes.map((one) => [one, words.attributes[one] ?? one])} onChange={(event) => { by.value = event.currentTarget.value as ExploreAttribute }} />
      </div>
      <section aria-label={words.where} class="selection">
        <h2>{words.where}</h2>
        {!filtering && <p class="muted">{words.pick}</p>}
        {filtering && (
          <ul class="chips">
            {where.value.map((one) => (
              <li key={`${one.attribute} ${one.value}`}>
                <span>{words.attributes[one.attribute] ?? one.attribute}: <b>{shown(one.label, 80)}</b></span>
                <button type="button" class="quiet" aria-label={words.drop(shown(one.label, 80))} onClick={() => { where.value = where.value.filter((other) => other !== one) }}>×</button>
              </li>
            ))}
            <li class="bare"><button type="button" class="quiet" onClick={() => { where.value = [] }}>{words.clear}</button></li>
            <li class="bare"><button type="button" onClick={() => void judge()}>{words.harm}</button></li>
          </ul>
        )}
        {judged !== null && (
          <div class="verdict" role="status">
            {judged.harm === null ? <p class="trouble">{words.failed} {judged.trouble}</p> : (
              <>
                {judged.harm.when.length === 0 && <p>{shown(judged.harm.sentence, 500)}</p>}
                <dl class="facts">
                  <div><dt>{texts.rule.expected}</dt><dd>{texts.rule.harmBound(judged.harm.upperShare)} <small class="muted">{words.harmSample(judged.harm.hits, judged.harm.sampled)}</small></dd></div>
                  <div><dt>{words.matchesNow}</dt><dd>{count(judged.harm.now.perSecond)}/s, {percent(judged.harm.now.share)}</dd></div>
                  <div><dt>{words.visitors}</dt><dd>{share(judged.harm.now.positiveShare)}</dd></div>
                </dl>
                {judged.harm.when.length > 0 && mayAct() && <button type="button" onClick={() => setMaking(true)}>{words.makeRule}</button>}
              </>
            )}
          </div>
        )}
      </section>
      <Show of={answer} trouble={words.failed}>
        {(found) => (
          <>
            {found.sentence !== '' && <p class="muted">{shown(found.sentence, 400)}</p>}
            {found.rows.length === 0 ? <p class="muted">{words.empty}</p> : (
              <div class="scroll" tabIndex={0} role="group" aria-label={words.attributes[by.value] ?? by.value}>
                <table class="numbers explore cards">
                  <thead><tr><th scope="col">{words.attributes[by.value] ?? by.value}</th><th scope="col">{words.requests}</th><th scope="col">{words.share}</th><th scope="col">{words.normal}</th><th scope="col">{words.visitors}</th></tr></thead>
                  <tbody>
                    {found.rows.map((row) => (
                      <tr key={row.value}>
                        <th scope="row">
                          {by.value === 'outcome' || windowName.value !== 'now' || where.value.length >= 8 ? shown(row.label) : <button type="button" class="link" aria-label={words.only(shown(row.label, 120))} onClick={() => { where.value = [...where.peek().filter((one) => one.attribute !== by.peek()), { attribute: by.peek(), value: row.value, label: row.label }]; by.value = by.peek() === 'path' ? 'userAgent' : 'path' }}>{shown(row.label, 160)}</button>}
                        </th>
                        <td data-label={words.requests}>{count(row.requests)}</td>
                        <td data-label={words.share}><Bar share={row.share} tone={row.normalShare >= 0 && row.share > 3 * row.normalShare + 0.05 ? 'strain' : ''} /></td>
                        <td data-label={words.normal}>{share(row.normalShare)}</td>
                        <td data-label={words.visitors}>{share(row.positiveShare)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
            <p class="muted">{words.sampled(found.sampled, found.total)}</p>
          </>
        )}
      </Show>
      <AddressLookup />
      {making && judged?.harm !== null && judged !== null && <AddRule when={judged.harm.when} harm={judged.harm.sentence} onClose={() => setMaking(false)} />}
    </>
  )
}
