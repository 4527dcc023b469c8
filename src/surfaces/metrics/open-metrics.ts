/** Totals as OpenMetrics 1.0 text. Every family has a fixed label set; nothing a visitor sends becomes a label. */
import { type AlertsState, severities } from '../../contract/alert.ts'
import { type ConsoleFigures, lockedPlaces } from '../../contract/console.ts'
import type { LifelineState } from '../../contract/lifeline.ts'
import { shieldStates } from '../../contract/plan.ts'
import { reasons } from '../../contract/reason.ts'
import { durationBoundsMs, durationGroups } from '../../contract/vitals.ts'
import type { Totals } from './totals.ts'

export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

export function openMetrics(totals: Totals, version: string, threads: ReadonlyArray<readonly [name: string, up: boolean]> = []): string {
  const out = new Lines()
  out.family('polder_build', 'info', 'Version of this process.')
  out.sample('polder_build_info', { version }, 1)
  out.family('polder_requests_received', 'counter', 'Requests read whole from visitors, before anything acted on them.')
  out.sample('polder_requests_received_total', {}, totals.received)
  out.family('polder_requests_ended', 'counter', 'Requests by the reason they ended with; refused input that never became a request is here too.')
  for (const reason of reasons) out.sample('polder_requests_ended_total', { reason }, totals.ended.get(reason) ?? 0)
  out.family('polder_request_duration_seconds', 'histogram', 'From the first byte of a request to the last byte handed over.', 'seconds')
  for (const group of durationGroups) {
    let sum = 0
    const counts = totals.durations[group]
    durationBoundsMs.forEach((bound, i) => {
      sum += counts[i]
      out.sample('polder_request_duration_seconds_bucket', { by: group, le: String(bound / 1_000) }, sum)
    })
    // No _count: OpenMetrics allows it only beside a _sum, which nobody adds up per request; the bucket +Inf is the count.
    sum += counts[durationBoundsMs.length]
    out.sample('polder_request_duration_seconds_bucket', { by: group, le: '+Inf' }, sum)
  }
  out.family('polder_received_bytes', 'counter', 'Bytes read from visitors.', 'bytes')
  out.sample('polder_received_bytes_total', {}, totals.bytesIn)
  out.family('polder_sent_bytes', 'counter', 'Bytes sent to visitors.', 'bytes')
  out.sample('polder_sent_bytes_total', {}, totals.bytesOut)
  out.family('polder_cache_stored', 'counter', 'Answers put into the memory store.')
  out.sample('polder_cache_stored_total', {}, totals.stored)
  out.family('polder_cache_collapsed', 'counter', 'Requests that waited for another visitor’s fetch of the same thing.')
  out.sample('polder_cache_collapsed_total', {}, totals.collapsed)
  out.family('polder_origin_answers', 'counter', 'Answers of the origin by route class.')
  for (const [name, one] of totals.originAnswers) out.sample('polder_origin_answers_total', { class: name }, one.answers)
  out.family('polder_origin_failures', 'counter', 'Failures of the origin by route class and kind.')
  for (const [name, one] of totals.originAnswers) {
    out.sample('polder_origin_failures_total', { class: name, kind: 'server-error' }, one.serverErrors)
    out.sample('polder_origin_failures_total', { class: name, kind: 'timeout' }, one.timeouts)
    out.sample('polder_origin_failures_total', { class: name, kind: 'connect' }, one.connectFailures)
  }
  out.family('polder_admission_decisions', 'counter', 'Requests let to the origin or turned away, by route class.')
  for (const [name, one] of totals.admitted) {
    out.sample('polder_admission_decisions_total', { class: name, decision: 'admitted' }, one.admitted)
    out.sample('polder_admission_decisions_total', { class: name, decision: 'rejected' }, one.rejected)
  }
  gauges(out, totals)
  out.family('polder_rule_matches', 'counter', 'Requests that matched a rule, dry-run rules too.')
  for (const [rule, matches] of totals.rules) out.sample('polder_rule_matches_total', { rule }, matches.matched)
  out.family('polder_thread_restarts', 'counter', 'Threads that died and were started anew.')
  out.sample('polder_thread_restarts_total', {}, totals.restarts)
  out.family('polder_thread_up', 'gauge', 'Whether a thread runs (1) or died and waits to be started anew (0); polder status says why.')
  for (const [thread, up] of threads) out.sample('polder_thread_up', { thread }, up ? 1 : 0)
  out.family('polder_control_deaths', 'counter', 'Times the control plane died and was started anew: its automatic rules run out, visitors are served.')
  out.sample('polder_control_deaths_total', {}, totals.controlDeaths)
  if (totals.controlHeardAtWallMs > 0) {
    out.family('polder_control_heard_timestamp_seconds', 'gauge', 'When the control plane was last heard. More than 5 s ago: nothing new is detected.', 'seconds')
    out.sample('polder_control_heard_timestamp_seconds', {}, totals.controlHeardAtWallMs / 1_000)
  }
  return `${out.text()}# EOF\n`
}

