/** What was just done, with its undo; and what other people did. */
import { useEffect, useRef } from 'preact/hooks'
import { dismiss, notices, takeBack, tell } from '../acts.ts'
import { mayAct, session } from '../api.ts'
import { acted } from '../live/stream.ts'
import { withoutActor } from '../sentences.ts'
import { texts } from '../texts.ts'

export function Notices() {
  const seen = useRef(new Set<string>())
  const first = useRef(true)
  const list = acted.value
  useEffect(() => {
    for (const one of list) {
      const key = `${one.atWallMs} ${one.who} ${one.sentence}`
      if (seen.current.has(key)) continue
      seen.current.add(key)
      // What was done before this page was opened, and one's own acts, are no news.
      if (!first.current && one.who !== session.peek()?.name && Date.now() - one.atWallMs < 30_000) tell(one.done ? 'done' : 'trouble', `${texts.done.at(one.who)} ${withoutActor(one.sentence, one.who)}`, one.undo === null || !mayAct() ? [] : [one.undo.act])
    }
    if (seen.current.size > 500) seen.current = new Set([...seen.current].slice(-100))
    first.current = false
  }, [list])
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map((one) => (
        <div key={one.id} class={`notice ${one.tone}`}>
          <p>{withoutActor(one.sentence, session.value?.name ?? '')}</p>
          {one.undo.length > 0 && <button type="button" onClick={() => void takeBack(one.undo, one.id)}>{texts.undo}</button>}
          <button type="button" class="quiet" onClick={() => dismiss(one.id)}>{texts.close}</button>
        </div>
      ))}
    </div>
  )
}
