/**
 * What waits for one channel, and its tries. One message is under way at a time; a receiver that hangs costs only its own deadline, and only its own channel.
 * A new word about a key replaces the one that still waits, so a long silence of the other side ends with what is true then, not with a backlog.
 * Failed tries come again after 2, 4, 8 … 300 s with jitter (AWS Architecture Blog, "Exponential Backoff And Jitter": equal jitter), until `giveUpMs`.
 * Beyond `stormMost` messages within `stormMs` the rest becomes one message that lists them; a quarter of the room is kept for what is critical.
 */
import type { ChannelState } from '../../contract/alert.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'
import { type AlertMessage, headline, severityRank, type Sender, type SendResult } from './message.ts'
import type { AlertSettings, ChannelSettings } from './options.ts'

const FIRST_RETRY_MS = 2_000
const LONGEST_RETRY_MS = 300_000
const LISTED = 20

/** Runs something later; the answer stops it. */
export type Later = (ms: number, run: () => void) => () => void

export interface QueueParts {
  readonly channel: ChannelSettings
  /** Made anew for every try; `trouble` '' : none, else why nothing can be sent. */
  open(): { readonly sender: Sender; readonly trouble: string }
  readonly settings: () => AlertSettings
  readonly clock: Clock
  readonly random: Random
  readonly later: Later
  /** A message was delivered, or is given up: after how many tries. */
  onEnd(message: AlertMessage, result: SendResult, tries: number): void
  newId(): string
}

interface Waiting {
  readonly message: AlertMessage
  readonly fromWallMs: number
  tries: number
}

export class ChannelQueue {
  readonly #parts: QueueParts
  #waiting: Waiting[] = []
  #underWay: Waiting | null = null
  #stopTry: (() => void) | null = null
  /** Of the messages that were sent within the storm's time. */
  #sentAt: number[] = []
  #stormed: AlertMessage[] = []
  #stormedMore = 0
  #wake: (() => void) | null = null
  #retryAtWallMs = 0
  #closed = false
  #sent = 0
  #failed = 0
  #lastSentAtWallMs: number | null = null
  #trouble: string | null
  #to: string

  constructor(parts: QueueParts) {
    this.#parts = parts
    const { sender, trouble } = parts.open()
    this.#to = sender.to
    this.#trouble = trouble === '' ? null : trouble
  }

  state(): ChannelState {
    const { channel } = this.#parts
    return {
      name: channel.name, kind: channel.kind, to: this.#to, sent: this.#sent, failed: this.#failed,
      waiting: this.#waiting.length + (this.#underWay === null ? 0 : 1) + this.#stormed.length + this.#stormedMore,
      lastSentAtWallMs: this.#lastSentAtWallMs, trouble: this.#trouble,
    }
  }

