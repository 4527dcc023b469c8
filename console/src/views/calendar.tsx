/** Days on which Polder is more watchful, and where they come from. */
import type { Posture } from '../../../src/contract/calendar.ts'
import { attempt } from '../acts.ts'
import { mayAct, record } from '../api.ts'
import { count, dayAndTime, fromInputTime, inputTime, shown, timeOfDay } from '../format.ts'
import { Field, Fold, Form } from '../parts/fields.tsx'
import { Show, useLoad } from '../parts/load.tsx'
import { texts } from '../texts.ts'

const words = texts.calendar

function effects({ effects: { sensitivity, rehearseChallenge, refreshLifeline, tell } }: Posture): string {
  return [sensitivity < 1 ? texts.now.watchful(sensitivity) : '', rehearseChallenge ? `${texts.now.rehearse}.` : '', refreshLifeline ? `${texts.now.refresh}.` : '', tell ? `${texts.now.tell}.` : ''].filter((part) => part !== '').join(' ')
}

export function CalendarView() {
  const loaded = useLoad(() => record('calendar', 'show', { days: 30 }), [], 30_000)
  const list = (all: readonly Posture[], none: string) => (all.length === 0 ? <p class="muted">{none}</p> : (
    <ul class="plain">
      {all.map((one) => (
        <li key={`${one.name} ${one.because} ${one.fromWallMs}`} class="split">
          <div><b>{shown(one.because)}</b> <span class="muted">{words.origin(shown(one.name), shown(one.source))}</span><br />{dayAndTime(one.fromWallMs)} – {timeOfDay(one.untilWallMs, one.fromWallMs)}<br /><small class="muted">{effects(one)}</small></div>
          {mayAct() && one.source.startsWith('by hand') && <button type="button" aria-label={`${words.remove}: ${shown(one.because)}`} onClick={() => void attempt(() => record('calendar', 'remove', { title: one.because, fromWallMs: one.fromWallMs }), (answer) => answer.sentence, () => record('calendar', 'add', { posture: one.name, title: one.because, fromWallMs: one.fromWallMs, untilWallMs: one.untilWallMs }).then(() => loaded.reload())).then(() => loaded.reload())}>{words.remove}</button>}
        </li>
      ))}
    </ul>
  ))
  return (
    <>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Show of={loaded} trouble={words.failed}>
        {(all) => (
          <>
            <section aria-labelledby="now-title"><h2 id="now-title">{words.now}</h2>{list(all.now, words.nothingNow)}</section>
            <section aria-labelledby="next-title"><h2 id="next-title">{words.next}</h2>{list(all.next, words.nothingNext)}</section>
            <section aria-labelledby="sources-title">
              <div class="section-head"><h2 id="sources-title">{words.sources}</h2>{mayAct() && all.sources.length > 0 && <button type="button" onClick={() => void attempt(() => record('calendar', 'refresh', {}), () => words.refresh).then(() => loaded.reload())}>{words.refresh}</button>}</div>
              {all.sources.length === 0 ? <p class="muted">{words.noSources}</p> : <ul class="plain">{all.sources.map((one) => <li key={one.name}><b>{shown(one.name)}</b> <span class="muted">{shown(one.from)} · {words.events(one.events)} · {one.readAtWallMs === null ? texts.never : words.read(dayAndTime(one.readAtWallMs))}</span>{one.trouble !== null && <p class="trouble">{shown(one.trouble, 300)}</p>}</li>)}</ul>}
            </section>
          </>
        )}
      </Show>
      {mayAct() && (
        <Fold title={words.add}>
          <Form go={words.add} onSend={(fields) => attempt(() => record('calendar', 'add', { posture: fields['posture'], title: fields['title'], fromWallMs: fromInputTime(fields['from']) ?? Date.now(), untilWallMs: fromInputTime(fields['until']) ?? Date.now() }), (made) => `${made.because}: ${count(Math.round((made.untilWallMs - made.fromWallMs) / 3_600_000))} h`, (made) => record('calendar', 'remove', { title: made.because, fromWallMs: made.fromWallMs }).then(() => loaded.reload())).then(async (made) => { await loaded.reload(); return made })}>
            <Field name="title" label={words.reason} required maxLength={200} />
            <Field name="posture" label={words.name} hint={words.postureHint} required maxLength={60} />
            <Field name="from" type="datetime-local" label={words.from} defaultValue={inputTime(Date.now())} required />
            <Field name="until" type="datetime-local" label={words.until} defaultValue={inputTime(Date.now() + 14_400_000)} required />
          </Form>
        </Fold>
      )}
    </>
  )
}
