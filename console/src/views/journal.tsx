/** What happened and who did what; and the proof that nothing of it was altered. */
import { useEffect, useState } from 'preact/hooks'
import { type JournalEntry, type JournalKind, journalKinds, type JournalVerdict } from '../../../src/contract/journal.ts'
import { record, sentenceOf } from '../api.ts'
import { clockTime, count, shown } from '../format.ts'
import { second } from '../live/stream.ts'
import { Choice } from '../parts/fields.tsx'
import { Show, useLoad } from '../parts/load.tsx'
import { Sentence } from '../parts/sentence.tsx'
import { withoutActor } from '../sentences.ts'
import { texts } from '../texts.ts'

const words = texts.journal
const PAGE = 100
/** Figures are for reports; people read the rest. */
const usual = journalKinds.filter((kind) => kind !== 'measure' && kind !== 'sample' && kind !== 'checkpoint')

export function JournalView() {
  const [kind, setKind] = useState('')
  const [most, setMost] = useState(PAGE)
  const [verdict, setVerdict] = useState<JournalVerdict | string | null>(null)
  const kinds = kind === '' ? usual : [kind as JournalKind]
  const loaded = useLoad(() => record('journal', 'list', { afterSeq: 0, most, newest: true, kinds }), [kind, most], 5_000)
  useEffect(() => setMost(PAGE), [kind])
  const verify = async (): Promise<void> => {
    setVerdict('working')
    try {
      setVerdict(await record('journal', 'verify', {}))
    } catch (error) {
      setVerdict(sentenceOf(error))
    }
  }
  const suspended = second.value?.status.record.state?.journal.suspended ?? null
  return (
    <>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      {suspended !== null && <p class="trouble" role="alert">{words.suspended(shown(suspended, 300))}</p>}
      <div class="controls">
        <Choice label={words.kind} options={[['', words.allKinds], ...journalKinds.map((one): [string, string] => [one, words.kinds[one] ?? one])]} value={kind} onChange={(event) => setKind(event.currentTarget.value)} />
        <button type="button" disabled={verdict === 'working'} onClick={() => void verify()}>{words.verify}</button>
      </div>
      <div role="status">
        {verdict === 'working' ? <p>{words.verifying}</p> : typeof verdict === 'string' ? <p class="trouble">{verdict}</p> : verdict !== null && (verdict.faults.length === 0 ? <p class="tone-calm">{words.whole(verdict.entries, verdict.lastHash ?? '–')}</p> : <div class="trouble"><p>{words.altered(verdict.faults.length)}</p><ul>{verdict.faults.map((fault) => <li key={`${fault.file}${fault.line}`}>{shown(fault.file)}, {count(fault.line)}: {shown(fault.sentence, 300)}</li>)}</ul></div>)}
      </div>
      <Show of={loaded} trouble={words.failed}>
        {({ entries, more }) => (entries.length === 0 ? <p class="muted">{words.none}</p> : (
          <>
            <div class="scroll" tabIndex={0} role="group" aria-label={words.title}>
              <table class="journal">
                <thead><tr><th scope="col">{words.when}</th><th scope="col">{words.kind}</th><th scope="col">{words.what}</th><th scope="col">{words.who}</th><th scope="col">{words.number}</th></tr></thead>
                <tbody>{entries.toReversed().map((entry: JournalEntry) => <tr key={entry.seq}><td class="when">{clockTime(entry.atWallMs)}</td><td>{entry.kind === 'alarm' ? <b class="tone-attack">{words.kinds[entry.kind]}</b> : (words.kinds[entry.kind] ?? entry.kind)}</td><td class="text"><Sentence text={withoutActor(entry.sentence, entry.who)} /></td><td>{entry.who === 'polder' ? '' : shown(entry.who)}</td><td class="number">{entry.seq}</td></tr>)}</tbody>
              </table>
            </div>
            {(more || entries.length >= most) && most < 1_000 && <button type="button" onClick={() => setMost(Math.min(1_000, most + PAGE * 2))}>{words.older}</button>}
          </>
        ))}
      </Show>
    </>
  )
}
