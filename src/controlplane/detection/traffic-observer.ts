/**
 * Everything the control plane sees of the traffic, kept up to date tick by tick in fixed memory: windows, heavy values, client facts, the baseline
 * and the habits of calm times. It measures; it decides nothing. It learns only when told that all is calm.
 */
import { SAMPLE_WORDS, type SampleBatch } from '../../contract/sample.ts'
import type { Vitals } from '../../contract/vitals.ts'
import type { Random } from '../../kernel/random.ts'
import { MINUTE_MS } from '../../kernel/units.ts'
import { PROTECTED_FLAGS, fieldIndex } from '../evidence.ts'
import { sampleFlags } from '../../contract/sample.ts'
import { AttributeTops } from './attribute-tops.ts'
import { type Expectation, Baseline, expectationOfLastMinutes, noExpectation, zScore } from './baseline.ts'
import { type BaselineShares, measureBaselineShares } from './baseline-shares.ts'
import { ClientFacts } from './client-facts.ts'
import { type EvidenceInputs, type Verdict, weighEvidence } from './crowd-or-attack.ts'
import { type ExcessPicture, measureExcess } from './excess.ts'
import { orderRecords } from './intake.ts'
import { RequestWindow } from './request-window.ts'
import { SeenNetworks } from './seen-networks.ts'
import { TextStore } from './text-store.ts'
import { RateWindows } from './windows.ts'

/** Records taken per tick: all of them tell what clients turned out to be, 2,048 (any mix to 2 %) feed the heavy-value sketches, 1,024 become rows. */
const MOST_RECORDS = 4_096
const SKETCHED_RECORDS = 2_048
/** One row for the baseline every so many ticks: 512 an hour (baseline.ts: sample memory). */
const LEARN_EVERY_TICKS = 7
/** Rows a tick on the first day: half a minute then fills an hour's sample, so that at least the back of the queue can be asked for. */
const LEARN_COLD = 4
/** Calm ticks before anything is learned: as long as the window, so that no row of the trouble itself is taken. */
const CALM_TICKS = 12
const NETWORKS_PER_TICK = 32
/** Share of the traffic a value needs to be looked at. */
const HEAVY_SHARE = 0.03
const RATE_SECONDS = 3
/** Reasons that are the client's doing and no visitor's browser's. */
const faults = ['bad-request', 'header-too-large', 'header-timeout', 'body-timeout', 'body-too-slow', 'reader-too-slow', 'connection-limit', 'h2-abuse', 'version-not-supported'] as const

const TRUSTED = PROTECTED_FLAGS | sampleFlags.validClearance

export class TrafficObserver {
  readonly window = new RequestWindow()
  readonly texts = new TextStore()
  baseline: Baseline
  readonly #tops = new AttributeTops()
  readonly #facts = new ClientFacts()
  readonly #rates = new RateWindows()
  readonly #networks = new SeenNetworks()
  #shares: BaselineShares
  #sharesMinute = Number.NaN
  #tick = 0
  #calmTicks = 0
  #calmRate = -1
  #calmPagesPerClient = 0
  #calmNewNetworkShare = 0.5
  #minute = Number.NaN
  #minuteRequests = 0
  #minuteSeconds = 0
  #minuteCalm = false
  #sampleWeight = 1
  #faultShare = 0

  constructor(random: Random, baseline?: Baseline) {
    this.baseline = baseline ?? new Baseline(random)
    this.#shares = measureBaselineShares(this.baseline)
  }

  get tick(): number {
    return this.#tick
  }

  get shares(): BaselineShares {
    return this.#shares
  }

  get bytes(): number {
    return this.window.bytes + this.#tops.bytes + this.#facts.bytes + this.baseline.bytes
  }

