/**
 * Turns what the shield says once a second into alerts. Pure but for what it remembers of the seconds before.
 * ATTACK and EMERGENCY are told at once: seconds count. STRAIN is told when it lasts, because every attack passes through it. An end is told when it has
 * lasted (`calmForMs`): states that swing must not ring twice a minute. Must never take silence for an end: without a view the state is not known.
 */
import type { Alert, Severity } from '../../contract/alert.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import { type ShieldState, shieldStates } from '../../contract/plan.ts'
import type { ShieldSecond } from '../../contract/record.ts'
import { DAY_MS, SECOND_MS } from '../../kernel/units.ts'
import { alarmText, controlGoneText, kernelDropText, originDownText, stateOverShortText, stateOverText, stateText, stateTitles, type TrafficPicture } from './alert-text.ts'
import type { AlertSettings } from './options.ts'

/** A control plane that died is back within a second or two; longer is worth waking somebody. */
const CONTROL_GONE_MS = 10 * SECOND_MS
/** After the start it has this long to speak first. */
const CONTROL_FIRST_MS = 30 * SECOND_MS
const ORIGIN_DOWN_MS = 5 * SECOND_MS
const ORIGIN_PART_MS = 30 * SECOND_MS
/** Trouble that is only told when it happens counts as over when it has not happened for this long. */
const QUIET_TROUBLE_MS = 600 * SECOND_MS
const RECENT_SECONDS = 10
/** Of the alert that an attack, or strain, is under way. */
export const ATTACK_KEY = 'attack'

interface Episode {
  readonly fromWallMs: number
  worst: ShieldState
  peakPerSecond: number
  received: number
  served: number
  ended: number
}

export class ShieldWatch {
  readonly #settings: () => AlertSettings
  readonly #incidentId: () => string | null
  #controlSpoke = false
  readonly #recent: Array<TrafficPicture & { readonly atWallMs: number }> = []
  readonly #state = new Lasting()
  readonly #emergency = new Lasting()
  readonly #control = new Lasting()
  readonly #originDown = new Lasting()
  readonly #originPart = new Lasting()
  /** Told once, over when it has not happened for a while: key to the last time. */
  readonly #happened = new Map<string, number>()
  #episode: Episode | null = null
  #toldSeverity: Severity = 'info'

  constructor(settings: () => AlertSettings, incidentId: () => string | null) {
    this.#settings = settings
    this.#incidentId = incidentId
  }