function gauges(out: Lines, totals: Totals): void {
  const workers = [...totals.last.values()]
  if (totals.state !== null) {
    out.family('polder_state', 'gauge', 'The state of the shield: 1 for the one it is in, 0 for the others.')
    for (const state of shieldStates) out.sample('polder_state', { state }, totals.state === state ? 1 : 0)
  }
  out.family('polder_open_connections', 'gauge', 'Connections open now, by worker.')
  for (const one of workers) out.sample('polder_open_connections', { worker: String(one.worker) }, one.openConnections)
  out.family('polder_event_loop_lag_seconds', 'gauge', 'p99 of the event loop delay in the last second, by worker.', 'seconds')
  for (const one of workers) out.sample('polder_event_loop_lag_seconds', { worker: String(one.worker) }, one.eventLoopLagP99Ms / 1_000)
  const first = workers[0]
  if (first !== undefined) {
    out.family('polder_cache_bytes', 'gauge', 'Bytes in the memory store.', 'bytes')
    out.sample('polder_cache_bytes', {}, first.cache.bytes)
    out.family('polder_cache_entries', 'gauge', 'Answers in the memory store.')
    out.sample('polder_cache_entries', {}, first.cache.entries)
    out.family('polder_origin_in_flight', 'gauge', 'Requests at the origin now, over all workers, by route class.')
    for (const [name, one] of totals.places) out.sample('polder_origin_in_flight', { class: name }, one.inFlight)
    out.family('polder_origin_limit', 'gauge', 'Adaptive limit of requests at the origin, by route class.')
    for (const [name, one] of totals.places) out.sample('polder_origin_limit', { class: name }, one.limit)
    out.family('polder_waiting_room', 'gauge', 'Visitors in the waiting room now, by route class.')
    for (const [name, one] of totals.places) if (name === 'page' || name === 'search') out.sample('polder_waiting_room', { class: name }, one.inLine)
  }
  out.family('polder_waiting', 'gauge', 'Requests waiting for the origin, by worker.')
  for (const one of workers) {
    let waiting = 0
    for (const admission of Object.values(one.admission)) waiting += admission.waiting
    out.sample('polder_waiting', { worker: String(one.worker) }, waiting)
  }
  const upstreams = totals.upstreams.values().next().value ?? []
  out.family('polder_upstream_healthy', 'gauge', 'Whether the upstream gets requests (1) or is held back after failures (0).')
  upstreams.forEach((upstream, i) => out.sample('polder_upstream_healthy', { upstream: String(i) }, upstream.healthy ? 1 : 0))
  if (totals.store !== null) {
    out.family('polder_last_good_rows', 'gauge', 'Last good copies on disk.')
    out.sample('polder_last_good_rows', {}, totals.store.diskRows)
    out.family('polder_last_good_bytes', 'gauge', 'Bytes of last good copies on disk.', 'bytes')
    out.sample('polder_last_good_bytes', {}, totals.store.diskBytes)
    out.family('polder_last_good_failures', 'counter', 'Writes of last good copies that failed.')
    out.sample('polder_last_good_failures_total', {}, totals.store.diskFailures)
  }
  if (totals.lifeline !== null) lifeline(out, totals.lifeline)
  if (totals.record !== null) {
    const { journal } = totals.record
    out.family('polder_journal_entries', 'gauge', 'Entries of the journal on disk and in memory.')
    out.sample('polder_journal_entries', {}, journal.entries)
    out.family('polder_journal_bytes', 'gauge', 'Bytes of the journal on disk.', 'bytes')
    out.sample('polder_journal_bytes', {}, journal.bytes)
    out.family('polder_journal_suspended', 'gauge', 'Whether entries are kept in memory because the disk fails (1) or written as they should (0).')
    out.sample('polder_journal_suspended', {}, journal.suspended === null ? 0 : 1)
    out.family('polder_journal_waiting', 'gauge', 'Entries in memory that are not on the disk yet.')
    out.sample('polder_journal_waiting', {}, journal.waiting)
    out.family('polder_journal_failures', 'counter', 'Writes of the journal that failed.')
    out.sample('polder_journal_failures_total', {}, journal.failures)
    out.family('polder_journal_lost', 'counter', 'Entries given up because the disk failed for too long.')
    out.sample('polder_journal_lost_total', {}, journal.lost)
  }
  if (totals.console !== null) operatorConsole(out, totals.console)
  if (totals.record?.alerts) alerts(out, totals.record.alerts)
  out.family('polder_plan_version', 'gauge', 'Version of the plan the data plane follows.')
  out.sample('polder_plan_version', {}, totals.planVersion)
}