  /**
   * One tick of traffic. `calm`: learn who asks for what from what leaves the window. `wellServed`: the origin copes, so the amount is learned (trimmed)
   * even while it stands out; else a site that grew for good would be watched for ever.
   */
  observe(nowWallMs: number, seconds: number, batches: readonly SampleBatch[], vitals: readonly Vitals[], calm: boolean, wellServed: boolean): void {
    this.#tick++
    for (const batch of batches) this.texts.learn(batch.strings)
    const { seen, words, records } = orderRecords(batches, MOST_RECORDS, this.#tick)
    this.#calmTicks = calm ? this.#calmTicks + 1 : 0
    if (this.#calmTicks >= CALM_TICKS) this.#learnRows(nowWallMs)
    const sketched = Math.min(records, SKETCHED_RECORDS)
    this.#sampleWeight = sketched === 0 ? 1 : seen / sketched
    this.window.begin(this.#tick, seconds, seen)
    this.#tops.begin()
    for (let i = 0; i < records; i++) this.#learnClient(words, i * SAMPLE_WORDS)
    for (let i = 0; i < sketched; i++) {
      this.#tops.add(words, i * SAMPLE_WORDS, this.#sampleWeight)
      this.window.add(words, i * SAMPLE_WORDS)
    }
    this.window.judge(this.#facts, this.#tick)
    this.#rates.push(seen, seconds)
    this.#faultShare = shareOfFaults(vitals)
    this.#learnRates(nowWallMs, seen, seconds, wellServed)
  }

  #learnClient(words: Uint32Array, offset: number): void {
    const trusted = (words[offset + fieldIndex.flags] & TRUSTED) !== 0
    this.#facts.see(words[offset + fieldIndex.clientKey], this.#tick, words[offset + fieldIndex.clientRequests], words[offset + fieldIndex.clientPages], words[offset + fieldIndex.clientStatics], words[offset + fieldIndex.clientEchoes], trusted)
  }

  expectation(nowWallMs: number): Expectation {
    const known = this.baseline.expectedAt(nowWallMs)
    if (known.source !== 'none') return known
    return this.#calmRate < 0 ? noExpectation : expectationOfLastMinutes(this.#calmRate)
  }

  get ratePerSecond(): number {
    return this.#rates.ratePerSecond(RATE_SECONDS)
  }

  /** Standard deviations above the expected; 0 while nothing is expected. */
  zScore(expectation: Expectation): number {
    return expectation.source === 'none' ? 0 : zScore(this.ratePerSecond, RATE_SECONDS, expectation)
  }

  heavyValues(): ReturnType<AttributeTops['heavyValues']> {
    return this.#tops.heavyValues(HEAVY_SHARE)
  }

  heavyRanges(): ReturnType<AttributeTops['heavyRanges']> {
    return this.#tops.heavyRanges(HEAVY_SHARE)
  }

  measureExcess(expectation: Expectation): ExcessPicture {
    const expected = expectation.source === 'none' ? this.window.seen() / Math.max(this.window.seconds(), 1e-9) : expectation.ratePerSecond
    return measureExcess(this.window, this.baseline, this.#shares, expected, this.heavyValues(), this.#networks)
  }

  weighEvidence(excess: ExcessPicture, canary: { tried: number; passed: number }): Verdict {
    const thin = this.#sampleWeight > 1.5 // repeats of one client are lost in a thin sample
    const before = this.#rates.ratePerSecond(50, 10)
    const inputs: EvidenceInputs = {
      excess,
      normalJudgedShare: this.#shares.judged,
      normalProvenShare: this.#shares.proven,
      normalEchoShare: this.#shares.echoing,
      pagesPerClient: thin ? 0 : this.#tops.pagesPerClient(),
      calmPagesPerClient: this.#calmPagesPerClient,
      ramp: before > 0 ? this.#rates.ratePerSecond(10) / before : 0,
      calmNewNetworkShare: this.#calmNewNetworkShare,
      clientFaultShare: this.#faultShare,
      canaryTried: canary.tried,
      canaryPassed: canary.passed,
      textOf: this.texts.textOf,
    }
    return weighEvidence(inputs)
  }

  #learnRows(nowWallMs: number): void {
    let taken = 0
    const wanted = this.baseline.coldStart ? LEARN_COLD : this.#tick % LEARN_EVERY_TICKS === 0 ? 1 : 0
    this.window.takeOldest(NETWORKS_PER_TICK, (words) => {
      if (taken++ < wanted) this.baseline.learnRow(nowWallMs, words)
      const [family, high, low] = [words[fieldIndex.family], words[fieldIndex.addressHigh], words[fieldIndex.addressLow]]
      this.#calmNewNetworkShare += ((this.#networks.has(family, high, low) ? 0 : 1) - this.#calmNewNetworkShare) / 2_000
      this.#networks.add(family, high, low, nowWallMs)
    })
    if (this.#sampleWeight <= 1.5) {
      const pages = this.#tops.pagesPerClient()
      if (pages > 0) this.#calmPagesPerClient = this.#calmPagesPerClient === 0 ? pages : this.#calmPagesPerClient + (pages - this.#calmPagesPerClient) / 300
    }
  }

  /** Whole minutes in which the origin coped, at the minute's own time. */
  #learnRates(nowWallMs: number, seen: number, seconds: number, wellServed: boolean): void {
    if (this.#calmTicks >= CALM_TICKS) this.#calmRate = this.#rates.calmRatePerSecond(0)
    const minute = Math.floor(nowWallMs / MINUTE_MS)
    if (minute !== this.#minute) {
      if (this.#minuteCalm && this.#minuteSeconds >= 30) this.baseline.learnMinute(this.#minute * MINUTE_MS, this.#minuteRequests / this.#minuteSeconds)
      this.#minute = minute
      this.#minuteRequests = this.#minuteSeconds = 0
      this.#minuteCalm = true
      this.#refreshShares(minute)
    }
    this.#minuteRequests += seen
    this.#minuteSeconds += seconds
    if (!wellServed) this.#minuteCalm = false
  }

  /** New with every hour of sample, not with every row: the shares move slowly. */
  #refreshShares(minute: number): void {
    if (minute - this.#sharesMinute < (this.baseline.coldStart ? 1 : 10)) return
    this.#sharesMinute = minute
    this.#shares = measureBaselineShares(this.baseline)
  }
}

function shareOfFaults(vitals: readonly Vitals[]): number {
  let received = 0
  let faulty = 0
  for (const v of vitals) {
    received += v.received
    for (const reason of faults) faulty += v.ended[reason] ?? 0
  }
  return received === 0 ? 0 : Math.min(1, faulty / received)
}
