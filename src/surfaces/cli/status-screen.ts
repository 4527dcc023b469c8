/** `polder status` as one screen of text: the most important sentence first, everything else in the order a person asks for it at night. Pure. */
import type { ControlView } from '../../contract/control.ts'
import type { ShieldStatus } from '../../contract/control-socket.ts'
import type { EndedCounts } from '../../contract/vitals.ts'
import type { Reason } from '../../contract/reason.ts'
import { paint, printable, type Colours } from './colour.ts'
import { networkLines } from './network-lines.ts'
import { bytes, clockTime, count, percent, servedFrom, span, stateInWords } from './plain-words.ts'
import { listRules, ruleLines } from './rule-lines.ts'

const SHOWN_RULES = 8
const SHOWN_EVENTS = 6

export function statusScreen(status: ShieldStatus, colours: Colours): string {
  const { view, alive } = status.control
  const lines = [...headline(status, colours), '', ...traffic(status)]
  if (view !== null) lines.push(...rate(view))
  lines.push(...origin(status), ...machine(status), '', ...rules(status, colours))
  const events = status.events.slice(-SHOWN_EVENTS)
  if (events.length > 0) lines.push('', paint(colours, 'bold', 'What happened'), ...events.map((event) => `  ${clockTime(event.atWallMs, status.atWallMs)}  ${event.sentence}`))
  if (!alive && view !== null) lines.push('', `State, rate and evidence above are as of ${clockTime(view.atWallMs, status.atWallMs)}.`)
  return `${printable(lines.join('\n'))}\n`
}

/** The sentence a person should read if only one. */
export function headline(status: ShieldStatus, colours: Colours): string[] {
  const { view, alive, heardAtWallMs } = status.control
  const now = status.atWallMs
  const lines: string[] = []
  const { wanted, ready } = status.workers
  if (ready === 0) lines.push(paint(colours, 'red', 'No edge worker is running: visitors are not served. See the log.'))
  else if (ready < wanted) lines.push(paint(colours, 'yellow', `${ready} of ${wanted} edge workers run; the others are being started anew.`))
  if (status.draining) lines.push(paint(colours, 'yellow', 'This process is ending: it finishes what is open and takes nothing new.'))
  if (!alive) {
    const heard = heardAtWallMs === null ? 'has not been heard since the start' : `was last heard ${span(now - heardAtWallMs)} ago`
    lines.push(paint(colours, 'red', `The control plane ${heard}. Visitors are served by the last plan; its rules run out by themselves. It is started anew by itself; see the log if this lasts.`))
  }
  if (view === null) return [...lines, `Polder ${status.version} runs since ${clockTime(status.startedAtWallMs, now)}; the control plane has not spoken yet.`]
  const since = view.stateSinceWallMs === 0 ? status.startedAtWallMs : view.stateSinceWallMs
  const colour = view.state === 'NORMAL' ? 'green' : view.state === 'WATCH' || view.state === 'STRAIN' ? 'yellow' : 'red'
  const acting = view.rules.filter((rule) => rule.origin === 'automatic' && !rule.dryRun && (rule.action === 'block' || rule.action === 'limit' || rule.action === 'challenge') && rule.stage !== 'dormant' && rule.stage !== 'vetoed')
  const rulesText = acting.length === 0 ? '' : ` ${acting.length === 1 ? 'One rule' : `${acting.length} rules`} of Polder's own ${acting.length === 1 ? 'acts' : 'act'}.`
  lines.push(`${paint(colours, colour, view.state)} since ${clockTime(since, now)} (${span(now - since)}). ${stateInWords(view.state)}${rulesText}`)
  const reasons = [...view.health.signs.map((sign) => sign.sentence), ...view.evidence.filter((item) => Math.abs(item.logLikelihood) > 0.5).map((item) => `${item.sentence} (${item.logLikelihood > 0 ? 'for an attack' : 'for a crowd'})`)]
  lines.push(...reasons.map((reason) => `  - ${reason}`))
  if (view.posture !== undefined) lines.push(`  The calendar asks for watchfulness: strain counts from ${percent(view.posture.sensitivity)} of the usual thresholds (polder calendar).`)
  if (view.baseline.coldStart) lines.push(`  Polder has learned ${span(view.baseline.minutesLearned * 60_000)} of this site; in its first day it blocks nobody by itself. polder learn ACCESS.LOG helps.`)
  return lines
}

