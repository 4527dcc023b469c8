/**
 * The room that tells people. It watches the seconds of the shield and the alarms of the journal, and tells what other rooms hand it. Nothing is sent without
 * a channel in the settings. Nothing here waits for a channel, and no channel for another.
 */
import { hostname as systemHostname } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { type Alert, type AlertsState, type ChannelState, type OpenAlertState, type Severity } from '../../contract/alert.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import type { ShieldSecond } from '../../contract/record.ts'
import { type Random, unpredictableBytes } from '../../kernel/random.ts'
import { RecordError, type Room, type RoomParts, type Teller } from '../room.ts'
import { AlertBook, type Delivery } from './alert-book.ts'
import { AlertStore } from './alert-store.ts'
import { ChannelQueue, type Later } from './channel-queue.ts'
import { makeSender } from './make-sender.ts'
import { type AlertMessage, oneLine, type SendResult } from './message.ts'
import type { AlertSettings, ChannelSettings } from './options.ts'
import { ATTACK_KEY, ShieldWatch } from './watch-shield.ts'

const TEST_WITHIN_MS = 20_000

/** What of polder.yaml this room needs. */
export interface AlertRoomSettings {
  readonly alert: AlertSettings
  readonly channels: readonly ChannelSettings[]
  /** The institution, for the first line of every message. */
  readonly site: string
  /** Secrets from the environment, by name. */
  readonly secrets: Readonly<Record<string, string>>
}

export interface AlertRoomParts extends Omit<RoomParts<AlertRoomSettings>, 'teller'> {
  readonly random: Random
  /** Left out: timers of this thread. */
  readonly later?: Later
  readonly hostname?: string
}

