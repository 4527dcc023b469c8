/**
 * The deadlines of one incident. They start when people became aware, never by themselves: Polder cannot know what a person knows. An incident that a person
 * called not significant has no running clock; one that nobody judged keeps its clocks, because a deadline missed is worse than a report too many.
 * Source: Directive (EU) 2022/2555, Article 23(4), read in the wording of the Official Journal. Regulation (EU, Euratom) 2023/2841, Article 21, could not be read
 * by the authors: the same lengths are used, as secondary sources give them, and every text says so.
 */
import type { Incident } from '../../contract/incident.ts'
import type { ReportClock, ReportKind } from '../../contract/report.ts'
import { DAY_MS, HOUR_MS } from '../../kernel/units.ts'
import { oneMonthAfterMs } from './one-month-after.ts'
import type { LegalRegime, ReportSettings } from './options.ts'

/** Article 23(4), points (a) and (b). */
const EARLY_WARNING_MS = 24 * HOUR_MS
const NOTIFICATION_MS = 72 * HOUR_MS

/** How long before its end a clock is called, longest first; ours: time to write, time to sign, time to send. */
export const noticesMs: Readonly<Partial<Record<ReportKind, readonly number[]>>> = Object.freeze({
  'early-warning': Object.freeze([6 * HOUR_MS, 1 * HOUR_MS]),
  notification: Object.freeze([24 * HOUR_MS, 6 * HOUR_MS, 1 * HOUR_MS]),
  intermediate: Object.freeze([7 * DAY_MS, 2 * DAY_MS, 6 * HOUR_MS]),
  final: Object.freeze([7 * DAY_MS, 2 * DAY_MS, 6 * HOUR_MS]),
})

/** Which text sets a deadline or asks for a field; null: no law known to Polder. */
export function lawOf(regime: LegalRegime, point: 'a' | 'b' | 'c' | 'd' | 'e'): string | null {
  if (regime === 'none') return null
  return regime === 'eu-body'
    ? 'Regulation (EU, Euratom) 2023/2841, Article 21 (its wording was not at hand when Polder was written: check it)'
    : `Directive (EU) 2022/2555 (NIS2), Article 23(4), point (${point})`
}

/** What of an incident its clocks and their calls look at; nothing that must be read out of the journal. */
export type ClockFacts = Pick<Incident, 'id' | 'title' | 'openedAtWallMs' | 'closedAtWallMs' | 'awareAtWallMs' | 'significant' | 'mergedInto' | 'reports'>

/** In the order of their ends. Empty without a legal regime, or when the incident was merged into another. */
export function reportClocks(incident: ClockFacts, settings: ReportSettings, nowWallMs: number): ReportClock[] {
  if (settings.regime === 'none' || incident.mergedInto !== null) return []
  const aware = incident.significant === false ? null : incident.awareAtWallMs
  const notified = firstSent(incident, 'notification', 0)
  const clock = (kind: ReportKind, point: 'a' | 'b' | 'c' | 'd' | 'e', dueWallMs: number | null, sentAtWallMs: number | null): ReportClock => ({
    kind, law: lawOf(settings.regime, point) ?? '', dueWallMs, sentAtWallMs, state: stateOf(kind, dueWallMs, sentAtWallMs, nowWallMs),
  })
  const clocks = [
    clock('early-warning', 'a', aware === null ? null : aware + EARLY_WARNING_MS, firstSent(incident, 'early-warning', 0)),
    clock('notification', 'b', aware === null ? null : aware + NOTIFICATION_MS, notified),
  ]
  const finalDue = aware === null || notified === null ? null : oneMonthAfterMs(notified, settings.timeZone)
  const finalSent = firstSent(incident, 'final', 0)
  const over = incident.closedAtWallMs
  if (finalDue === null || notified === null || (over === null ? nowWallMs < finalDue : over <= finalDue) || (finalSent !== null && finalSent <= finalDue)) return [...clocks, clock('final', 'd', finalDue, finalSent)]
  // Point (e): still going on when the final report was due: a progress report by then, the final one within a month of the handling of the incident.
  return [...clocks, clock('intermediate', 'e', finalDue, firstSent(incident, 'intermediate', notified)), clock('final', 'e', over === null ? null : oneMonthAfterMs(over, settings.timeZone), finalSent)]
}

function firstSent(incident: ClockFacts, kind: ReportKind, afterWallMs: number): number | null {
  const times = incident.reports.filter((one) => one.kind === kind && one.sentAtWallMs >= afterWallMs).map((one) => one.sentAtWallMs)
  return times.length === 0 ? null : Math.min(...times)
}

function stateOf(kind: ReportKind, dueWallMs: number | null, sentAtWallMs: number | null, nowWallMs: number): ReportClock['state'] {
  if (sentAtWallMs !== null) return 'sent'
  if (dueWallMs === null) return 'not-started'
  if (nowWallMs > dueWallMs) return 'late'
  return dueWallMs - nowWallMs <= (noticesMs[kind]?.[0] ?? 0) ? 'soon' : 'running'
}
