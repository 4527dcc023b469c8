/**
 * `polder learn`: fills the baseline from access logs, so that a new shield knows its site on the first day. Same hashes, same counters, same sample sizes
 * as live learning. Flat memory, one pass; nothing is written before everything was read. Bad lines are counted, never fatal.
 * A log of a flood would teach the flood: the operator is told to leave such days out, and each hour's rates are trimmed as in live learning.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import type { BaselineSize, LearnedFile, LearnProgress, LearnSummary } from '../contract/log-learning.ts'
import { sampleFields, sampleFlags } from '../contract/sample.ts'
import { Baseline } from '../controlplane/detection/baseline.ts'
import { type SavedBaseline, parseBaseline, serialiseBaseline } from '../controlplane/detection/baseline-file.ts'
import { behavesLikeVisitor } from '../controlplane/evidence.ts'
import { isGzip, readLogFile, storedBytes } from '../controlplane/learn/log-file.ts'
import { LogLineReader } from '../controlplane/learn/log-line.ts'
import { MinuteCounts } from '../controlplane/learn/minute-counts.ts'
import type { Clock } from '../kernel/clock.ts'
import { SeededRandom } from '../kernel/random.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.ts'
import { BASELINE_FILE, LEARNED_FILE } from './data-files.ts'
import { featureKey, readFeatureKey } from './feature-key.ts'
import { hostOfReferer, LoggedTraffic, LogTap } from './logged-traffic.ts'

/** As live learning offers (traffic-observer.ts): one row in seven seconds. */
const ROWS_PER_MINUTE = 512 / 60
/** A client's sub-resources have come by then; live learning waits as long (the window). */
const HINDSIGHT_MS = 10 * SECOND_MS
const MOST_WAITING_ROWS = 4_096
/** Back in time by more than this: another log of the same days; its clients are counted anew. */
const OTHER_LOG_MS = HOUR_MS
const SOURCE_SLOTS = 2 ** 20
const BAD_SAMPLES = 8
const PEEKED_LINES = 2_000
/** A host named by so much of the referers is the site itself: most referers of a site are its own pages. */
const OWN_HOST_SHARE = 0.3
const FLAGS = sampleFields.indexOf('flags')

export interface LearnOptions {
  readonly files: readonly string[]
  readonly settings: Settings
  /** Own host names, over those of the settings. */
  readonly hosts: readonly string[]
  readonly dryRun: boolean
  readonly shieldRuns: boolean
  readonly clock: Clock
  onProgress(progress: LearnProgress): void
}

interface WaitingRow {
  readonly atWallMs: number
  readonly words: Uint32Array
  readonly slot: number
  readonly mark: number
}

/** @throws Error when a file cannot be opened, or no line of any could be read. */
export async function learnFromLogs(options: LearnOptions): Promise<LearnSummary> {
  const started = options.clock.monotonicMs()
  const notes: string[] = []
  const peeked = await peek(options.files)
  const hosts = options.hosts.length > 0 ? options.hosts : options.settings.hosts.length > 0 ? options.settings.hosts : peeked.hosts
  if (hosts.length === 0) notes.push('the site\'s own name is not known, so visitors who come from its own pages look like strangers: give --host NAME, or hosts in the settings')
  const { dataDir } = options.settings
  const key = options.dryRun ? (readFeatureKey(dataDir) ?? 0) : featureKey(dataDir, (trouble) => notes.push(trouble))
  const target = join(dataDir, options.shieldRuns ? LEARNED_FILE : BASELINE_FILE)
  const saved = readSaved(target, key, notes)
  const before = sizeOf(saved.baseline)
  const learner = new Learner(saved.baseline, new LoggedTraffic({ featureKey: key, routes: options.settings.routes, hosts, sourceSlots: SOURCE_SLOTS }))
  const totalBytes = peeked.files.reduce((sum, { bytes }) => sum + bytes, 0)
  let doneBytes = 0
  const files: LearnedFile[] = []
  for (const { file, bytes } of peeked.files) {
    files.push(await learner.file(file, bytes, (read) => options.onProgress({ doneBytes: doneBytes + read, totalBytes, lines: learner.lines, file })))
    doneBytes += bytes
    options.onProgress({ doneBytes, totalBytes, lines: learner.lines, file })
  }
  if (learner.requests === 0) throw new Error(`no line could be read as a request${learner.badSamples.length === 0 ? '' : `; the first: ${learner.badSamples[0].why}`}`)
  const { minutes, gaps, perSecond } = learner.finish()
  if (learner.shortened > 0.9) notes.push('addresses in these logs are shortened (they end in .0 or ::): what clients of one network do counts together, so page-only clients are seen less often than they are')
  if (learner.unreadable > 0.2) notes.push('more than one line in five could not be read: is this an access log in combined or JSON format?')
  if (!options.dryRun) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    writeFileSync(`${target}.new`, serialiseBaseline(saved.baseline, key), { mode: 0o600 })
    renameSync(`${target}.new`, target)
  }
  return {
    files, before, minutes, gaps, perSecond, hosts, notes,
    lines: learner.lines, requests: learner.requests, badLines: learner.badLines, badSamples: learner.badSamples,
    fromWallMs: learner.fromWallMs, toWallMs: learner.toWallMs, rows: learner.rows,
    after: sizeOf(saved.baseline),
    writtenTo: options.dryRun ? '' : target,
    shieldRuns: options.shieldRuns,
    seconds: (options.clock.monotonicMs() - started) / SECOND_MS,
  }
}

