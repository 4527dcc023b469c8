/** Requests of access logs as live learning would take them: rates by the minute, and rows with the word of hindsight, so many an hour. */
import type { LearnedFile, LearnSummary } from '../contract/log-learning.ts'
import { sampleFields, sampleFlags } from '../contract/sample.ts'
import { behavesLikeVisitor } from '../controlplane/evidence.ts'
import { isGzip, readLogFile } from '../controlplane/learn/log-file.ts'
import { type LoggedRequest, LogLineReader } from '../controlplane/learn/log-line.ts'
import { MinuteCounts } from '../controlplane/learn/minute-counts.ts'
import { SeededRandom } from '../kernel/random.ts'
import { HOUR_MS, SECOND_MS } from '../kernel/units.ts'
import { type LoggedTraffic, LogTap } from './logged-traffic.ts'

/** As live learning offers (traffic-observer.ts): one row in seven seconds. */
const ROWS_PER_HOUR = 512
/** A client's sub-resources have come by then; live learning waits as long (the window). */
const HINDSIGHT_MS = 10 * SECOND_MS
const MOST_WAITING_ROWS = 4_096
/** Back in time by more than this: another log of the same days; its clients are counted anew. */
const OTHER_LOG_MS = HOUR_MS
const BAD_SAMPLES = 8
const FLAGS = sampleFields.indexOf('flags')

interface WaitingRow {
  readonly atWallMs: number
  readonly words: Uint32Array
  readonly slot: number
  readonly mark: number
}

export class LogLearner {
  lines = 0
  requests = 0
  badLines = 0
  rows = 0
  fromWallMs: number | null = null
  toWallMs: number | null = null
  readonly badSamples: Array<LearnSummary['badSamples'][number]> = []
  readonly #receiveRow: (wallMs: number, words: Uint32Array) => void
  readonly #traffic: LoggedTraffic
  readonly #minutes = new MinuteCounts()
  readonly #reader = new LogLineReader()
  // Its own seed: the same logs always give the same baseline.
  readonly #random = new SeededRandom(1_998)
  readonly #tap = new LogTap(this.#random)
  readonly #waiting: WaitingRow[] = []
  #waitingFrom = 0
  #nowMs = 0
  #hour = Number.NaN
  #hourLines = 0
  #lastHourLines = 0
  #rowShare = 1
  readonly #all: boolean
  #addresses = 0
  #shortened = 0

  /** `all`: every request becomes a row, where a log is small and its times say nothing. */
  constructor(traffic: LoggedTraffic, receiveRow: (wallMs: number, words: Uint32Array) => void, all = false) {
    this.#all = all
    this.#traffic = traffic
    this.#receiveRow = receiveRow
  }

  /** Share of the addresses that end in .0 or in :: */
  get shortened(): number {
    return this.#addresses < 100 ? 0 : this.#shortened / this.#addresses
  }

  get unreadable(): number {
    return this.lines === 0 ? 0 : this.badLines / this.lines
  }

