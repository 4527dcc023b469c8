/**
 * What normal looks like here, hour by hour of the week: how much is asked, and a sample of what is asked and by whom.
 * Learns only while the shield is calm (a flood must not teach it that floods are normal), trims what stands out, forgets over weeks.
 * It may make the shield watch; it never makes it act: rate alone had false alarms on every benign trace tried (algorithms, section 0.4).
 * Median and MAD instead of mean and deviation, because one spike must not move them (Hampel 1974).
 */
import type { Expectation } from '../../contract/control.ts'
import { sampleFields, sampleFlags } from '../../contract/sample.ts'
import { countBits, markEqual, setBit, wordsForBits } from '../../kernel/bitset.ts'
import type { Random } from '../../kernel/random.ts'
import { HOUR_MS, MINUTE_MS } from '../../kernel/units.ts'
import type { RequestRows } from '../evidence.ts'
import { Reservoir } from './sketch/reservoir.ts'

export const HOURS_OF_WEEK = 168
/** 60 minutes of 8 weeks. */
export const MINUTES_PER_CELL = 480
export const SAMPLES_PER_HOUR = 128
/** Offers a stratum remembers: at about 512 an hour a quarter of it is renewed each week, so half of it is younger than about 2.4 weeks. */
const SAMPLE_MEMORY = 2_048
/** Minutes in a cell and its neighbours before it is trusted. */
const VALID_MINUTES = 60
/** Minutes of the all-hours profile: one day. */
const ALL_HOURS_MINUTES = 1_440
/** Below this the site's own spread is not believed (algorithms: floor MAD 0.15). */
const FLOOR_MAD = 0.15
/** MAD of a normal distribution times this is its standard deviation. */
const MAD_TO_SIGMA = 1.4826
/** Minutes above this quantile of their cell are learned as if they were it. */
const TRIM_QUANTILE = 0.99
/** One day: below it contrast with the baseline may not limit or block. */
const COLD_START_MINUTES = 1_440
const FLAGS = sampleFields.indexOf('flags')
const FAMILY = sampleFields.indexOf('family')
const ADDRESS_HIGH = sampleFields.indexOf('addressHigh')
const ADDRESS_LOW = sampleFields.indexOf('addressLow')
const CLIENT_KEY = sampleFields.indexOf('clientKey')
const MOST_EQUAL_COUNTS = 1_024

export type { Expectation }

export const noExpectation: Expectation = Object.freeze({ source: 'none', ratePerSecond: 0, medianLog: 0, madLog: FLOOR_MAD })

/** When the baseline knows nothing: the calm last minutes, with twice the floor as spread, because minutes do not know the day. */
export function expectationOfLastMinutes(ratePerSecond: number): Expectation {
  return { source: 'last-minutes', ratePerSecond, medianLog: Math.log1p(ratePerSecond), madLog: 2 * FLOOR_MAD }
}

/** Monday 00:00 UTC is 0. The Unix epoch was a Thursday. */
export function hourOfWeek(wallMs: number): number {
  return (Math.floor(wallMs / HOUR_MS) + 72) % HOURS_OF_WEEK
}

export class Baseline implements RequestRows {
  readonly shortAddresses = true
  readonly capacity = HOURS_OF_WEEK * SAMPLES_PER_HOUR
  readonly columns: readonly Uint32Array[] = sampleFields.map(() => new Uint32Array(HOURS_OF_WEEK * SAMPLES_PER_HOUR))
  readonly present = new Uint32Array(wordsForBits(HOURS_OF_WEEK * SAMPLES_PER_HOUR))
  /** log1p(requests per second) of single minutes, per hour of week. */
  readonly minuteLogs = new Float32Array(HOURS_OF_WEEK * MINUTES_PER_CELL)
  readonly minuteCounts = new Uint32Array(HOURS_OF_WEEK)
  readonly #strata: Reservoir[]
  /** 1: a full hour without rows from logs; there is nothing to look for. */
  readonly #logHoursDone = new Uint8Array(HOURS_OF_WEEK)
  readonly #equalCounts = new Map<number, number>()
  #trimHour = -1
  #trimLog = Number.POSITIVE_INFINITY
  #cachedMinute = Number.NaN
  #cached: Expectation = noExpectation