  see(second: ShieldSecond): Alert[] {
    const now = second.atWallMs
    this.#count(second)
    return [...this.#seeState(second), ...this.#seeControl(second), ...this.#seeOrigin(second), ...this.#seeEvents(second), ...this.#forget(now)]
  }

  /** An alarm that another room put into the journal: a full disk, a damaged file. `data.key` names it, `data.over` ends it; without both it is over after a while. */
  hear(entry: JournalEntry): Alert[] {
    if (entry.kind !== 'alarm') return []
    const data = (typeof entry.data === 'object' && entry.data !== null ? entry.data : {}) as { readonly key?: unknown; readonly over?: unknown; readonly severity?: unknown }
    const key = `alarm.${typeof data.key === 'string' ? data.key : `journal-${entry.seq}`}`
    if (data.over === true) {
      this.#happened.delete(key)
      return [this.#alert(key, 'info', 'An alarm is over', entry.sentence, entry.atWallMs, true)]
    }
    this.#happen(key, typeof data.key === 'string' ? entry.atWallMs + DAY_MS : entry.atWallMs)
    return [this.#alert(key, data.severity === 'warning' ? 'warning' : 'critical', 'An alarm of Polder itself', alarmText(entry.sentence, entry.atWallMs, this.#settings().timeZone), entry.atWallMs)]
  }

  #seeState(second: ShieldSecond): Alert[] {
    const { view, atWallMs: now } = second
    if (view === null) return []
    const { strainForMs, calmForMs, timeZone } = this.#settings()
    const rank = shieldStates.indexOf(view.state)
    const troubled = rank >= shieldStates.indexOf('STRAIN')
    const attacked = rank >= shieldStates.indexOf('ATTACK')
    const told: Alert[] = []
    const since = view.stateSinceWallMs === 0 ? now : view.stateSinceWallMs
    if (troubled) {
      this.#episode ??= { fromWallMs: since, worst: view.state, peakPerSecond: 0, received: 0, served: 0, ended: 0 }
      const { traffic } = second
      this.#episode.received += traffic.received
      const served = servedOf(second)
      this.#episode.served += served.served
      this.#episode.ended += served.ended
      this.#episode.peakPerSecond = Math.max(this.#episode.peakPerSecond, traffic.received / Math.max(traffic.seconds, 1), view.ratePerSecond)
      if (rank > shieldStates.indexOf(this.#episode.worst)) this.#episode.worst = view.state
    }
    if (!troubled && !this.#state.told) this.#episode = null
    const text = (): string => stateText({ state: view.state, sinceWallMs: since, view, recent: this.#recentTraffic(), timeZone })
    const step = this.#state.follow(troubled, now, attacked ? 0 : strainForMs, calmForMs)
    const severity: Severity = attacked ? 'critical' : 'warning'
    // On every second while it lasts, so that a reminder says what is true by then; the book tells only what is new.
    if (this.#state.told && troubled) {
      if (attacked || this.#toldSeverity !== 'critical') this.#toldSeverity = severity
      told.push(this.#alert(ATTACK_KEY, this.#toldSeverity, stateTitles[view.state] ?? view.state, text(), this.#episode!.fromWallMs))
    }
    if (step === 'over') {
      const away = this.#state.awayFromWallMs ?? now
      const episode = this.#episode
      this.#episode = null
      this.#toldSeverity = 'info'
      const words = episode === null ? stateOverShortText(away, timeZone) : stateOverText(episode.worst, episode.fromWallMs, away, episode.peakPerSecond, { seconds: (away - episode.fromWallMs) / SECOND_MS, ...episode }, timeZone)
      told.push(this.#alert(ATTACK_KEY, 'info', 'All is calm again', words, now, true))
    }
    const emergency = this.#emergency.follow(view.state === 'EMERGENCY', now, 0, calmForMs)
    if (emergency === 'begun') told.push(this.#alert('emergency', 'critical', stateTitles.EMERGENCY!, text(), since))
    else if (emergency === 'over') told.push(this.#alert('emergency', 'info', 'The emergency is over', `The state is ${view.state} now.`, now, true))
    return told
  }

  #seeControl({ view, atWallMs: now }: ShieldSecond): Alert[] {
    if (view !== null) this.#controlSpoke = true
    const step = this.#control.follow(view === null, now, this.#controlSpoke ? CONTROL_GONE_MS : CONTROL_FIRST_MS, SECOND_MS)
    const since = this.#control.fromWallMs ?? now
    if (step === 'begun') return [this.#alert('control-plane', 'critical', 'Polder does not recognise attacks at the moment', controlGoneText(since, this.#settings().timeZone), since)]
    return step === 'over' ? [this.#alert('control-plane', 'info', 'Polder recognises attacks again', 'The control plane answers again.', now, true)] : []
  }

  #seeOrigin({ upstreams, atWallMs: now }: ShieldSecond): Alert[] {
    const down = upstreams.filter((one) => !one.healthy).map((one) => one.name)
    const { calmForMs, timeZone } = this.#settings()
    const told: Alert[] = []
    const watch = (one: Lasting, holds: boolean, afterMs: number, key: string, severity: Severity, title: string, over: string): void => {
      const step = one.follow(holds, now, afterMs, calmForMs)
      const since = one.fromWallMs ?? now
      if (step === 'begun') told.push(this.#alert(key, severity, title, originDownText(down, upstreams.length, since, this.#recentTraffic(), timeZone), since))
      else if (step === 'over') told.push(this.#alert(key, 'info', over, 'All upstreams of the origin that were asked answer again.', now, true))
    }
    watch(this.#originDown, down.length > 0 && down.length === upstreams.length, ORIGIN_DOWN_MS, 'origin-down', 'critical', 'The origin does not answer', 'The origin answers again')
    watch(this.#originPart, down.length > 0 && down.length < upstreams.length, ORIGIN_PART_MS, 'origin-part', 'warning', 'A part of the origin does not answer', 'All parts of the origin answer again')
    return told
  }

  #seeEvents({ events, atWallMs: now }: ShieldSecond): Alert[] {
    return events.filter((event) => event.code === 'kernel-drop-trouble' || event.code === 'kernel-drop-withdrawn').slice(-1).map((event) => {
      this.#happen('kernel-drop', now)
      return this.#alert('kernel-drop', 'warning', 'Dropping in the kernel is in trouble', kernelDropText(event.sentence, event.atWallMs, this.#settings().timeZone), event.atWallMs)
    })
  }

  #happen(key: string, atWallMs: number): void {
    this.#happened.set(key, atWallMs)
    if (this.#happened.size > 100) this.#happened.delete(this.#happened.keys().next().value!)
  }

  #forget(now: number): Alert[] {
    const over: Alert[] = []
    for (const [key, atWallMs] of this.#happened) {
      if (now - atWallMs < QUIET_TROUBLE_MS) continue
      this.#happened.delete(key)
      over.push(this.#alert(key, 'info', 'It has not happened again', `Nothing more was heard of it for ${QUIET_TROUBLE_MS / 60_000} minutes.`, now, true))
    }
    return over
  }

  #count(second: ShieldSecond): void {
    this.#recent.push({ atWallMs: second.atWallMs, seconds: second.traffic.seconds, received: second.traffic.received, ...servedOf(second) })
    while (this.#recent.length > RECENT_SECONDS) this.#recent.shift()
  }

  #recentTraffic(): TrafficPicture {
    const sum = (of: (one: TrafficPicture) => number): number => this.#recent.reduce((total, one) => total + of(one), 0)
    return { seconds: sum((one) => one.seconds), received: sum((one) => one.received), served: sum((one) => one.served), ended: sum((one) => one.ended) }
  }

  #alert(key: string, severity: Severity, title: string, text: string, atWallMs: number, resolved = false): Alert {
    return { key, severity, title, text, atWallMs, incidentId: this.#incidentId(), resolved }
  }
}

function servedOf({ traffic }: ShieldSecond): { served: number; ended: number } {
  let served = 0
  let ended = 0
  for (const [reason, count] of Object.entries(traffic.ended)) {
    ended += count
    if (reason.startsWith('served-') || reason === 'challenge-passed') served += count
  }
  return { served, ended }
}

/**
 * One trouble over time: `begun` when it has held for `afterMs`, `over` when it has been away for `awayMs`. The first time it is away it is called over although
 * it never began here: it may have been told before a restart.
 */
class Lasting {
  fromWallMs: number | null = null
  awayFromWallMs: number | null = null
  told = false
  #pastUnknown = true

  follow(holds: boolean, nowWallMs: number, afterMs: number, awayMs: number): 'begun' | 'over' | null {
    if (holds) {
      // Away for less than `awayMs`: the same trouble goes on.
      this.fromWallMs ??= nowWallMs
      this.awayFromWallMs = null
      if (this.told || nowWallMs - this.fromWallMs < afterMs) return null
      this.told = true
      this.#pastUnknown = false
      return 'begun'
    }
    this.awayFromWallMs ??= nowWallMs
    if (!this.told) this.fromWallMs = null
    if ((!this.told && !this.#pastUnknown) || nowWallMs - this.awayFromWallMs < awayMs) return null
    this.told = false
    this.#pastUnknown = false
    this.fromWallMs = null
    return 'over'
  }
}
