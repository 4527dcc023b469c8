/**
 * Who is told what, when. Pure: time comes in, deliveries come out; channels are only names with wishes here.
 * A key is told to a channel once until it is over; again when it grows worse, and after `reminderMs` while nobody has acknowledged it. Channels with
 * `afterMs` come in when nobody acknowledged for that long (escalation). What falls into quiet hours is held and told when they end, also when it is over by
 * then: a night is not lost. An acknowledgement ends reminders and escalation; it does not hold for something worse.
 * Must never grow without bound, and never lose something critical to make room for something that is not.
 */
import type { Alert, Severity } from '../../contract/alert.ts'
import { cleanedAlert, type MessageKind, severityRank } from './message.ts'
import type { AlertSettings, ChannelSettings } from './options.ts'
import { isQuiet, parseQuietHours, type QuietHours } from './quiet-hours.ts'

/** Keys open at once; a real shield has a handful. */
export const MAX_OPEN = 200

export interface Told {
  readonly atWallMs: number
  readonly severity: Severity
}

export interface OpenAlert {
  readonly alert: Alert
  readonly sinceWallMs: number
  /** Since it is as bad as it is: what escalation counts from. */
  readonly worseSinceWallMs: number
  readonly acknowledged: { readonly who: string; readonly atWallMs: number } | null
  readonly told: ReadonlyMap<string, Told>
}

export interface KeptAlert extends Omit<OpenAlert, 'told'> {
  readonly told: ReadonlyArray<readonly [channel: string, told: Told]>
}

export interface KeptBook {
  readonly open: readonly KeptAlert[]
  readonly ended: ReadonlyArray<KeptAlert & { readonly waiting: readonly string[] }>
}

export interface Delivery {
  readonly channel: string
  readonly kind: MessageKind
  readonly alert: Alert
  readonly sinceWallMs: number
}

/** What `tell` did with an alert, for the journal. */
export type Change = 'opened' | 'worse' | 'updated' | 'over' | 'unknown' | 'no-room'

interface Wish {
  readonly channel: ChannelSettings
  readonly quiet: readonly QuietHours[]
}

interface Ended extends OpenAlert {
  /** Channels that have not heard yet that it is over. */
  readonly waiting: ReadonlySet<string>
}

export class AlertBook {
  #settings: AlertSettings
  #wishes: readonly Wish[]
  readonly #open = new Map<string, OpenAlert>()
  readonly #ended = new Map<string, Ended>()

  constructor(settings: AlertSettings, channels: readonly ChannelSettings[]) {
    this.#settings = settings
    this.#wishes = wishesOf(channels)
  }

  apply(settings: AlertSettings, channels: readonly ChannelSettings[]): void {
    this.#settings = settings
    this.#wishes = wishesOf(channels)
  }