  /** What an earlier queue of the same channel knew, after a reload. */
  inherit(earlier: ChannelQueue): void {
    this.#sent = earlier.#sent
    this.#failed = earlier.#failed
    this.#lastSentAtWallMs = earlier.#lastSentAtWallMs
    this.#sentAt = earlier.#sentAt
    this.#stormed = earlier.#stormed
    this.#stormedMore = earlier.#stormedMore
    for (const one of [...(earlier.#underWay === null ? [] : [earlier.#underWay]), ...earlier.#waiting]) this.#waiting.push({ message: one.message, fromWallMs: one.fromWallMs, tries: 0 })
    this.#pump()
  }

  /** Whether something about this key is not delivered yet. */
  holds(key: string): boolean {
    return this.#underWay?.message.key === key || this.#waiting.some((one) => one.message.key === key) || this.#stormed.some((one) => one.key === key)
  }

  offer(message: AlertMessage): void {
    if (this.#closed) return
    const one: Waiting = { message, fromWallMs: this.#parts.clock.wallMs(), tries: 0 }
    const same = this.#waiting.findIndex((other) => other.message.key === message.key)
    if (same !== -1) {
      // A reminder of what was never told is no news.
      if (message.kind !== 'reminder') this.#waiting[same] = one
    } else {
      this.#waiting.push(one)
      if (this.#waiting.length > this.#parts.settings().queueMost) this.#dropLeast()
    }
    this.#pump()
  }

  /** A marked test, past the queue: it says what the other side says now. */
  async test(message: AlertMessage, withinMs: number): Promise<{ readonly ok: boolean; readonly sentence: string; readonly ms: number }> {
    const from = this.#parts.clock.monotonicMs()
    const result = await this.#attempt(message, withinMs, () => undefined)
    if (result.ok) this.#well()
    else this.#trouble = result.sentence
    return { ok: result.ok, sentence: result.sentence, ms: this.#parts.clock.monotonicMs() - from }
  }

  close(): void {
    this.#closed = true
    this.#wake?.()
    this.#stopTry?.()
  }

  #pump(): void {
    if (this.#closed || this.#underWay !== null) return
    this.#wake?.()
    this.#wake = null
    const now = this.#parts.clock.wallMs()
    // No wait is longer: the machine's clock was set back, and nobody is to wait for it to come round again.
    if (this.#retryAtWallMs - now > LONGEST_RETRY_MS) this.#retryAtWallMs = now
    if (now < this.#retryAtWallMs) return this.#sleep(this.#retryAtWallMs - now)
    const { stormMost, stormMs } = this.#parts.settings()
    this.#sentAt = this.#sentAt.filter((at) => at > now - stormMs && at <= now)
    const free = stormMost - this.#sentAt.length
    const reserve = Math.floor(stormMost / 4)
    while (this.#waiting.length > 0) {
      const next = this.#takeNext()
      if (next.tries > 0 || free > (next.message.severity === 'critical' ? 0 : reserve)) return this.#try(next)
      this.#holdBack(next.message)
    }
    if (this.#stormed.length === 0) return
    if (free > reserve) return this.#try({ message: this.#stormMessage(now), fromWallMs: now, tries: 0 })
    this.#sleep(this.#sentAt[Math.max(0, reserve - free)] + stormMs - now + 1)
  }

  /** The most severe first; within that, as they came. A message that was tried already keeps its place. */
  #takeNext(): Waiting {
    let best = 0
    this.#waiting.forEach((one, i) => {
      const other = this.#waiting[best]
      if (one.tries > 0 !== other.tries > 0 ? one.tries > 0 : severityRank[one.message.severity] > severityRank[other.message.severity]) best = i
    })
    return this.#waiting.splice(best, 1)[0]
  }

  #try(one: Waiting): void {
    this.#underWay = one
    one.tries++
    void this.#attempt(one.message, this.#parts.settings().timeoutMs, (stop) => {
      this.#stopTry = stop
    }).then((result) => {
      // What was under way when it was closed is not delivered, as far as anyone knows: `holds` goes on saying so.
      if (this.#closed) return
      this.#underWay = null
      this.#stopTry = null
      this.#judge(one, result)
    })
  }

  #judge(one: Waiting, result: SendResult): void {
    const now = this.#parts.clock.wallMs()
    if (result.ok) {
      this.#well()
      this.#sent++
      this.#lastSentAtWallMs = now
      this.#sentAt.push(now)
      this.#parts.onEnd(one.message, result, one.tries)
      return this.#pump()
    }
    this.#trouble = result.sentence
    const step = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(20, one.tries - 1))
    const waitMs = Math.max(result.afterMs ?? 0, step / 2 + (step / 2) * this.#parts.random.next())
    if (!result.retry || now + waitMs - one.fromWallMs > this.#parts.settings().giveUpMs) {
      this.#giveUp(one, result)
      // The other side refused this message; the next may be another matter, but not at once.
      this.#retryAtWallMs = now + FIRST_RETRY_MS
      return this.#pump()
    }
    const newer = this.#waiting.find((other) => other.message.key === one.message.key)
    if (newer === undefined) this.#waiting.unshift(one)
    this.#retryAtWallMs = now + waitMs
    this.#pump()
  }

  #giveUp(one: Waiting, result: SendResult): void {
    this.#failed++
    this.#parts.onEnd(one.message, result, one.tries)
  }

  #dropLeast(): void {
    let least = 0
    this.#waiting.forEach((one, i) => {
      if (severityRank[one.message.severity] < severityRank[this.#waiting[least].message.severity]) least = i
    })
    const [dropped] = this.#waiting.splice(least, 1)
    this.#giveUp(dropped, { ok: false, retry: false, sentence: `more than ${this.#parts.settings().queueMost} messages wait for this channel; ${this.#trouble ?? 'it is too slow'}` })
  }

  #holdBack(message: AlertMessage): void {
    if (this.#stormed.length < LISTED) this.#stormed.push(message)
    else this.#stormedMore++
  }

  #stormMessage(now: number): AlertMessage {
    const held = this.#stormed
    const more = this.#stormedMore
    this.#stormed = []
    this.#stormedMore = 0
    const worst = held.reduce((a, b) => (severityRank[b.severity] > severityRank[a.severity] ? b : a))
    return {
      id: this.#parts.newId(), kind: 'storm', key: 'storm', severity: worst.severity, title: `${held.length + more} more messages, held back because they were too many`,
      text: [...held.map((one) => `- ${headline(one)}`), ...(more > 0 ? [`- and ${more} more`] : []), '', 'All that is open now: polder alert open'].join('\n'),
      atWallMs: now, sinceWallMs: held[0].atWallMs, incidentId: worst.incidentId, site: worst.site,
    }
  }

  #well(): void {
    this.#trouble = null
    this.#retryAtWallMs = 0
  }

  #sleep(ms: number): void {
    this.#wake = this.#parts.later(ms, () => {
      this.#wake = null
      this.#pump()
    })
  }

  /** Never rejects, never takes longer than `withinMs`, even if the sender forgets the signal. */
  async #attempt(message: AlertMessage, withinMs: number, started: (stop: () => void) => void): Promise<SendResult> {
    const { sender, trouble } = this.#parts.open()
    this.#to = sender.to
    if (trouble !== '') return { ok: false, retry: true, sentence: trouble }
    const { later } = this.#parts
    const end = new AbortController()
    let cancel = (): void => undefined
    const late = new Promise<SendResult>((resolve) => {
      const stop = (sentence: string) => (): void => {
        end.abort()
        resolve({ ok: false, retry: true, sentence })
      }
      cancel = later(withinMs, stop(`no answer within ${Math.round(withinMs / 100) / 10} s`))
      started(stop('stopped'))
    })
    const sent = sender.send(message, end.signal).catch((error: Error): SendResult => ({ ok: false, retry: true, sentence: error.message }))
    const result = await Promise.race([sent, late])
    cancel()
    return result
  }
}
