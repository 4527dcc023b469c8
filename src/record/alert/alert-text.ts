/** The words of alerts, for a person who was asleep a minute ago: what, since when, what Polder does, whom it touches, what to do. No link anywhere. */
import type { ControlView, RuleRecord } from '../../contract/control.ts'
import type { ShieldState } from '../../contract/plan.ts'
import { timeInWords } from './quiet-hours.ts'

export interface TrafficPicture {
  readonly seconds: number
  readonly received: number
  /** Answered with a page or file, from wherever. */
  readonly served: number
  readonly ended: number
}

export interface AttackPicture {
  readonly state: ShieldState
  readonly sinceWallMs: number
  /** The view the state was read from. */
  readonly view: ControlView
  /** The last ten seconds. */
  readonly recent: TrafficPicture
  readonly timeZone: string
}

const actionWords: Readonly<Record<string, string>> = { block: 'refuses', limit: 'slows down', challenge: 'checks', 'cache-only': 'gives stored copies to', tag: 'serves last', observe: 'counts' }
const MOST_RULES = 3

export const stateTitles: Readonly<Partial<Record<ShieldState, string>>> = {
  STRAIN: 'The origin suffers',
  ATTACK: 'Attack under way',
  EMERGENCY: 'Emergency: the origin is failing under the attack',
}

export function stateText({ state, sinceWallMs, view, recent, timeZone }: AttackPicture): string {
  const acting = actingRules(view)
  const usual = view.expectation.source === 'none' ? 'what is usual is not known yet' : `usual ${count(view.expectation.ratePerSecond)}`
  return lines([
    `What: ${stateSentence(state)} State ${state} since ${timeInWords(sinceWallMs, timeZone)}.`,
    `Asked per second: ${count(view.ratePerSecond)} (${usual}).`,
    ...view.health.signs.slice(0, 3).map((sign) => `Origin: ${sign.sentence}.`),
    `What Polder does: ${acting.length === 0 ? 'stored copies first, and only as many requests to the origin as it can take; no rule of its own refuses anyone yet.' : `${acting.length === 1 ? 'one rule of its own, which ends by itself,' : `${acting.length} rules of its own, which end by themselves,`} beside stored copies and a limit for the origin.`}`,
    ...acting.slice(0, MOST_RULES).map((rule) => `- ${actionWords[rule.action] ?? rule.action}: ${rule.sentence} (${rule.id})`),
    ...(acting.length > MOST_RULES ? [`- and ${acting.length - MOST_RULES} more: polder rules`] : []),
    `Whom it touches: ${touched(acting, recent)}`,
    `What to do: nothing has to be switched on. Look: polder incident show, polder status. ${acting.length === 0 ? 'If people cannot be served, see the runbook.' : `If a rule is wrong: polder rules veto ${acting[0].id} --why "..."`}`,
  ])
}

export function stateOverText(worst: ShieldState, sinceWallMs: number, untilWallMs: number, peakPerSecond: number, total: TrafficPicture, timeZone: string): string {
  return lines([
    `What: it is calm again since ${timeInWords(untilWallMs, timeZone)}. The worst state was ${worst}.`,
    `It lasted ${span(untilWallMs - sinceWallMs)}, from ${timeInWords(sinceWallMs, timeZone)}. Most asked in one second: ${count(peakPerSecond)}.`,
    ...(total.received === 0 ? [] : [`In that time ${count(total.received)} requests were asked, ${count(total.served)} answered with what they asked for. Rules that Polder made end by themselves.`]),
    'What to do: write down what only you know while you know it: polder incident note last "..."',
  ])
}

/** For an end after a restart: what happened before is in the journal, not in this process. */
export function stateOverShortText(untilWallMs: number, timeZone: string): string {
  return lines([`What: it is calm again since ${timeInWords(untilWallMs, timeZone)}. Polder was started anew in between; what happened before is in the journal.`])
}