function traffic(status: ShieldStatus): string[] {
  const { lastSeconds, sinceStart } = status
  const seconds = Math.max(lastSeconds.seconds, 1)
  const from = new Map<string, number>()
  const refused: Array<readonly [string, number]> = []
  let served = 0
  for (const [reason, n] of Object.entries(lastSeconds.ended) as Array<[Reason, number]>) {
    const place = servedFrom(reason)
    if (place === null) refused.push([reason, n])
    else {
      served += n
      from.set(place, (from.get(place) ?? 0) + n)
    }
  }
  refused.sort((a, b) => b[1] - a[1])
  const notServed = refused.reduce((sum, [, n]) => sum + n, 0)
  const places = ['cache', 'origin', 'old copies'].flatMap((place) => (from.has(place) ? [`${place} ${percent(from.get(place)! / served)}`] : []))
  const total = servedTotal(sinceStart.ended)
  return [
    `last ${Math.round(seconds)} s      ${count(lastSeconds.received / seconds)} asked/s, ${count(served / seconds)} served/s, ${count(notServed / seconds)} refused or failed/s, ${bytes(lastSeconds.bytesOut / seconds)}/s out`,
    `  served       ${served === 0 ? 'nothing' : places.join(', ')}`,
    `  refused      ${refused.length === 0 ? 'nobody' : refused.slice(0, 6).map(([reason, n]) => `${reason} ${count(n)}`).join(', ')}${refused.length > 6 ? `, ${refused.length - 6} more reasons` : ''}`,
    `since start    ${count(sinceStart.received)} asked, ${count(total.served)} served (${percent(total.served / Math.max(1, total.ended))}), from memory or disk ${percent(total.stored / Math.max(1, total.served))}`,
  ]
}

function servedTotal(ended: EndedCounts): { served: number; stored: number; ended: number } {
  let served = 0
  let stored = 0
  let all = 0
  for (const [reason, n] of Object.entries(ended) as Array<[Reason, number]>) {
    const place = servedFrom(reason)
    all += n
    if (place === null) continue
    served += n
    if (place !== 'origin') stored += n
  }
  return { served, stored, ended: all }
}

const sources = { 'hour-of-week': 'at this hour of the week', 'all-hours': 'over all hours', 'last-minutes': 'in the last calm minutes', none: '' } as const

function rate(view: ControlView): string[] {
  const { expectation } = view
  const usual = expectation.source === 'none' ? 'nothing is known of what is usual here' : `usual ${sources[expectation.source]} ${count(expectation.ratePerSecond)}/s, ${view.z.toFixed(1)} deviations ${view.z < 0 ? 'below' : 'above'}`.replace(/-(\d)/, '$1')
  const excess = view.excess === null || view.excess.perSecond < 1 ? '' : `; ${count(view.excess.perSecond)}/s too many, ${count(view.excess.suspiciousPerSecond)}/s of them from clients that show nothing a visitor shows`
  const from = networkLines(view.networks)
  return [`rate           ${count(view.ratePerSecond)}/s; ${usual}${excess}`, ...(from.length === 0 ? [] : ['suspicious requests by', ...from])]
}

function origin(status: ShieldStatus): string[] {
  const rows = status.origin.map(({ routeClass, admission, answers }) => {
    const parts = []
    if (answers !== null) {
      const failed = answers.serverErrors + answers.timeouts + answers.connectFailures
      parts.push(`median ${count(answers.latencyP50Ms)} ms, p99 ${count(answers.latencyP99Ms)} ms${failed === 0 ? '' : `, ${count(failed)} failed`}`)
    }
    if (admission !== null) parts.push(`${count(admission.inFlight)} of ${count(admission.limit)} at once${admission.waiting === 0 ? '' : `, ${count(admission.waiting)} wait`}${(admission.inLine ?? 0) === 0 ? '' : `, ${count(admission.inLine!)} in the waiting room`}${admission.rejected === 0 ? '' : `, ${count(admission.rejected)} turned away`}`)
    return `  ${routeClass.padEnd(12)} ${parts.join('; ')}`
  })
  const down = status.upstreams.filter((one) => !one.healthy)
  const health = down.length === 0 ? '' : `  ${down.length} of ${status.upstreams.length} upstreams held back after failures: ${down.map((one) => one.name).join(', ')}`
  return [`origin${rows.length === 0 ? '         not asked yet' : ''}`, ...rows, ...(health === '' ? [] : [health])]
}

