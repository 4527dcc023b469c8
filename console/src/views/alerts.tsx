/** What is open, who was told, and whether the channels work. */
import { useState } from 'preact/hooks'
import { attempt } from '../acts.ts'
import { mayAct, record } from '../api.ts'
import { count, dayAndTime, shown, timeOfDay } from '../format.ts'
import { Show, useLoad } from '../parts/load.tsx'
import { texts } from '../texts.ts'

const words = texts.alerts

export function AlertsView() {
  const open = useLoad(() => record('alert', 'open', {}), [], 5_000)
  const channels = useLoad(() => record('alert', 'channels', {}), [], 15_000)
  const [testing, setTesting] = useState('')
  const [results, setResults] = useState<ReadonlyArray<{ channel: string; ok: boolean; sentence: string }>>([])
  const test = async (channel: string): Promise<void> => {
    setTesting(channel)
    const told = await attempt(() => record('alert', 'test', { channel }), () => '')
    setResults(told ?? [])
    setTesting('')
    void channels.reload()
  }
  return (
    <>
      <h1>{words.title}</h1>
      <section aria-labelledby="open-title">
        <h2 id="open-title">{words.open}</h2>
        <Show of={open} trouble={words.failed}>
          {(all) => (all.length === 0 ? <p class="muted">{words.none}</p> : <>{all.map((one) => (
            <article key={one.key} class="alert">
              <p><span class={`badge ${one.severity === 'critical' ? 'attack' : one.severity === 'warning' ? 'strain' : ''}`}>{words.severities[one.severity]}</span> <span class="muted">{texts.rule.bornAt(timeOfDay(one.sinceWallMs))}{one.toldTo.length > 0 && ` · ${words.told(one.toldTo.map((name) => shown(name)))}`}</span></p>
              <h3>{shown(one.title, 300)}</h3>
              <p>{shown(one.text, 2_000)}</p>
              {one.acknowledged !== null ? <p class="muted">{words.acknowledged(shown(one.acknowledged.who), timeOfDay(one.acknowledged.atWallMs))}</p> : mayAct() && <button type="button" aria-label={`${words.acknowledge}: ${shown(one.title, 80)}`} onClick={() => void attempt(() => record('alert', 'acknowledge', { key: one.key }), (answer) => answer.sentence).then(() => open.reload())}>{words.acknowledge}</button>}
            </article>
          ))}</>)}
        </Show>
      </section>
      <section aria-labelledby="channels-title">
        <h2 id="channels-title">{words.channels}</h2>
        <Show of={channels} trouble={words.failed}>
          {(all) => (all.length === 0 ? <p class="muted">{words.noChannels}</p> : (
            <div class="scroll" tabIndex={0} role="group" aria-label={words.channels}>
              <table class="numbers cards">
                <thead><tr><th scope="col">{words.channel}</th><th scope="col" class="text">{words.to}</th><th scope="col">{words.sent}</th><th scope="col">{words.failedCount}</th><th scope="col">{words.waiting}</th><th scope="col">{words.last}</th><th scope="col" class="text">{words.trouble}</th>{mayAct() && <th scope="col"><span class="hidden">{words.test}</span></th>}</tr></thead>
                <tbody>{all.map((one) => (
                  <tr key={one.name}>
                    <th scope="row">{shown(one.name)} <small class="muted">{one.kind}</small></th><td class="text" data-label={words.to}>{shown(one.to)}</td><td data-label={words.sent}>{count(one.sent)}</td><td data-label={words.failedCount}>{count(one.failed)}</td><td data-label={words.waiting}>{count(one.waiting)}</td><td data-label={words.last}>{one.lastSentAtWallMs === null ? texts.never : dayAndTime(one.lastSentAtWallMs)}</td>
                    <td class="text" data-label={words.trouble}>{one.trouble === null ? words.worksFine : <span class="tone-attack">{shown(one.trouble, 300)}</span>}</td>
                    {mayAct() && <td><button type="button" disabled={testing !== ''} aria-label={`${words.test}: ${shown(one.name)}`} onClick={() => void test(one.name)}>{words.test}</button></td>}
                  </tr>
                ))}</tbody>
              </table>
            </div>
          ))}
        </Show>
        <div role="status">{testing !== '' && <p>{words.testing}</p>}{results.map((one) => <p key={one.channel} class={one.ok ? 'tone-calm' : 'trouble'}>{shown(one.channel)}: {shown(one.sentence, 300)}</p>)}</div>
      </section>
    </>
  )
}
