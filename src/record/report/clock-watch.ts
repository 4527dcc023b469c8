/**
 * Calls a deadline before it runs out, once per notice, and when it has run out. It also calls when nobody has said when people became aware: then no clock runs,
 * which is worse than one that runs. Never more than one alert per clock at a time: of several notices missed (the machine slept) the latest counts.
 * What was called is told as over when the report is recorded as sent, the incident is judged not significant, or it is merged.
 */
import type { Alert } from '../../contract/alert.ts'
import type { ReportClock } from '../../contract/report.ts'
import { HOUR_MS } from '../../kernel/units.ts'
import { durationText } from './figure-text.ts'
import type { ReportSettings } from './options.ts'
import { oneLine } from './plain-text.ts'
import { type ClockFacts, noticesMs, reportClocks } from './report-clocks.ts'
import { reportPlans } from './report-plans.ts'
import { timeText } from '../../kernel/zoned-time.ts'

/** A person looks at an incident of a flood within the hour, or should be asked. */
const UNAWARE_AFTER_MS = HOUR_MS
const MOST_CALLED = 10_000

export class ClockWatch {
  /** By alert key; what was told and is not over. */
  readonly #called = new Map<string, Alert>()

  /** What is to be told now. `incidents`: all that are not forgotten. */
  step(incidents: readonly ClockFacts[], settings: ReportSettings, nowWallMs: number): Alert[] {
    const due = new Map<string, Alert>()
    for (const incident of incidents) {
      if (settings.regime !== 'none' && incident.awareAtWallMs === null && incident.significant !== false && incident.mergedInto === null && nowWallMs - incident.openedAtWallMs >= UNAWARE_AFTER_MS) {
        const alert = unawareAlert(incident, nowWallMs)
        due.set(alert.key, alert)
      }
      for (const clock of reportClocks(incident, settings, nowWallMs)) {
        const alert = clockAlert(incident, clock, settings, nowWallMs)
        if (alert !== null) due.set(alert.key, alert)
      }
    }
    const told: Alert[] = []
    for (const [key, alert] of this.#called) {
      if (due.has(key)) continue
      this.#called.delete(key)
      told.push({ ...alert, resolved: true, atWallMs: nowWallMs, severity: 'info', text: 'This no longer waits: the report is recorded as sent, another notice has taken its place, or the clock no longer runs.' })
    }
    for (const [key, alert] of due) {
      if (this.#called.has(key) || this.#called.size >= MOST_CALLED) continue
      this.#called.set(key, alert)
      told.push(alert)
    }
    return told
  }
}

function clockAlert(incident: ClockFacts, clock: ReportClock, settings: ReportSettings, nowWallMs: number): Alert | null {
  if (clock.dueWallMs === null || clock.sentAtWallMs !== null) return null
  const leftMs = clock.dueWallMs - nowWallMs
  const notices = noticesMs[clock.kind] ?? []
  const notice = leftMs < 0 ? 'late' : notices.findLast((one) => leftMs <= one)
  if (notice === undefined) return null
  const title = reportPlans[clock.kind].title
  const due = timeText(clock.dueWallMs, settings.timeZone)
  const judged = incident.significant === null ? ' Nobody has said yet whether the incident is significant; if it is not, say so: polder incident mark.' : ''
  return {
    key: `report-clock:${incident.id}:${clock.kind}:${notice}`,
    severity: notice === 'late' || notice === notices.at(-1) ? 'critical' : 'warning',
    title: leftMs < 0 ? `${title} is late: incident ${incident.id}` : `${title} due in ${durationText(Math.ceil(leftMs / 60_000) * 60)}: incident ${incident.id}`,
    text: `The ${title.toLowerCase()} on "${oneLine(incident.title, 200)}" ${leftMs < 0 ? 'was' : 'is'} due ${due} (${clock.law}). Polder does not send it. Write it: polder incident report ${incident.id} --kind ${clock.kind} --form pdf --out report.pdf. When it is sent: polder incident reported ${incident.id} --kind ${clock.kind} --to NAME.${judged}`,
    atWallMs: nowWallMs,
    incidentId: incident.id,
    resolved: false,
  }
}

function unawareAlert(incident: ClockFacts, nowWallMs: number): Alert {
  return {
    key: `report-clock:${incident.id}:aware`,
    severity: 'warning',
    title: `Nobody has said when people became aware: incident ${incident.id}`,
    text: `Legal deadlines count from the moment when people became aware of "${oneLine(incident.title, 200)}". No clock runs until somebody says it: polder incident aware ${incident.id} --at TIME. If the incident is not significant, say that instead: polder incident mark ${incident.id} --significant no.`,
    atWallMs: nowWallMs,
    incidentId: incident.id,
    resolved: false,
  }
}