  constructor(random: Random) {
    this.#strata = Array.from({ length: HOURS_OF_WEEK }, () => new Reservoir(SAMPLES_PER_HOUR, random, SAMPLE_MEMORY))
  }

  get minutesLearned(): number {
    let sum = 0
    for (const count of this.minuteCounts) sum += count
    return sum
  }

  /** Less than a day known: honest ignorance, nothing is limited or blocked by contrast. */
  get coldStart(): boolean {
    return this.minutesLearned < COLD_START_MINUTES
  }

  get rowsHeld(): number {
    return this.#strata.reduce((sum, stratum) => sum + stratum.filled, 0)
  }

  /** One whole calm minute. */
  learnMinute(wallMs: number, ratePerSecond: number): void {
    if (!(ratePerSecond >= 0) || !Number.isFinite(ratePerSecond)) return
    const hour = hourOfWeek(wallMs)
    if (hour !== this.#trimHour) {
      this.#trimHour = hour
      const known = this.#pooled(hour)
      // Not before the cell is valid, or a site that grows in its first hour would never be believed. Once per hour, so that one hour cannot lift its own limit.
      this.#trimLog = known.length >= VALID_MINUTES ? quantile(known, TRIM_QUANTILE) + FLOOR_MAD : Number.POSITIVE_INFINITY
    }
    this.minuteLogs[hour * MINUTES_PER_CELL + (this.minuteCounts[hour] % MINUTES_PER_CELL)] = Math.min(Math.log1p(ratePerSecond), this.#trimLog)
    this.minuteCounts[hour]++
    this.#cachedMinute = Number.NaN
  }

  /** One request of calm traffic, as words of contract/sample.ts. */
  learnRow(wallMs: number, words: Uint32Array, offset = 0): void {
    const hour = hourOfWeek(wallMs)
    // What was seen live says more than what a log said, and takes its place.
    const live = (words[offset + FLAGS] & sampleFlags.fromLog) === 0
    let place = this.#strata[hour].offer()
    if (place < 0 && live) place = this.#logPlace(hour)
    if (place < 0) return
    if (!live) this.#logHoursDone[hour] = 0
    const row = hour * SAMPLES_PER_HOUR + place
    for (let field = 0; field < this.columns.length; field++) this.columns[field][row] = words[offset + field]
    this.#shortenAddress(row)
    setBit(this.present, row)
    this.#equalCounts.clear()
  }

  /** What is kept for weeks names no visitor: IPv4 /24, IPv6 /48, and no client key (Regulation (EU) 2018/1725 Art. 4, least data). */
  #shortenAddress(row: number): void {
    const ipv4 = this.columns[FAMILY][row] === 4
    if (ipv4) this.columns[ADDRESS_HIGH][row] &= 0xffffff00
    this.columns[ADDRESS_LOW][row] = ipv4 ? 0 : this.columns[ADDRESS_LOW][row] & 0xffff0000
    this.columns[CLIENT_KEY][row] = 0
  }

  #logPlace(hour: number): number {
    if (this.#logHoursDone[hour] === 1) return -1
    const flags = this.columns[FLAGS]
    for (let place = 0; place < SAMPLES_PER_HOUR; place++) if ((flags[hour * SAMPLES_PER_HOUR + place] & sampleFlags.fromLog) !== 0) return place
    this.#logHoursDone[hour] = 1
    return -1
  }

