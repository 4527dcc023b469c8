/** The last good copy of the site: how much of what people read it could serve, and what it is missing. */
import type { LifelineState } from '../../../src/contract/lifeline.ts'
import { attempt } from '../acts.ts'
import { get, mayAct, post } from '../api.ts'
import { bytes, count, percent, shown, span, timeOfDay } from '../format.ts'
import { Show, useLoad } from '../parts/load.tsx'
import { texts } from '../texts.ts'

const words = texts.lifeline
const whyWords = (why: string): string => words.whys[why] ?? (why.startsWith('status-') ? words.answers(why.slice(7)) : shown(why))

export function LifelineView() {
  const loaded = useLoad(() => get<LifelineState>('lifeline'), [], 5_000)
  return (
    <>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Show of={loaded} trouble={words.failed}>
        {(state) => (
          <>
            <dl class="figures">
              <div><dt>{words.share}</dt><dd><b>{state.coverage.share < 0 ? '–' : percent(state.coverage.share)}</b> <small>{state.coverage.share < 0 ? words.noReads : words.readsOf(state.coverage.reads, state.coverage.days)}</small></dd></div>
              <div><dt>{words.kept}</dt><dd><b>{count(state.pages.kept)}</b> <small>{words.known(state.pages.known)}</small></dd></div>
              <div><dt>{words.age}</dt><dd><b>{state.pages.kept === 0 ? '–' : span(state.age.medianMs)}</b> <small>{state.pages.kept === 0 ? '' : words.oldest(state.age.oldestMs)}</small></dd></div>
              <div><dt>{words.disk}</dt><dd><b>{bytes(state.disk.bytes)}</b> <small>{words.ofMax(bytes(state.disk.maxBytes))}</small></dd></div>
            </dl>
            {state.disk.suspended && <p class="trouble" role="alert">{words.suspended}</p>}
            <p><b>{words.pauses[state.pause] ?? state.pause}</b>. {state.pass.number > 0 && (state.pause === '' ? words.passNow(state.pass.done, state.pass.left) : state.pass.endedAtWallMs > 0 ? words.passDone(timeOfDay(state.pass.endedAtWallMs)) : '')}</p>
            {mayAct() && <p class="row"><button type="button" onClick={() => void attempt(() => post<LifelineState>('lifeline/crawl'), () => words.crawlHint).then(() => loaded.reload())}>{words.crawl}</button> <small class="muted">{words.crawlHint}</small></p>}
            <section aria-labelledby="unserved-title">
              <h2 id="unserved-title">{words.unserved}</h2>
              {state.coverage.unserved.length === 0 ? <p class="muted">{words.noUnserved}</p> : (
                <div class="scroll" tabIndex={0} role="group" aria-label={words.unserved}><table class="numbers cards"><thead><tr><th scope="col">{words.page}</th><th scope="col">{words.reads}</th><th scope="col" class="text">{words.why}</th></tr></thead><tbody>{state.coverage.unserved.map((one) => <tr key={one.key}><th scope="row">{shown(one.key, 160)}</th><td data-label={words.reads}>{count(one.reads)}</td><td class="text" data-label={words.why}>{whyWords(one.why)}</td></tr>)}</tbody></table></div>
              )}
            </section>
            <section aria-labelledby="missing-title">
              <h2 id="missing-title">{words.missing}</h2>
              {state.missing.length === 0 ? <p class="muted">{words.noMissing}</p> : (
                <div class="scroll" tabIndex={0} role="group" aria-label={words.missing}><table class="numbers cards"><thead><tr><th scope="col">{words.why}</th><th scope="col">{words.pages}</th><th scope="col" class="text">{words.examples}</th></tr></thead><tbody>{state.missing.map((one) => <tr key={one.why}><th scope="row">{whyWords(one.why)}</th><td data-label={words.pages}>{count(one.pages)}</td><td class="text" data-label={words.examples}>{one.examples.slice(0, 3).map((example) => shown(example, 80)).join(', ')}</td></tr>)}</tbody></table></div>
              )}
            </section>
          </>
        )}
      </Show>
    </>
  )
}
