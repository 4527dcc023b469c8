/** Reports of an incident: written from its facts, with what only a person can answer, a preview, and files to send. */
import { useState } from 'preact/hooks'
import type { Incident } from '../../../src/contract/incident.ts'
import { type ReportForm, type ReportKind, reportForms, reportKinds, type WrittenReport } from '../../../src/contract/report.ts'
import { attempt, tell } from '../acts.ts'
import { mayAct, record, sentenceOf } from '../api.ts'
import { dayAndTime, shown } from '../format.ts'
import { Area, Choice, Field, Fold, Form } from '../parts/fields.tsx'
import { Markdown } from '../parts/markdown.tsx'
import { texts } from '../texts.ts'

const words = texts.reports

function download(report: WrittenReport): void {
  const content = report.encoding === 'base64' ? Uint8Array.from(atob(report.content), (letter) => letter.codePointAt(0)!) : report.content
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([content], { type: report.contentType }))
  link.download = report.fileName
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

export function IncidentReports({ incident, onChange }: { incident: Incident; onChange: (incident: Incident) => void }) {
  const [kind, setKind] = useState<ReportKind | ''>('')
  const [report, setReport] = useState<WrittenReport | null>(null)
  const [trouble, setTrouble] = useState('')
  const { id } = incident
  const write = async (chosen: ReportKind): Promise<void> => {
    setKind(chosen)
    setTrouble('')
    try {
      setReport(await record('report', 'write', { id, kind: chosen, form: 'markdown' }))
    } catch (error) {
      setReport(null)
      setTrouble(sentenceOf(error))
    }
  }
  const save = async (form: ReportForm): Promise<void> => {
    try {
      download(await record('report', 'write', { id, kind: kind as ReportKind, form }))
    } catch (error) {
      tell('trouble', sentenceOf(error))
    }
  }
  return (
    <section aria-labelledby="reports-title">
      <h2 id="reports-title">{texts.incidents.reports}</h2>
      {incident.reports.length > 0 && <ul class="plain">{incident.reports.map((sent) => <li key={sent.sha256 + sent.sentAtWallMs}>{words.kinds[sent.kind as ReportKind] ?? shown(sent.kind)}, {texts.incidents.sent(dayAndTime(sent.sentAtWallMs))} → {shown(sent.to)} <small class="muted">{shown(sent.who)}</small></li>)}</ul>}
      <Choice label={words.kind} options={[['', words.choose], ...reportKinds.map((one): [string, string] => [one, words.kinds[one]])]} value={kind} onChange={(event) => { if (event.currentTarget.value === '') { setKind(''); setReport(null) } else void write(event.currentTarget.value as ReportKind) }} />
      {trouble !== '' && <p class="trouble" role="alert">{trouble}</p>}
      {report !== null && kind !== '' && (
        <div class="report">
          <div>
            <h3>{words.preview}</h3>
            <div class="preview" tabIndex={0} role="group" aria-label={words.preview}><Markdown text={report.content} /></div>
            <div class="row">{words.downloadAs} {reportForms.map((form) => <button key={form} type="button" aria-label={words.download(words.forms[form])} onClick={() => void save(form)}>{words.forms[form]}</button>)}</div>
          </div>
          <div class="answers">
          <h3>{words.missing}</h3>
          {report.missing.length === 0 ? <p class="muted">{words.nothingMissing}</p> : mayAct() && report.missing.map((one) => (
            <Form key={one.field} go={words.answer} onSend={async (fields) => {
              const changed = await attempt(() => record('incident', 'answer', { id, field: one.field, text: fields['text'] }), () => words.answer)
              if (changed !== null) {
                onChange(changed)
                await write(kind)
              }
              return changed
            }}>
              <Area name="text" label={shown(one.question, 400)} rows={2} required maxLength={8_000} />
            </Form>
          ))}
          {mayAct() && (
            <Fold title={words.markSent}>
              <Form go={words.markSent} onSend={async (fields) => {
                const changed = await attempt(() => record('incident', 'sent', { id, kind, to: fields['to'], sha256: report.sha256 }), () => words.markSent)
                if (changed !== null) onChange(changed)
                return changed
              }}>
                <Field name="to" label={words.sentTo} required maxLength={300} />
              </Form>
            </Fold>
          )}
          </div>
        </div>
      )}
    </section>
  )
}