function lifeline(out: Lines, { atWallMs, pages, disk, age, coverage, pass }: LifelineState): void {
  out.family('polder_lifeline_heard_timestamp_seconds', 'gauge', 'When the lifeline told the figures below. More than a few minutes ago: it does not run.', 'seconds')
  out.sample('polder_lifeline_heard_timestamp_seconds', {}, atWallMs / 1_000)
  out.family('polder_lifeline_copies', 'gauge', 'Pages and files of the public site of which the lifeline has a copy.')
  out.sample('polder_lifeline_copies', {}, pages.kept)
  out.family('polder_lifeline_missing', 'gauge', 'Addresses that the lifeline knows and has no copy of; polder lifeline status says why.')
  out.sample('polder_lifeline_missing', {}, pages.missing)
  out.family('polder_lifeline_bytes', 'gauge', 'Bytes of the lifeline on disk.', 'bytes')
  out.sample('polder_lifeline_bytes', {}, disk.bytes)
  out.family('polder_lifeline_limit_bytes', 'gauge', 'The most that the lifeline may take on disk: lifeline.diskBytes.', 'bytes')
  out.sample('polder_lifeline_limit_bytes', {}, disk.maxBytes)
  out.family('polder_lifeline_suspended', 'gauge', 'Whether the last write of the lifeline was refused (1) or it works (0).')
  out.sample('polder_lifeline_suspended', {}, disk.suspended ? 1 : 0)
  if (coverage.share >= 0) {
    out.family('polder_lifeline_coverage_share', 'gauge', 'Of what was read in the last 31 days, the share that the copies could serve: 0 to 1.')
    out.sample('polder_lifeline_coverage_share', {}, coverage.share)
  }
  if (pages.kept > 0) {
    out.family('polder_lifeline_age_seconds', 'gauge', 'Age of the copies: of the one in the middle, of the oldest.', 'seconds')
    out.sample('polder_lifeline_age_seconds', { of: 'median' }, age.medianMs / 1_000)
    out.sample('polder_lifeline_age_seconds', { of: 'oldest' }, age.oldestMs / 1_000)
  }
  out.family('polder_lifeline_left', 'gauge', 'Addresses that the pass under way has still to visit.')
  out.sample('polder_lifeline_left', {}, pass.left)
  if (pass.number > 0) {
    out.family('polder_lifeline_pass_started_timestamp_seconds', 'gauge', 'When the last pass over the site began.', 'seconds')
    out.sample('polder_lifeline_pass_started_timestamp_seconds', {}, pass.startedAtWallMs / 1_000)
  }
  if (pass.endedAtWallMs > 0) {
    out.family('polder_lifeline_pass_ended_timestamp_seconds', 'gauge', 'When it ended; not there while it is under way.', 'seconds')
    out.sample('polder_lifeline_pass_ended_timestamp_seconds', {}, pass.endedAtWallMs / 1_000)
  }
}