  open(): readonly OpenAlert[] {
    return [...this.#open.values()].sort((a, b) => severityRank[b.alert.severity] - severityRank[a.alert.severity] || a.sinceWallMs - b.sinceWallMs)
  }

  get(key: string): OpenAlert | null {
    return this.#open.get(key) ?? null
  }

  /** Plain data for alert-store.ts. `undelivered` says what a channel has not got yet, although it counts as told here: after a restart it is told again. */
  kept(undelivered: (channel: string, key: string) => boolean): KeptBook {
    const keep = (one: OpenAlert): KeptAlert => ({ alert: one.alert, sinceWallMs: one.sinceWallMs, worseSinceWallMs: one.worseSinceWallMs, acknowledged: one.acknowledged, told: [...one.told].filter(([name]) => !undelivered(name, one.alert.key)) })
    return { open: [...this.#open.values()].map(keep), ended: [...this.#ended.values()].map((one) => ({ ...keep(one), waiting: [...one.waiting] })) }
  }

  restore({ open, ended }: KeptBook): void {
    for (const one of open.slice(0, MAX_OPEN)) this.#open.set(one.alert.key, { ...one, alert: cleanedAlert(one.alert), told: new Map(one.told) })
    for (const one of ended.slice(0, MAX_OPEN)) this.#ended.set(one.alert.key, { ...one, alert: cleanedAlert(one.alert), told: new Map(one.told), waiting: new Set(one.waiting) })
  }

  tell(raw: Alert, nowWallMs: number): Change {
    const alert = cleanedAlert(raw)
    const old = this.#open.get(alert.key)
    if (alert.resolved) {
      if (old === undefined) return 'unknown'
      this.#open.delete(alert.key)
      const waiting = this.#wishes.filter((wish) => wish.channel.over && this.#concerns(wish, old, nowWallMs)).map((wish) => wish.channel.name)
      // It was as bad as it was: that is what routes its end.
      if (waiting.length > 0) this.#ended.set(alert.key, { ...old, alert: { ...alert, severity: old.alert.severity }, waiting: new Set(waiting) })
      if (this.#ended.size > MAX_OPEN) this.#ended.delete(this.#ended.keys().next().value!)
      return 'over'
    }
    if (old === undefined) {
      const back = this.#ended.get(alert.key)
      this.#ended.delete(alert.key)
      if (this.#open.size >= MAX_OPEN && !this.#makeRoom(alert.severity)) return 'no-room'
      // It came back before anyone was told that it was over: the same alert goes on for those.
      const told = back === undefined ? new Map<string, Told>() : new Map([...back.told].filter(([name]) => back.waiting.has(name)))
      this.#open.set(alert.key, { alert, sinceWallMs: back?.sinceWallMs ?? alert.atWallMs, worseSinceWallMs: nowWallMs, acknowledged: null, told })
      return 'opened'
    }
    const worse = severityRank[alert.severity] > severityRank[old.alert.severity]
    this.#open.set(alert.key, { ...old, alert, ...(worse ? { worseSinceWallMs: nowWallMs, acknowledged: null } : {}) })
    return worse ? 'worse' : 'updated'
  }

  /** The incident that this alert began; an alert that names one keeps it. */
  nameIncident(key: string, incidentId: string): void {
    const old = this.#open.get(key)
    if (old !== undefined && old.alert.incidentId === null) this.#open.set(key, { ...old, alert: { ...old.alert, incidentId } })
  }

  /** false: no such key is open. */
  acknowledge(key: string, who: string, nowWallMs: number): boolean {
    const old = this.#open.get(key)
    if (old === undefined) return false
    this.#open.set(key, { ...old, acknowledged: { who, atWallMs: nowWallMs } })
    return true
  }

  /** What is due now; it counts as told from here on. */
  due(nowWallMs: number): Delivery[] {
    const deliveries: Delivery[] = []
    for (const [key, ended] of this.#ended) {
      const waiting = new Set(ended.waiting)
      for (const wish of this.#wishes) {
        if (!waiting.has(wish.channel.name) || this.#heldBy(wish, ended.alert.severity, nowWallMs)) continue
        waiting.delete(wish.channel.name)
        deliveries.push({ channel: wish.channel.name, kind: 'over', alert: ended.alert, sinceWallMs: ended.sinceWallMs })
      }
      // Channels that are no longer in the settings wait for nothing.
      const left = [...waiting].filter((name) => this.#wishes.some((wish) => wish.channel.name === name))
      if (left.length === 0) this.#ended.delete(key)
      else this.#ended.set(key, { ...ended, waiting: new Set(left) })
    }
    for (const [key, one] of this.#open) {
      let told: Map<string, Told> | null = null
      for (const wish of this.#wishes) {
        const kind = this.#dueTo(wish, one, nowWallMs)
        if (kind === null) continue
        deliveries.push({ channel: wish.channel.name, kind, alert: one.alert, sinceWallMs: one.sinceWallMs })
        told ??= new Map(one.told)
        told.set(wish.channel.name, { atWallMs: nowWallMs, severity: one.alert.severity })
      }
      if (told !== null) this.#open.set(key, { ...one, told })
    }
    return deliveries
  }

  #dueTo(wish: Wish, one: OpenAlert, nowWallMs: number): MessageKind | null {
    const { channel } = wish
    const told = one.told.get(channel.name)
    if (severityRank[one.alert.severity] < severityRank[channel.atLeast]) return null
    if (this.#heldBy(wish, one.alert.severity, nowWallMs)) return null
    if (told !== undefined && severityRank[one.alert.severity] > severityRank[told.severity]) return 'alert'
    if (one.acknowledged !== null) return null
    if (told === undefined) return channel.afterMs === 0 ? 'alert' : nowWallMs - one.worseSinceWallMs >= channel.afterMs ? 'escalation' : null
    return this.#settings.reminderMs > 0 && nowWallMs - told.atWallMs >= this.#settings.reminderMs ? 'reminder' : null
  }

  /** Whether its end concerns a channel: it was told, or quiet hours alone kept it back. */
  #concerns(wish: Wish, one: OpenAlert, nowWallMs: number): boolean {
    if (one.told.has(wish.channel.name)) return true
    return wish.channel.afterMs === 0 && one.acknowledged === null && severityRank[one.alert.severity] >= severityRank[wish.channel.atLeast] && this.#heldBy(wish, one.alert.severity, nowWallMs)
  }

  #heldBy(wish: Wish, severity: Severity, nowWallMs: number): boolean {
    if (wish.channel.throughQuiet !== 'nothing' && severityRank[severity] >= severityRank[wish.channel.throughQuiet]) return false
    return isQuiet(wish.quiet, nowWallMs, this.#settings.timeZone)
  }

  /** Forgets the oldest of a lower severity. */
  #makeRoom(severity: Severity): boolean {
    const least = [...this.#open.values()].filter((one) => severityRank[one.alert.severity] < severityRank[severity]).sort((a, b) => severityRank[a.alert.severity] - severityRank[b.alert.severity] || a.sinceWallMs - b.sinceWallMs)[0]
    if (least === undefined) return false
    this.#open.delete(least.alert.key)
    return true
  }
}

function wishesOf(channels: readonly ChannelSettings[]): readonly Wish[] {
  return channels.map((channel) => ({ channel, quiet: channel.quiet.flatMap((text) => parseQuietHours(text) ?? []) }))
}