function machine(status: ShieldStatus): string[] {
  const { workers, kernelDrop } = status
  return [
    `shield         pid ${status.pid}, up ${span(status.atWallMs - status.startedAtWallMs)}, ${workers.ready} of ${workers.wanted} workers, ${count(status.connections)} connections, own delay ${count(status.eventLoopLagP99Ms)} ms${workers.restarts === 0 ? '' : `, ${workers.restarts} threads restarted`}`,
    ...(workers.troubles ?? []).map(({ thread, deaths, reason, startsAgainInMs }) => `  ${thread} does not stay up: it died ${deaths} times in a row${reason === '' ? '' : ` (${reason})`}; started again ${startsAgainInMs === 0 ? 'now' : `in ${span(startsAgainInMs)}`}`),
    `memory store   ${count(status.cache.entries)} answers, ${bytes(status.cache.bytes)}`,
    ...alerts(status),
    recordLine(status),
    ...(kernelDrop.state === 'off' ? [] : [`kernel drop    ${kernelDrop.sentence}${kernelDrop.state === 'on' ? `, ${count(kernelDrop.sources)} sources` : ''}`]),
  ]
}

/** What is open, and every channel that fails: a failing channel is seen by nobody else. */
function alerts({ record }: ShieldStatus): string[] {
  const state = record.state?.alerts ?? null
  if (state === null) return []
  const open = (['critical', 'warning', 'info'] as const).filter((severity) => state.open[severity] > 0).map((severity) => `${state.open[severity]} ${severity}`)
  const failing = state.channels.filter((one) => one.trouble !== null)
  const channels = state.channels.length === 0 ? 'nobody is told: there is no channel in the settings' : `${state.channels.length} ${state.channels.length === 1 ? 'channel' : 'channels'}`
  return [`alerts         ${open.length === 0 ? 'none open' : `${open.join(', ')} open (polder alert open)`}; ${channels}`, ...failing.map((one) => `  ${one.name} fails: ${one.trouble}`)]
}

function recordLine({ record: { alive, state } }: ShieldStatus): string {
  if (state === null) return `record         ${alive ? 'starting' : 'does not answer; it is started anew by itself'}`
  const { journal, closedRooms } = state
  const trouble = [
    ...(alive ? [] : ['does not answer; it is started anew by itself']),
    ...(journal.suspended === null ? [] : [`${journal.suspended}; ${count(journal.waiting)} wait`]),
    ...(journal.lost === 0 ? [] : [`${count(journal.lost)} entries lost`]),
    ...closedRooms.map((room) => room.sentence),
  ]
  return `record         ${count(journal.entries)} entries in the journal, ${bytes(journal.bytes)}${trouble.length === 0 ? '' : `; ${trouble.join('; ')}`}`
}

function rules(status: ShieldStatus, colours: Colours): string[] {
  const { acting, asleep, vetoed } = listRules(status)
  const lines = [paint(colours, 'bold', `Rules in force: ${acting.length === 0 ? 'none' : acting.length}`)]
  for (const rule of acting.slice(0, SHOWN_RULES)) lines.push(...ruleLines(rule, status.atWallMs, colours))
  const more = [acting.length > SHOWN_RULES ? `${acting.length - SHOWN_RULES} more` : '', asleep.length > 0 ? `${asleep.length} asleep` : '', vetoed.length > 0 ? `${vetoed.length} vetoed` : ''].filter((part) => part !== '')
  if (more.length > 0) lines.push(`  ${more.join(', ')}: polder rules`)
  const held = status.control.view?.candidates.filter((one) => one.evidence.gates.some((gate) => !gate.passed)) ?? []
  for (const one of held.slice(0, 3)) {
    lines.push(`  thought of, not made: ${one.sentence}: ${one.evidence.gates.filter((gate) => !gate.passed).map((gate) => gate.sentence).join('; ')}`)
  }
  return lines
}