  /** Rows whose field holds the value. Remembered until a row is learned: in an incident nothing is, and the same values are asked for every tick. */
  countEqual(field: number, value: number): number {
    const key = field * 4_294_967_296 + value
    let count = this.#equalCounts.get(key)
    if (count === undefined) {
      count = countBits(markEqual(new Uint32Array(this.present.length), this.columns[field], value, this.present))
      if (this.#equalCounts.size >= MOST_EQUAL_COUNTS) this.#equalCounts.clear()
      this.#equalCounts.set(key, count)
    }
    return count
  }

  /** What is normal at that time. The answer holds for the minute and is kept that long. */
  expectedAt(wallMs: number): Expectation {
    const minute = Math.floor(wallMs / MINUTE_MS)
    if (minute !== this.#cachedMinute) {
      this.#cached = this.#expectedAt(wallMs)
      this.#cachedMinute = minute
    }
    return this.#cached
  }

  #expectedAt(wallMs: number): Expectation {
    const hour = this.#pooled(hourOfWeek(wallMs))
    if (hour.length >= VALID_MINUTES) return expectationOf('hour-of-week', hour)
    const all = this.#allHours()
    return all.length >= VALID_MINUTES ? expectationOf('all-hours', all) : noExpectation
  }

  /** The hour's minutes with those of its two neighbours, sorted. */
  #pooled(hour: number): Float32Array {
    const hours = [(hour + HOURS_OF_WEEK - 1) % HOURS_OF_WEEK, hour, (hour + 1) % HOURS_OF_WEEK]
    const counts = hours.map((h) => Math.min(this.minuteCounts[h], MINUTES_PER_CELL))
    const pooled = new Float32Array(counts[0] + counts[1] + counts[2])
    let filled = 0
    for (let i = 0; i < 3; i++) {
      pooled.set(this.minuteLogs.subarray(hours[i] * MINUTES_PER_CELL, hours[i] * MINUTES_PER_CELL + counts[i]), filled)
      filled += counts[i]
    }
    return pooled.sort()
  }

  /** Evenly thinned minutes of all hours, sorted. */
  #allHours(): Float32Array {
    const held = this.minuteCounts.reduce((sum, count) => sum + Math.min(count, MINUTES_PER_CELL), 0)
    const step = Math.max(1, Math.ceil(held / ALL_HOURS_MINUTES))
    const values: number[] = []
    for (let hour = 0; hour < HOURS_OF_WEEK; hour++) {
      for (let i = 0; i < Math.min(this.minuteCounts[hour], MINUTES_PER_CELL); i += step) values.push(this.minuteLogs[hour * MINUTES_PER_CELL + i])
    }
    return Float32Array.from(values).sort()
  }

  /** How often each stratum was offered a row; for saving and merging. */
  offeredPerHour(): Uint32Array {
    return Uint32Array.from(this.#strata, (stratum) => stratum.offered)
  }

  /** After the arrays were filled from a file. */
  resume(offered: Uint32Array): void {
    for (let hour = 0; hour < HOURS_OF_WEEK; hour++) {
      this.#strata[hour].resume(offered[hour])
      for (let i = 0; i < this.#strata[hour].filled; i++) setBit(this.present, hour * SAMPLES_PER_HOUR + i)
    }
    this.#cachedMinute = Number.NaN
    this.#equalCounts.clear()
  }

  get bytes(): number {
    return this.columns.length * this.capacity * 4 + this.present.byteLength + this.minuteLogs.byteLength + this.minuteCounts.byteLength
  }
}

/**
 * How many standard deviations a rate stands above what is expected, on the log scale. To the site's own spread comes the counting noise of
 * so many seconds (variance of log1p of a Poisson count, delta method), or a quiet site would be "watching" at every second visitor.
 */
export function zScore(ratePerSecond: number, seconds: number, expectation: Expectation): number {
  const sigma = Math.max(expectation.madLog, FLOOR_MAD) * MAD_TO_SIGMA
  const noise = 1 / (1 + expectation.ratePerSecond * Math.max(seconds, 1))
  return (Math.log1p(ratePerSecond) - expectation.medianLog) / Math.sqrt(sigma * sigma + noise)
}

function expectationOf(source: Expectation['source'], sorted: Float32Array): Expectation {
  const medianLog = quantile(sorted, 0.5)
  const deviations = sorted.map((value) => Math.abs(value - medianLog)).sort()
  return Object.freeze({ source, ratePerSecond: Math.expm1(medianLog), medianLog, madLog: Math.max(FLOOR_MAD, quantile(deviations, 0.5)) })
}

/** Of a sorted, non-empty array; linear between neighbours. */
function quantile(sorted: Float32Array, share: number): number {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below)
}