function operatorConsole(out: Lines, figures: ConsoleFigures): void {
  out.family('polder_console_sessions', 'gauge', 'Browsers that are signed in to the console.')
  out.sample('polder_console_sessions', {}, figures.sessions)
  out.family('polder_console_pages', 'gauge', 'Pages of the console that are open and get every second.')
  out.sample('polder_console_pages', {}, figures.pages)
  out.family('polder_console_skipped', 'gauge', 'Seconds left out for open pages that read too slowly.')
  out.sample('polder_console_skipped', {}, figures.secondsSkipped)
  out.family('polder_console_wrong_sign_ins', 'counter', 'Sign-ins to the console with a wrong name, password or code that were looked at.')
  out.sample('polder_console_wrong_sign_ins_total', {}, figures.wrongSignIns)
  out.family('polder_console_lock_outs', 'counter', 'Times too many wrong sign-ins made somebody wait: a browser (device), a known address (pair), strangers of an account (account), an address (address).')
  for (const place of lockedPlaces) out.sample('polder_console_lock_outs_total', { place }, figures.lockOuts[place])
  out.family('polder_console_acts', 'counter', 'Orders about rules given in the console, by result.')
  out.sample('polder_console_acts_total', { result: 'done' }, figures.actsDone)
  out.sample('polder_console_acts_total', { result: 'refused' }, figures.actsRefused)
  if (figures.historyBytes >= 0) {
    out.family('polder_console_history_bytes', 'gauge', 'Bytes of the history file of the console.', 'bytes')
    out.sample('polder_console_history_bytes', {}, figures.historyBytes)
  }
  out.family('polder_console_history_suspended', 'gauge', 'Whether the history is kept in memory because the disk fails (1) or written as it should (0).')
  out.sample('polder_console_history_suspended', {}, figures.historySuspended ? 1 : 0)
  out.family('polder_console_delay_seconds', 'gauge', 'From the picture of a second in the main thread to its bytes in the connection of every open page: the worst of the last ten.', 'seconds')
  out.sample('polder_console_delay_seconds', {}, figures.delayMs / 1_000)
}

function alerts(out: Lines, { channels, open }: AlertsState): void {
  out.family('polder_alerts_open', 'gauge', 'Alerts that are not over, by severity.')
  for (const severity of severities) out.sample('polder_alerts_open', { severity }, open[severity])
  // Names of channels come from the settings file.
  out.family('polder_alert_messages', 'counter', 'Messages of a channel by result; failed: given up after all tries.')
  for (const { name, kind, sent, failed } of channels) {
    out.sample('polder_alert_messages_total', { channel: name, kind, result: 'sent' }, sent)
    out.sample('polder_alert_messages_total', { channel: name, kind, result: 'failed' }, failed)
  }
  out.family('polder_alert_waiting', 'gauge', 'Messages that wait in a channel.')
  for (const { name, kind, waiting } of channels) out.sample('polder_alert_waiting', { channel: name, kind }, waiting)
  out.family('polder_alert_channel_trouble', 'gauge', 'Whether the last try of a channel failed (1) or it works as far as is known (0).')
  for (const { name, kind, trouble } of channels) out.sample('polder_alert_channel_trouble', { channel: name, kind }, trouble === null ? 0 : 1)
}

class Lines {
  #out = ''

  family(name: string, type: string, help: string, unit = ''): void {
    this.#out += `# TYPE ${name} ${type}\n`
    if (unit !== '') this.#out += `# UNIT ${name} ${unit}\n`
    this.#out += `# HELP ${name} ${help}\n`
  }

  sample(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    const text = Object.entries(labels).map(([key, label]) => `${key}="${label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`).join(',')
    this.#out += `${name}${text === '' ? '' : `{${text}}`} ${value}\n`
  }

  text(): string {
    return this.#out
  }
}
