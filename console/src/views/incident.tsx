/** One incident: what happened, what is said, what people think, what is to be done and reported. Evidence, claims and judgements stay apart. */
import { useState } from 'preact/hooks'
import { credibilities, hypothesisVerdicts, type Figure, type Hypothesis, type Incident, sourceReliabilities, tlpMarkings } from '../../../src/contract/incident.ts'
import { attempt } from '../acts.ts'
import { mayAct, record } from '../api.ts'
import { bytes, clockTime, count, dayAndTime, fromInputTime, inputTime, percent, shown, span } from '../format.ts'
import { tick } from '../live/stream.ts'
import { Area, Choice, Field, Fold, Form } from '../parts/fields.tsx'
import { type Loaded, Show, useLoad } from '../parts/load.tsx'
import { Sentence } from '../parts/sentence.tsx'
import { addressOf } from '../router.ts'
import { named, unbroken, withoutActor } from '../sentences.ts'
import { texts } from '../texts.ts'
import { IncidentReports } from './incident-reports.tsx'

const words = texts.incidents

/** What a change needs: the incident, and where its new state goes. */
interface Parts {
  readonly incident: Incident
  readonly loaded: Loaded<Incident>
}

/** `back`: what makes it as it was; left out where the record keeps what was written. */
async function change(loaded: Loaded<Incident>, work: () => Promise<Incident>, sentence: string, back?: () => Promise<Incident>): Promise<Incident | null> {
  const changed = await attempt(work, () => sentence, back === undefined ? undefined : () => back().then((before) => loaded.set(before)))
  if (changed !== null) loaded.set(changed)
  return changed
}

export function IncidentView({ id }: { id: string }) {
  const loaded = useLoad(() => record('incident', 'show', { id }), [id], 10_000)
  return (
    <>
      <p class="back"><a href={addressOf('incidents')}>← {words.back}</a></p>
      <Show of={loaded} trouble={words.notFound}>
        {(incident) => (
          <>
            <Head incident={incident} loaded={loaded} />
            <div class="below">
              <div class="main-column">
                <Clocks incident={incident} />
                <Timeline incident={incident} />
                <Claims incident={incident} loaded={loaded} />
                <Hypotheses incident={incident} loaded={loaded} />
              </div>
              <div class="side">
                <Tasks incident={incident} loaded={loaded} />
                <Notes incident={incident} loaded={loaded} />
                <Figures incident={incident} />
                <Evidence incident={incident} />
              </div>
            </div>
            <IncidentReports incident={incident} onChange={loaded.set} />
          </>
        )}
      </Show>
    </>
  )
}

function Head({ incident, loaded }: Parts) {
  const { id } = incident
  return (
    <header class="incident-head">
      <h1>{unbroken(shown(incident.title))}</h1>
      <p class="muted">{id} · {words.opened.toLowerCase()} {dayAndTime(incident.openedAtWallMs)} {texts.rule.by(shown(incident.openedBy), '')} · {incident.mergedInto !== null ? words.merged(incident.mergedInto) : incident.closedAtWallMs === null ? <b>{words.isOpen}</b> : `${words.closed} ${dayAndTime(incident.closedAtWallMs)} ${texts.rule.by(shown(incident.closedBy ?? ''), '')}`} · {texts.tlp(incident.tlp)}</p>
      <p>{incident.awareAtWallMs === null ? <span class="tone-strain">{words.awareNot}</span> : <>{words.aware} <b>{dayAndTime(incident.awareAtWallMs)}</b> <span class="muted">({shown(incident.awareWho ?? '')})</span></>} · {words.significant}: <b>{incident.significant === null ? words.notJudged : incident.significant ? words.yes : words.no}</b></p>
      {mayAct() && (
        <div class="row folds">
          <Fold title={words.awareSay}>
            <Form go={texts.save} onSend={(fields) => change(loaded, () => record('incident', 'aware', { id, atWallMs: fromInputTime(fields['at']) ?? Date.now() }), words.aware)}>
              <Field name="at" type="datetime-local" label={words.aware} defaultValue={inputTime(Date.now())} required />
            </Form>
          </Fold>
          <Fold title={words.markTlp}>
            <Form go={texts.save} onSend={(fields) => change(loaded, () => record('incident', 'mark', { id, tlp: fields['tlp'] as Incident['tlp'], ...(fields['significant'] === '' ? {} : { significant: fields['significant'] === 'yes' }) }), words.markTlp, incident.significant === null && fields['significant'] !== '' ? undefined : () => record('incident', 'mark', { id, tlp: incident.tlp, ...(incident.significant === null ? {} : { significant: incident.significant }) }))}>
              <Choice name="tlp" label={words.markTlp} options={tlpMarkings.map((one) => [one, `TLP:${one.toUpperCase()}`])} defaultValue={incident.tlp} />
              <Choice name="significant" label={words.significant} options={[['', words.notJudged], ['yes', words.yes], ['no', words.no]]} defaultValue={incident.significant === null ? '' : incident.significant ? 'yes' : 'no'} />
            </Form>
          </Fold>
          {incident.closedAtWallMs === null && (
            <Fold title={words.closeIt}>
              <Form go={words.closeIt} onSend={(fields) => change(loaded, () => record('incident', 'close', { id, why: fields['why'] }), words.closed)}>
                <Field name="why" label={words.closeWhy} required maxLength={500} />
              </Form>
            </Fold>
          )}
        </div>
      )}
    </header>
  )
}