export function controlGoneText(sinceWallMs: number, timeZone: string): string {
  return lines([
    `What: the part of Polder that recognises attacks has not been heard since ${timeInWords(sinceWallMs, timeZone)}.`,
    'What Polder does: visitors are served by the last plan; its rules run out by themselves. Rules of the settings file still act. It is being started anew.',
    'Whom it touches: nobody now. A new attack would meet the cache and the limit for the origin, but no new rule.',
    'What to do: polder status, and the log of Polder (journalctl -u polder). If it lasts: systemctl restart polder; stored copies are kept.',
  ])
}

export function originDownText(down: readonly string[], all: number, sinceWallMs: number, recent: TrafficPicture, timeZone: string): string {
  const whole = down.length === all
  return lines([
    `What: ${whole ? (all === 1 ? 'the origin does' : `all ${all} upstreams of the origin do`) : `${down.length} of ${all} upstreams of the origin do`} not answer since ${timeInWords(sinceWallMs, timeZone)}: ${down.slice(0, 8).join(', ')}${down.length > 8 ? ' …' : ''}.`,
    `What Polder does: ${whole ? 'it shows stored copies of what readers had before, and asks the origin again and again, gently.' : 'it asks the others.'}`,
    `Whom it touches: ${whole ? 'forms, search and pages that are not stored cannot be served.' : 'nobody, while the others can carry the load.'} ${servedSentence(recent)}`,
    'What to do: look at the web server and the way to it. Nothing must be switched back in Polder; fresh pages come by themselves when it returns.',
  ])
}

export function kernelDropText(sentence: string, sinceWallMs: number, timeZone: string): string {
  return lines([
    `What: dropping in the kernel does not work as it should, since ${timeInWords(sinceWallMs, timeZone)}: ${sentence}.`,
    'What Polder does: the same sources are refused by Polder itself, which costs more but touches nobody else.',
    'Whom it touches: nobody.',
    'What to do: polder status says what is missing (rights, the nft program, another table).',
  ])
}

export function alarmText(sentence: string, sinceWallMs: number, timeZone: string): string {
  return lines([
    `What: ${sentence.replace(/[.!]?$/, '.')} Since ${timeInWords(sinceWallMs, timeZone)}.`,
    'What Polder does: it serves on.',
    'Whom it touches: visitors not at all; what is written down may be.',
    'What to do: look at the disk of dataDir (df -h, its rights), then: polder journal verify',
  ])
}

function stateSentence(state: ShieldState): string {
  if (state === 'STRAIN') return 'the origin is slow or fails, or more is asked than it can answer. Nothing is proven against anyone.'
  if (state === 'EMERGENCY') return 'the origin is failing in spite of what is done against the attack; what can be refused with little harm is refused.'
  return 'a flood is shown and is being pushed back.'
}

function actingRules(view: ControlView): RuleRecord[] {
  return view.rules.filter((rule) => rule.origin === 'automatic' && !rule.dryRun && rule.stage !== 'dormant' && rule.stage !== 'vetoed' && rule.action !== 'allow' && rule.action !== 'observe' && rule.action !== 'tag')
}

function touched(acting: readonly RuleRecord[], recent: TrafficPicture): string {
  const bounds = acting.flatMap((rule) => rule.evidence?.harm.upperShare ?? [])
  const bound = bounds.length === 0 ? '' : ` Each rule may touch at most ${percent(Math.max(...bounds))} of normal requests.`
  return `${servedSentence(recent)}${bound}`
}

function servedSentence(recent: TrafficPicture): string {
  if (recent.ended === 0) return 'Nothing was asked in the last seconds.'
  return `In the last ${Math.max(1, Math.round(recent.seconds))} s ${percent(recent.served / recent.ended)} of all requests, the attacker's among them, were answered with what they asked for.`
}

function lines(parts: readonly string[]): string {
  return parts.join('\n')
}

function count(value: number): string {
  return value < 10 ? String(Math.round(value * 10) / 10) : Math.round(value).toLocaleString('en-GB')
}

function percent(share: number): string {
  const points = share * 100
  return `${points !== 0 && points < 1 ? points.toFixed(2) : points < 10 ? points.toFixed(1) : Math.round(points)} %`
}

export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return `${Math.floor(seconds / 3_600)} h ${Math.round((seconds % 3_600) / 60)} min`
}
