/**
 * Sends what happens to every open page (server-sent events, HTML Living Standard section 9.2). Each message is made into bytes once, whatever the number of pages.
 * A page that reads too slowly gets fewer seconds, always the newest; it never holds more than a bounded backlog, and is cut when it reads nothing for half a minute.
 * What was missed while reconnecting is sent again from a bounded memory of events and acts; missed points come from history.
 */
import type { LiveMessages, Presence } from '../../contract/console.ts'
import type { Clock } from '../../kernel/clock.ts'
import { SECOND_MS } from '../../kernel/units.ts'

const HEARTBEAT_MS = 10 * SECOND_MS
const MOST_REMEMBERED = 512
/** A page that was not here before gets this many of them. */
const MOST_AT_FIRST = 100
/** Waiting in one page's connection; above it seconds are left out. */
const SLOW_BYTES = 262_144
/** Above it, events too: the page loads itself anew from history. */
const MOST_BYTES = 2 * 1_048_576
const STUCK_MS = 30 * SECOND_MS
const LONGEST_LOOKING = 80
const RETRY_MS = 2_000

/** What a page's connection must be able to do: an http.ServerResponse does. */
export interface LiveSink {
  readonly writableLength: number
  write(bytes: Uint8Array): boolean
  end(): unknown
  destroy(): unknown
}

export interface LivePage {
  readonly name: string
  /** Sessions that end, end their pages. */
  readonly sessionId: string
  close(): void
}

interface Page {
  readonly name: string
  readonly sessionId: string
  readonly sink: LiveSink
  readonly sinceWallMs: number
  lookingAt: string
  skipped: number
  slowSinceMs: number
}

export class LiveHub {
  readonly #clock: Clock
  /** Ids of another run mean nothing here. */
  readonly #run: string
  readonly #pages = new Set<Page>()
  #remembered: Array<{ readonly seq: number; readonly bytes: Buffer }> = []
  #seq = 0
  #second: Buffer | null = null
  #writtenAtMs: number
  #presence = ''

  constructor(clock: Clock, run: string) {
    this.#clock = clock
    this.#run = run
    this.#writtenAtMs = clock.monotonicMs()
  }

  get size(): number {
    return this.#pages.size
  }

  /** Seconds left out for slow pages, now. */
  get skipped(): number {
    let sum = 0
    for (const page of this.#pages) sum += page.skipped
    return sum
  }

  /** `lastId` '' for a page that was not here before. */
  open(who: { readonly name: string; readonly sessionId: string }, sink: LiveSink, lastId: string): LivePage {
    const page: Page = { ...who, sink, sinceWallMs: this.#clock.wallMs(), lookingAt: '', skipped: 0, slowSinceMs: 0 }
    sink.write(Buffer.from(`retry: ${RETRY_MS}\n\n`))
    const [run, seq] = lastId.split('-')
    const missed = run === this.#run && /^\d{1,15}$/.test(seq ?? '') ? this.#remembered.filter((one) => one.seq > Number(seq)) : this.#remembered.slice(-MOST_AT_FIRST)
    // The newest id last, so that the next reconnection asks for what comes after it.
    if (this.#second !== null) sink.write(this.#second)
    for (const one of missed) sink.write(one.bytes)
    this.#pages.add(page)
    this.#tellPresence()
    return {
      ...who,
      close: () => {
        if (this.#pages.delete(page)) this.#tellPresence()
      },
    }
  }

  looking(sessionId: string, at: string): void {
    let changed = false
    for (const page of this.#pages) {
      if (page.sessionId !== sessionId) continue
      page.lookingAt = at.slice(0, LONGEST_LOOKING)
      changed = true
    }
    if (changed) this.#tellPresence()
  }

  /** Returns the number it was given. */
  second(make: (seq: number) => LiveMessages['second']): void {
    const seq = ++this.#seq
    const bytes = this.#message('second', make(seq), seq)
    this.#second = bytes
    this.#sendEach(bytes, true)
  }

  send<K extends 'event' | 'acted' | 'silent'>(kind: K, data: LiveMessages[K]): void {
    const seq = ++this.#seq
    const bytes = this.#message(kind, data, seq)
    if (kind !== 'silent') {
      this.#remembered.push({ seq, bytes: ownBytes(bytes) })
      if (this.#remembered.length > MOST_REMEMBERED) this.#remembered.shift()
    }
    this.#sendEach(bytes, kind === 'silent')
  }

  /** Once a second: heartbeats, pages that are stuck, pages whose session has ended. */
  tick(isGood: (sessionId: string) => boolean): void {
    const now = this.#clock.monotonicMs()
    for (const page of this.#pages) {
      if (!isGood(page.sessionId)) {
        this.#part(page, 'the session ended: sign in again')
        continue
      }
      if (page.sink.writableLength === 0) page.slowSinceMs = 0
      else if (page.slowSinceMs === 0) page.slowSinceMs = now
      else if (now - page.slowSinceMs > STUCK_MS) this.#drop(page)
    }
    if (now - this.#writtenAtMs >= HEARTBEAT_MS) this.#sendEach(Buffer.from(': here\n\n'), true)
  }

  endSession(sessionId: string): void {
    for (const page of this.#pages) if (page.sessionId === sessionId) this.#part(page, 'signed out')
  }

  close(): void {
    for (const page of this.#pages) this.#part(page, 'this Polder is ending; the page comes back by itself when the next one serves')
  }

  presence(): readonly Presence[] {
    const found = new Map<string, Presence>()
    for (const { name, sinceWallMs, lookingAt } of this.#pages) {
      const old = found.get(name)
      if (old === undefined || (lookingAt !== '' && old.lookingAt === '')) found.set(name, { name, sinceWallMs: Math.min(sinceWallMs, old?.sinceWallMs ?? sinceWallMs), lookingAt })
    }
    return [...found.values()].sort((a, b) => a.sinceWallMs - b.sinceWallMs)
  }

  #tellPresence(): void {
    const now = JSON.stringify(this.presence())
    if (now === this.#presence) {
      // A page more of somebody who is here already: only it must hear.
      const newest = [...this.#pages].at(-1)
      newest?.sink.write(this.#message('presence', this.presence(), this.#seq))
      return
    }
    this.#presence = now
    this.#sendEach(this.#message('presence', this.presence(), this.#seq), false)
  }

  #message<K extends keyof LiveMessages>(kind: K, data: LiveMessages[K], seq: number): Buffer {
    // JSON has no line end of its own, so one data line carries it, whatever an attacker wrote.
    return Buffer.from(`id: ${this.#run}-${seq}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  #sendEach(bytes: Buffer, mayBeSkipped: boolean): void {
    this.#writtenAtMs = this.#clock.monotonicMs()
    for (const page of this.#pages) {
      if (mayBeSkipped && page.sink.writableLength > SLOW_BYTES) page.skipped++
      else if (page.sink.writableLength > MOST_BYTES) this.#drop(page)
      else page.sink.write(bytes)
    }
  }

  #part(page: Page, sentence: string): void {
    if (page.sink.writableLength <= SLOW_BYTES) page.sink.write(this.#message('bye', { sentence }, this.#seq))
    this.#pages.delete(page)
    page.sink.end()
    this.#tellPresence()
  }

  #drop(page: Page): void {
    this.#pages.delete(page)
    page.sink.destroy()
    this.#tellPresence()
  }
}

/** Short buffers are cut from a pool (64 KiB in Node 24): one that is kept for hours would keep all of its pool. */
function ownBytes(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(own)
  return own
}