function Clocks({ incident }: { incident: Incident }) {
  const clocks = useLoad(() => record('report', 'clocks', { id: incident.id }), [incident.id, incident.awareAtWallMs, incident.reports.length], 60_000)
  const now = tick.value
  return (
    <section aria-labelledby="clocks-title">
      <h2 id="clocks-title">{words.deadlines}</h2>
      <Show of={clocks} trouble={words.failed}>
        {(all) => (
          <table class="numbers cards">
            <thead><tr><th scope="col">{texts.reports.kind}</th><th scope="col">{words.due}</th><th scope="col">{words.timeLeft}</th></tr></thead>
            <tbody>
              {all.map((clock) => {
                const late = clock.sentAtWallMs === null && clock.dueWallMs !== null && clock.dueWallMs < now
                const tone = clock.sentAtWallMs !== null ? 'calm' : late ? 'attack' : clock.state === 'soon' ? 'strain' : ''
                return (
                  <tr key={`${clock.kind} ${clock.law}`}>
                    <th scope="row">{texts.reports.kinds[clock.kind]} <small class="muted">{shown(clock.law)}</small></th>
                    <td data-label={words.due}>{clock.dueWallMs === null ? '–' : dayAndTime(clock.dueWallMs)}</td>
                    <td data-label={words.timeLeft}><b class={tone === '' ? '' : `tone-${tone}`}>{clock.sentAtWallMs !== null ? words.sent(dayAndTime(clock.sentAtWallMs)) : clock.dueWallMs === null ? words.notStarted : late ? words.late(now - clock.dueWallMs) : words.left(clock.dueWallMs - now)}</b></td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        )}
      </Show>
    </section>
  )
}

function Timeline({ incident }: { incident: Incident }) {
  const [kind, setKind] = useState('')
  const kinds = [...new Set(incident.timeline.map((item) => item.kind))]
  const items = incident.timeline.filter((item) => kind === '' || item.kind === kind)
  return (
    <section aria-labelledby="timeline-title">
      <div class="section-head"><h2 id="timeline-title">{words.timeline}</h2>{kinds.length > 1 && <Choice label={words.kindsShown} options={[['', words.all], ...kinds.map((one): [string, string] => [one, words.timelineKinds[one] ?? one])]} value={kind} onChange={(event) => setKind(event.currentTarget.value)} />}</div>
      {items.length === 0 ? <p class="muted">{words.noTimeline}</p> : (
        <ol class="when-list timeline">
          {items.map((item) => (
            <li key={`${item.seq} ${item.atWallMs} ${item.sentence}`}>
              <time>{clockTime(item.atWallMs, incident.openedAtWallMs)}</time> <b class="kind">{words.timelineKinds[item.kind] ?? item.kind}</b>
              <div><Sentence text={withoutActor(item.sentence, item.who)} />{item.who !== 'polder' && item.who !== '' && <small class="muted"> {shown(item.who)}</small>}</div>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function Claims({ incident, loaded }: Parts) {
  const { id } = incident
  return (
    <section aria-labelledby="claims-title">
      <h2 id="claims-title">{words.claims}</h2>
      <p class="muted">{words.claimsNote}</p>
      {incident.claims.length === 0 && <p class="muted">{words.noClaims}</p>}
      <ul class="plain">{incident.claims.map((claim) => <li key={claim.id}><blockquote>{shown(claim.text, 1_000)}</blockquote><p class="muted">{shown(claim.saidBy)}, {shown(claim.where)}{claim.saidAtWallMs !== null && `, ${dayAndTime(claim.saidAtWallMs)}`} · {claim.reliability}{claim.credibility} · {claim.id}, {texts.rule.by(shown(claim.who), '')}</p></li>)}</ul>
      {mayAct() && (
        <Fold title={words.addClaim}>
          <Form go={words.addClaim} onSend={(fields) => change(loaded, () => record('incident', 'claim', {
            id, text: fields['text'], saidBy: fields['saidBy'], where: fields['where'], saidAtWallMs: null, evidenceId: null,
            reliability: fields['reliability'] as (typeof sourceReliabilities)[number], credibility: Number(fields['credibility']) as (typeof credibilities)[number],
          }), words.addClaim)}>
            <Area name="text" label={words.text} required maxLength={4_000} />
            <Field name="saidBy" label={words.saidBy} required maxLength={200} />
            <Field name="where" label={words.where} required maxLength={500} />
            <Choice name="reliability" label={words.reliability} options={sourceReliabilities.map((one) => [one, one])} defaultValue="F" />
            <Choice name="credibility" label={words.credibility} options={credibilities.map((one) => [String(one), String(one)])} defaultValue="6" />
          </Form>
        </Fold>
      )}
    </section>
  )
}

function Hypotheses({ incident, loaded }: Parts) {
  return (
    <section aria-labelledby="hypotheses-title">
      <h2 id="hypotheses-title">{words.hypotheses}</h2>
      <p class="muted">{words.hypothesesNote}</p>
      {incident.hypotheses.length === 0 && <p class="muted">{words.noHypotheses}</p>}
      {incident.hypotheses.map((one) => <OneHypothesis key={one.id} one={one} incident={incident} loaded={loaded} />)}
      {mayAct() && <Fold title={words.addHypothesis}><Form go={words.addHypothesis} onSend={(fields) => change(loaded, () => record('incident', 'hypothesis', { id: incident.id, text: fields['text'] }), words.addHypothesis)}><Field name="text" label={words.text} required maxLength={1_000} /></Form></Fold>}
    </section>
  )
}

function OneHypothesis({ one, incident, loaded }: Parts & { one: Hypothesis }) {
  const side = (title: string, list: Hypothesis['supports']) => <div><h4>{title}</h4>{list.length === 0 ? <p class="muted">{texts.none}</p> : <ul>{list.map((argument) => <li key={`${argument.atWallMs}${argument.text}`}>{shown(argument.text, 1_000)} <small class="muted">{[argument.reference, argument.who].filter((part) => part !== '').map((part) => shown(part)).join(', ')}</small></li>)}</ul>}</div>
  return (
    <article class="hypothesis">
      <h3>{shown(one.text, 500)}</h3>
      {mayAct() ? <Choice label={`${words.verdict} (${one.id})`} options={hypothesisVerdicts.map((verdict) => [verdict, verdict])} value={one.verdict} onChange={(event) => void change(loaded, () => record('incident', 'judge', { id: incident.id, hypothesisId: one.id, verdict: event.currentTarget.value as Hypothesis['verdict'] }), `${words.verdict}: ${event.currentTarget.value}`, () => record('incident', 'judge', { id: incident.id, hypothesisId: one.id, verdict: one.verdict }))} /> : <p>{words.verdict}: <b>{one.verdict}</b></p>}
      <div class="two">{side(words.supports, one.supports)}{side(words.against, one.against)}</div>
      {mayAct() && (
        <Fold title={words.addArgument}>
          <Form go={words.addArgument} onSend={(fields) => change(loaded, () => record('incident', 'argue', { id: incident.id, hypothesisId: one.id, side: fields['side'] as 'supports' | 'against', text: fields['text'], reference: '' }), words.addArgument)}>
            <Choice name="side" label={words.side} options={[['supports', words.supports], ['against', words.against]]} />
            <Field name="text" label={words.text} required maxLength={1_000} />
          </Form>
        </Fold>
      )}
    </article>
  )
}

function Tasks({ incident, loaded }: Parts) {
  const now = tick.value
  return (
    <section aria-labelledby="tasks-title">
      <h2 id="tasks-title">{words.tasksTitle}</h2>
      {incident.tasks.length === 0 && <p class="muted">{words.noTasks}</p>}
      <ul class="plain tasks">
        {incident.tasks.map((task) => (
          <li key={task.id} class={task.doneAtWallMs === null ? '' : 'is-done'}>
            <div><span>{shown(task.text, 500)}</span> <small class="muted">{[task.assignee, task.doneAtWallMs !== null ? words.doneAt(dayAndTime(task.doneAtWallMs)) : ''].filter((part) => part !== '').map((part) => shown(part)).join(', ')}{task.doneAtWallMs === null && task.dueWallMs !== null && <b class={task.dueWallMs < now ? 'tone-attack' : ''}> {task.dueWallMs < now ? words.late(now - task.dueWallMs) : words.left(task.dueWallMs - now)}</b>}</small></div>
            {task.doneAtWallMs === null && mayAct() && <button type="button" aria-label={`${words.doneTask}: ${shown(task.text, 80)}`} onClick={() => void change(loaded, () => record('incident', 'taskDone', { id: incident.id, taskId: task.id }), words.doneTask)}>{words.doneTask}</button>}
          </li>
        ))}
      </ul>
      {mayAct() && (
        <Fold title={words.addTask}>
          <Form go={words.addTask} onSend={(fields) => change(loaded, () => record('incident', 'task', { id: incident.id, text: fields['text'], assignee: fields['assignee'], dueWallMs: fromInputTime(fields['due']) }), words.addTask)}>
            <Field name="text" label={words.text} required maxLength={1_000} />
            <Field name="assignee" label={words.assignee} maxLength={200} />
            <Field name="due" type="datetime-local" label={words.due} />
          </Form>
        </Fold>
      )}
    </section>
  )
}

function Notes({ incident, loaded }: Parts) {
  return (
    <section aria-labelledby="notes-title">
      <h2 id="notes-title">{words.notes}</h2>
      {incident.notes.length === 0 && <p class="muted">{words.noNotes}</p>}
      <ul class="plain">{incident.notes.map((note) => <li key={note.id}><p>{shown(note.text, 2_000)}</p><small class="muted">{shown(note.who)}, {dayAndTime(note.atWallMs)}</small></li>)}</ul>
      {mayAct() && <Fold title={words.addNote}><Form go={words.addNote} onSend={(fields) => change(loaded, () => record('incident', 'note', { id: incident.id, text: fields['text'] }), words.addNote)}><Area name="text" label={words.text} required maxLength={4_000} /></Form></Fold>}
    </section>
  )
}

function figureText(figure: Figure): string {
  if (figure.value === null) return texts.unknown
  switch (figure.unit) {
    case 'time': return dayAndTime(figure.value)
    case 'seconds': return span(figure.value * 1_000)
    case 'share': return percent(figure.value)
    case 'per-second': return `${count(figure.value)}/s`
    case 'ms': return `${count(figure.value)} ms`
    case 'bits-per-second': return `${count(figure.value / 1e6)} Mbit/s`
    default: return count(figure.value)
  }
}

function Figures({ incident }: { incident: Incident }) {
  return (
    <section aria-labelledby="figures-title">
      <h2 id="figures-title">{words.facts}</h2>
      <dl class="facts lines">{incident.figures.map((figure) => <div key={`${figure.code} ${figure.of ?? ''}`}><dt>{named(shown(figure.unit === 'seconds' ? figure.name.replace(/, in seconds$/, '') : figure.name))}{figure.of !== undefined && `: ${shown(figure.of, 120)}`}</dt><dd>{figureText(figure)}{figure.kind !== 'exact' && figure.value !== null && <small class="muted"> {words.figureKinds[figure.kind]}</small>}</dd></div>)}</dl>
    </section>
  )
}

function Evidence({ incident }: { incident: Incident }) {
  return (
    <section aria-labelledby="evidence-title">
      <h2 id="evidence-title">{words.evidence}</h2>
      {incident.evidence.length === 0 ? <p class="muted">{words.noEvidence}</p> : <ul class="plain">{incident.evidence.map((one) => <li key={one.id}><b>{shown(one.name)}</b> <small class="muted">{one.id}, {bytes(one.bytes)}, {shown(one.provenance, 300)}; {texts.sha256} <code>{one.sha256.slice(0, 16)}…</code></small></li>)}</ul>}
      <p class="muted">{words.evidenceHow}</p>
      <h3>{words.around}</h3>
      {incident.around.length === 0 ? <p class="muted">{words.noAround}</p> : <ul>{incident.around.map((one) => <li key={one.title + one.fromWallMs}>{shown(one.title)} <small class="muted">{dayAndTime(one.fromWallMs)}</small></li>)}</ul>}
    </section>
  )
}