const realLater: Later = (ms, run) => {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

interface RunningChannel {
  readonly settings: ChannelSettings
  readonly timeoutMs: number
  readonly queue: ChannelQueue
}

export class AlertRoom implements Room, Teller {
  readonly #parts: AlertRoomParts
  readonly #book: AlertBook
  readonly #watch: ShieldWatch
  readonly #store: AlertStore
  #channels = new Map<string, RunningChannel>()
  #incidentId: string | null = null
  /** An attack has been seen, and nobody is told yet. */
  #awaitsIncident = false

  constructor(parts: AlertRoomParts) {
    this.#parts = parts
    const { alert, channels } = parts.settings()
    this.#book = new AlertBook(alert, channels)
    this.#watch = new ShieldWatch(() => parts.settings().alert, () => this.#incidentId)
    this.#store = new AlertStore(parts.folder, (sentence) => parts.log.warn(sentence))
    this.#book.restore(this.#store.read())
    this.#incidentId = this.#book.open().find((one) => one.alert.incidentId !== null)?.alert.incidentId ?? null
    this.settingsChanged()
  }

  settingsChanged(): void {
    const { alert, channels } = this.#parts.settings()
    this.#book.apply(alert, channels)
    const before = this.#channels
    this.#channels = new Map()
    for (const settings of channels) {
      const old = before.get(settings.name)
      if (old !== undefined && old.timeoutMs === alert.timeoutMs && isDeepStrictEqual(old.settings, settings)) {
        this.#channels.set(settings.name, old)
        continue
      }
      const queue = this.#queueOf(settings, alert.timeoutMs)
      this.#channels.set(settings.name, { settings, timeoutMs: alert.timeoutMs, queue })
      if (old !== undefined) {
        old.queue.close()
        queue.inherit(old.queue)
      }
    }
    for (const [name, old] of before) if (!this.#channels.has(name)) old.queue.close()
  }

  second(second: ShieldSecond): void {
    const before = this.#book.get(ATTACK_KEY)
    for (const alert of this.#watch.see(second)) this.#take(alert)
    // An attack opens its incident in the same second, which the journal acknowledges a moment later: the first message waits for its number, until the next
    // second at most.
    const began = before === null ? this.#book.get(ATTACK_KEY) : null
    if (began !== null && began.alert.incidentId === null) {
      this.#awaitsIncident = true
      return
    }
    this.#deliver()
  }

  hear(entry: JournalEntry): void {
    if (entry.kind === 'incident') this.#incidentId = openIncident(entry, this.#incidentId)
    if (this.#awaitsIncident && this.#incidentId !== null) {
      this.#book.nameIncident(ATTACK_KEY, this.#incidentId)
      this.#deliver()
      this.#save()
    }
    for (const alert of this.#watch.hear(entry)) this.tell(alert)
  }

  tell(alert: Alert): void {
    this.#take(alert)
    this.#deliver()
  }

  async answer(question: string, asks: Readonly<Record<string, unknown>>, who: string): Promise<unknown> {
    switch (question) {
      case 'channels':
        return this.#states()
      case 'open':
        return this.#open()
      case 'acknowledge':
        return this.#acknowledge(asks['key'], who)
      case 'test':
        return this.#test(asks['channel'], who)
      default:
        throw new RecordError('unknown-question', `the alert room has no question ${question}`)
    }
  }

  /** For metrics and status. */
  state(): AlertsState {
    const open: Record<Severity, number> = { info: 0, warning: 0, critical: 0 }
    for (const one of this.#book.open()) open[one.alert.severity]++
    return { channels: this.#states(), open }
  }

  async close(): Promise<void> {
    for (const { queue } of this.#channels.values()) queue.close()
    this.#save()
    await this.#store.settled()
  }

  #take(alert: Alert): void {
    const now = this.#parts.clock.wallMs()
    const change = this.#book.tell(alert.incidentId === null ? { ...alert, incidentId: this.#incidentId } : alert, now)
    if (change === 'unknown' || change === 'updated') return
    const { key, severity, title } = alert
    const sentence = change === 'over' ? `over: ${title}` : change === 'no-room' ? `not told, too many alerts are open: ${title}` : change === 'worse' ? `worse, now ${severity}: ${title}` : `${severity}: ${title}`
    this.#write('polder', sentence, { event: change, key, severity, incidentId: alert.incidentId ?? this.#incidentId })
    this.#save()
  }

  #deliver(): void {
    this.#awaitsIncident = false
    const due = this.#book.due(this.#parts.clock.wallMs())
    for (const delivery of due) this.#channels.get(delivery.channel)?.queue.offer(this.#messageOf(delivery))
    if (due.length > 0) this.#save()
  }

  #messageOf({ kind, alert, sinceWallMs }: Delivery): AlertMessage {
    return { id: newId(), kind, key: alert.key, severity: alert.severity, title: alert.title, text: alert.text, atWallMs: alert.atWallMs, sinceWallMs, incidentId: alert.incidentId, site: this.#site() }
  }

  #acknowledge(key: unknown, who: string): { sentence: string } {
    if (typeof key !== 'string') throw new RecordError('bad-question', 'acknowledge needs a key')
    const one = this.#book.get(key)
    if (one === null) {
      const open = this.#book.open().map((other) => other.alert.key)
      throw new RecordError('not-found', `no alert ${oneLine(key, 80)} is open; ${open.length === 0 ? 'nothing is open' : `open: ${open.slice(0, 20).join(', ')}`}`)
    }
    this.#book.acknowledge(key, who, this.#parts.clock.wallMs())
    this.#write(who, `acknowledged: ${one.alert.title}`, { event: 'acknowledged', key, severity: one.alert.severity })
    this.#save()
    return { sentence: `${key} is acknowledged: no reminder and no escalation, unless it grows worse. It stays open until it is over.` }
  }

  async #test(name: unknown, who: string): Promise<ReadonlyArray<{ channel: string; ok: boolean; sentence: string; ms: number }>> {
    if (this.#channels.size === 0) throw new RecordError('not-found', 'the settings have no channel: add one under alert.channels (docs/operator/alerts.md)')
    if (name !== undefined && (typeof name !== 'string' || !this.#channels.has(name))) throw new RecordError('not-found', `there is no channel ${typeof name === 'string' ? oneLine(name, 80) : 'of that kind'}; channels: ${[...this.#channels.keys()].join(', ')}`)
    const chosen = [...this.#channels].filter(([channel]) => name === undefined || channel === name)
    const now = this.#parts.clock.wallMs()
    const withinMs = Math.min(TEST_WITHIN_MS, this.#parts.settings().alert.timeoutMs)
    return Promise.all(chosen.map(async ([channel, { queue, settings }]) => {
      const message: AlertMessage = {
        id: newId(), kind: 'test', key: 'test', severity: 'info', title: `this is a test of the channel ${channel}`, atWallMs: now, sinceWallMs: now, incidentId: null, site: this.#site(),
        text: `What: a test, asked for by ${who}. Nothing has happened.\nWhat to do: nothing. When a real alert comes, it looks like this one.`,
      }
      const result = await queue.test(message, withinMs)
      this.#write(who, `test of ${channel} (${settings.kind}): ${result.sentence}`, { event: 'test', channel, kind: settings.kind, ok: result.ok, ms: result.ms })
      return { channel, ...result }
    }))
  }

  #states(): ChannelState[] {
    return [...this.#channels.values()].map(({ queue }) => queue.state())
  }

  #open(): OpenAlertState[] {
    return this.#book.open().map((one) => ({ ...one.alert, sinceWallMs: one.sinceWallMs, acknowledged: one.acknowledged, toldTo: [...one.told.keys()] }))
  }

  #queueOf(channel: ChannelSettings, timeoutMs: number): ChannelQueue {
    const { clock, random, version, later = realLater, hostname = systemHostname() } = this.#parts
    return new ChannelQueue({
      channel, clock, random, later, newId,
      open: () => makeSender(channel, { clock, hostname, version, pid: process.pid, timeoutMs, secrets: this.#parts.settings().secrets }),
      settings: () => this.#parts.settings().alert,
      onEnd: (message, result, tries) => this.#ended(channel, message, result, tries),
    })
  }

  #ended(channel: ChannelSettings, message: AlertMessage, result: SendResult, tries: number): void {
    const about = message.kind === 'over' ? `over: ${message.title}` : message.title
    const sentence = result.ok ? `told ${channel.name} (${channel.kind}): ${about}` : `could not tell ${channel.name} (${channel.kind}) after ${tries} ${tries === 1 ? 'try' : 'tries'}: ${about}: ${result.sentence}`
    this.#write('polder', sentence, { event: result.ok ? 'sent' : 'failed', key: message.key, message: message.id, messageKind: message.kind, channel: channel.name, kind: channel.kind, tries, result: result.sentence })
    if (!result.ok) this.#parts.log.warn(sentence)
    this.#save()
  }

  #write(who: string, sentence: string, data: Readonly<Record<string, unknown>>): void {
    void this.#parts.scribe.write({ kind: 'alert', who, sentence, data })
  }

  #save(): void {
    this.#store.save(() => this.#book.kept((channel, key) => this.#channels.get(channel)?.queue.holds(key) ?? false))
  }

  #site(): string {
    return this.#parts.settings().site
  }
}

function newId(): string {
  return Buffer.from(unpredictableBytes(12)).toString('hex')
}

/** The incident that is open, by what the incident room writes down. */
function openIncident({ data }: JournalEntry, before: string | null): string | null {
  const { incidentId, change } = (typeof data === 'object' && data !== null ? data : {}) as { readonly incidentId?: unknown; readonly change?: unknown }
  if (typeof incidentId !== 'string') return before
  if (change === 'opened') return incidentId.slice(0, 40)
  return (change === 'closed' || change === 'merged' || change === 'deleted') && incidentId === before ? null : before
}