  async file(file: string, bytes: number, onProgress: (bytes: number) => void): Promise<LearnedFile> {
    const [linesBefore, badBefore] = [this.lines, this.badLines]
    const formats = new Set<string>()
    const trouble = await readLogFile(file, {
      onProgress,
      onLongLine: (line) => {
        this.lines++
        this.#bad(file, line, 'the line is longer than 64 KiB', '')
      },
      onLine: (text, line) => {
        this.lines++
        const problem = this.#reader.read(text) ?? this.learn(this.#reader.request)
        if (problem === null) formats.add(this.#reader.format)
        else this.#bad(file, line, problem, text)
        return true
      },
    })
    this.settle()
    return { file, bytes, lines: this.lines - linesBefore, badLines: this.badLines - badBefore, format: `${[...formats].join(' and ') || 'unknown'}${isGzip(file) ? ', gzip' : ''}`, trouble: trouble ?? '' }
  }

  /** Returns what is wrong with the request, or null. */
  learn(logged: LoggedRequest): string | null {
    const at = logged.atWallMs
    if (at < Date.UTC(1995, 0) || at > Date.UTC(2200, 0)) return `the year of its time is ${new Date(at).getUTCFullYear()}`
    if (at < this.#nowMs - OTHER_LOG_MS) {
      this.settle()
      this.#traffic.forget()
      this.#nowMs = at
    }
    this.#nowMs = Math.max(this.#nowMs, at)
    if (!this.#minutes.add(at, logged.standsFor)) return 'its time is far from that of all others'
    this.requests += logged.standsFor
    this.fromWallMs = Math.min(this.fromWallMs ?? at, at)
    this.toWallMs = Math.max(this.toWallMs ?? at, at)
    this.#pace(at)
    this.#settle(this.#nowMs - HINDSIGHT_MS)
    const request = this.#traffic.arrive(logged, this.#nowMs)
    if (request.client.high !== 0) {
      this.#addresses++
      if (request.client.family === 4 ? (request.client.high & 255) === 0 : request.client.text.endsWith('::')) this.#shortened++
    }
    // What Polder's own rules refused in that time is no part of normal.
    if (this.#random.next() < this.#rowShare && !logged.reason.startsWith('rule-') && this.#waiting.length - this.#waitingFrom < MOST_WAITING_ROWS) {
      this.#tap.see(request, this.#traffic, this.#nowMs, request.visitorClass === 'known' ? sampleFlags.exemptPath : 0)
      const { words } = this.#tap.take(this.#nowMs)
      this.#waiting.push({ atWallMs: at, words, slot: request.sourceSlot, mark: this.#traffic.sources.markOf(request.sourceSlot) })
    }
    this.#traffic.answered(request, logged.status)
    return null
  }

  /** So many rows of each hour as live learning would offer, by the volume of the hour before; of the first hour, by what came so far. */
  #pace(at: number): void {
    const hour = Math.floor(at / HOUR_MS)
    if (hour !== this.#hour) {
      this.#lastHourLines = this.#hourLines
      this.#hour = hour
      this.#hourLines = 0
    }
    this.#hourLines++
    this.#rowShare = this.#all ? 1 : Math.min(1, ROWS_PER_HOUR / Math.max(1, this.#lastHourLines, this.#hourLines))
  }

  /** All that waits is learned. */
  settle(): void {
    this.#settle(Number.POSITIVE_INFINITY)
  }

  /** Rows older than that get the word of hindsight and are learned. */
  #settle(untilMs: number): void {
    const { sources } = this.#traffic
    while (this.#waitingFrom < this.#waiting.length && this.#waiting[this.#waitingFrom].atWallMs <= untilMs) {
      const { atWallMs, words, slot, mark } = this.#waiting[this.#waitingFrom++]
      if (sources.holds(slot, mark) && behavesLikeVisitor(sources.requests(slot), sources.pages(slot), sources.statics(slot), sources.echoes(slot))) words[FLAGS] |= sampleFlags.provenLater
      this.#receiveRow(atWallMs, words)
      this.rows++
    }
    if (this.#waitingFrom > 1_024) {
      this.#waiting.splice(0, this.#waitingFrom)
      this.#waitingFrom = 0
    }
  }

  /** The whole minutes, in order of time. */
  finish(receiveMinute: (wallMs: number, ratePerSecond: number) => void): { minutes: number; gaps: number; perSecond: LearnSummary['perSecond'] } {
    const rates: number[] = []
    const gaps = this.#minutes.eachWhole((wallMs, requests) => {
      rates.push(requests / 60)
      receiveMinute(wallMs, requests / 60)
    })
    rates.sort((a, b) => a - b)
    const at = (share: number): number => rates[Math.min(rates.length - 1, Math.floor(share * rates.length))] ?? 0
    return { minutes: rates.length, gaps, perSecond: { median: at(0.5), p95: at(0.95), busiestMinute: rates.at(-1) ?? 0 } }
  }

  /** The first few, then ever rarer ones, so that the samples come from all over. */
  #bad(file: string, line: number, why: string, text: string): void {
    this.badLines++
    const sample = { file, line, why, text: text.slice(0, 160) }
    if (this.badSamples.length < BAD_SAMPLES) this.badSamples.push(sample)
    else if (this.#random.next() < BAD_SAMPLES / this.badLines) this.badSamples[BAD_SAMPLES / 2 + this.#random.below(BAD_SAMPLES / 2)] = sample
  }
}