class Learner {
  lines = 0
  requests = 0
  badLines = 0
  rows = 0
  fromWallMs: number | null = null
  toWallMs: number | null = null
  readonly badSamples: Array<LearnSummary['badSamples'][number]> = []
  readonly #baseline: Baseline
  readonly #traffic: LoggedTraffic
  readonly #minutes = new MinuteCounts()
  readonly #reader = new LogLineReader()
  // Its own seed: the same logs always give the same baseline.
  readonly #random = new SeededRandom(1_998)
  readonly #tap = new LogTap(this.#random)
  readonly #waiting: WaitingRow[] = []
  #waitingFrom = 0
  #nowMs = 0
  #minute = Number.NaN
  #minuteLines = 0
  #rowShare = 1
  #addresses = 0
  #shortened = 0

  constructor(baseline: Baseline, traffic: LoggedTraffic) {
    this.#baseline = baseline
    this.#traffic = traffic
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
        const problem = this.#reader.read(text) ?? this.#learn()
        if (problem === null) formats.add(this.#reader.format)
        else this.#bad(file, line, problem, text)
        return true
      },
    })
    this.#settle(Number.POSITIVE_INFINITY)
    return { file, bytes, lines: this.lines - linesBefore, badLines: this.badLines - badBefore, format: `${[...formats].join(' and ') || 'unknown'}${isGzip(file) ? ', gzip' : ''}`, trouble: trouble ?? '' }
  }

  /** The line in the reader. Returns what is wrong with it, or null. */
  #learn(): string | null {
    const logged = this.#reader.request
    const at = logged.atWallMs
    if (at < Date.UTC(1995, 0) || at > Date.UTC(2200, 0)) return `the year of its time is ${new Date(at).getUTCFullYear()}`
    if (at < this.#nowMs - OTHER_LOG_MS) {
      this.#settle(Number.POSITIVE_INFINITY)
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

  /** So many rows of each minute as live learning would offer, by the volume of the minute before. */
  #pace(at: number): void {
    const minute = Math.floor(at / MINUTE_MS)
    if (minute === this.#minute) {
      this.#minuteLines++
      return
    }
    this.#rowShare = Math.min(1, ROWS_PER_MINUTE / Math.max(1, this.#minuteLines))
    this.#minute = minute
    this.#minuteLines = 1
  }

  /** Rows older than that get the word of hindsight and are learned. */
  #settle(untilMs: number): void {
    const { sources } = this.#traffic
    while (this.#waitingFrom < this.#waiting.length && this.#waiting[this.#waitingFrom].atWallMs <= untilMs) {
      const { atWallMs, words, slot, mark } = this.#waiting[this.#waitingFrom++]
      if (sources.holds(slot, mark) && behavesLikeVisitor(sources.requests(slot), sources.pages(slot), sources.statics(slot), sources.echoes(slot))) words[FLAGS] |= sampleFlags.provenLater
      this.#baseline.learnRow(atWallMs, words)
      this.rows++
    }
    if (this.#waitingFrom > 1_024) {
      this.#waiting.splice(0, this.#waitingFrom)
      this.#waitingFrom = 0
    }
  }

  finish(): { minutes: number; gaps: number; perSecond: LearnSummary['perSecond'] } {
    const rates: number[] = []
    const gaps = this.#minutes.eachWhole((wallMs, requests) => {
      rates.push(requests / 60)
      this.#baseline.learnMinute(wallMs, requests / 60)
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

/** A look at the beginning of each file: when it starts, and whose site it is. Files in order of time. @throws when one cannot be opened. */
async function peek(files: readonly string[]): Promise<{ readonly files: ReadonlyArray<{ readonly file: string; readonly bytes: number }>; readonly hosts: readonly string[] }> {
  const reader = new LogLineReader()
  const referers = new Map<string, number>()
  let named = 0
  const starts: Array<{ file: string; bytes: number; at: number }> = []
  for (const file of files) {
    let at = Number.POSITIVE_INFINITY
    let lines = 0
    await readLogFile(file, {
      onProgress: () => {},
      onLongLine: () => {},
      onLine: (text) => {
        if (reader.read(text) === null) {
          at = Math.min(at, reader.request.atWallMs)
          const host = hostOfReferer(reader.request.referer)
          if (host !== '') {
            named++
            referers.set(host, (referers.get(host) ?? 0) + 1)
          }
        }
        return ++lines < PEEKED_LINES
      },
    })
    starts.push({ file, bytes: storedBytes(file), at })
  }
  starts.sort((a, b) => a.at - b.at)
  const [host, count] = [...referers].sort((a, b) => b[1] - a[1])[0] ?? ['', 0]
  return { files: starts, hosts: named >= 20 && count >= named * OWN_HOST_SHARE ? [host] : [] }
}

function readSaved(file: string, key: number, notes: string[]): SavedBaseline {
  const random = new SeededRandom(2_024)
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { baseline: new Baseline(random), featureKey: key }
  }
  try {
    const saved = parseBaseline(bytes, random)
    if (saved.featureKey === key >>> 0) return saved
    notes.push(`${file} was learned with another key and is of no use; it is replaced`)
  } catch (error) {
    notes.push(`${file} cannot be used (${(error as Error).message}); it is replaced`)
  }
  return { baseline: new Baseline(random), featureKey: key }
}

function sizeOf(baseline: Baseline): BaselineSize {
  return { minutes: baseline.minutesLearned, rows: baseline.rowsHeld, coldStart: baseline.coldStart }
}

