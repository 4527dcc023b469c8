/** A journal in memory and a shield that tells its seconds, for tests of the incident. */
import { join } from 'node:path'
import type { ControlView, RuleRecord } from '../../contract/control.ts'
import type { JournalDraft, JournalEntry } from '../../contract/journal.ts'
import type { ShieldState } from '../../contract/plan.ts'
import type { Reason } from '../../contract/reason.ts'
import type { ShieldSecond } from '../../contract/record.ts'
import type { Incident } from '../../contract/incident.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { RecordedLog } from '../../kernel/log.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { testFolder } from '../../kernel/test-folder.testing.ts'
import { MeasureMeter, usualSpans } from '../measure-meter.ts'
import type { Scribe } from '../room.ts'
import { IncidentRoom, type IncidentSettings } from './incident-room.ts'
import { incidentOptions } from './options.ts'

export const NOON = Date.UTC(2026, 10, 23, 12, 0, 0)

export class MemoryScribe implements Scribe {
  readonly kept: JournalEntry[] = []
  readonly #clock: SimulatedClock
  hear: (entry: JournalEntry) => void = () => {}
  /** The journal's disk and memory are used up. */
  full = false

  constructor(clock: SimulatedClock, kept: readonly JournalEntry[] = []) {
    this.#clock = clock
    this.kept.push(...kept)
  }

  write(draft: JournalDraft): Promise<JournalEntry> {
    const entry: JournalEntry = { ...(JSON.parse(JSON.stringify(draft)) as JournalDraft), seq: this.full ? 0 : (this.kept.at(-1)?.seq ?? 0) + 1, atWallMs: this.#clock.wallMs(), previous: '', hash: '' }
    if (this.full) return Promise.resolve(entry)
    this.kept.push(entry)
    this.hear(entry)
    return Promise.resolve(entry)
  }

  async *entries(fromSeq: number): AsyncIterable<JournalEntry> {
    for (const entry of this.kept) if (entry.seq >= fromSeq) yield entry
  }
}

export interface SecondWish {
  readonly state?: ShieldState | null
  readonly received?: number
  readonly ended?: Partial<Record<Reason, number>>
  readonly well?: boolean
  readonly bytesOut?: number
  readonly rules?: readonly RuleRecord[]
  readonly expectedPerSecond?: number | null
  readonly networks?: ControlView['networks']
}

export function ruleRecord(id: string, matched: number, positive = 0, upperShare = 0.001): RuleRecord {
  return {
    id, origin: 'automatic', sentence: `user agent "${id}"`, when: [], action: 'block', stage: 'active', dryRun: false, bornAtWallMs: NOON, expiresAtWallMs: null, who: 'polder', why: '',
    evidence: { gates: [], harm: { hits: 0, sampled: 1_000, upperShare, level: 0.0025 }, expectedPerSecond: 0, matchedPerSecond: 1, excessShare: 1 },
    since: { matched, positive, canaryTried: 0, canaryPassed: 0 }, history: [],
  }
}

/** One shield's record with a simulated clock; `restart` reads everything again from the disk and the journal. */
export class IncidentWorld {
  readonly clock = new SimulatedClock(NOON)
  readonly log = new RecordedLog()
  readonly dataDir: string
  scribe = new MemoryScribe(this.clock)
  settings: IncidentSettings = defaultsOf(incidentOptions)
  room: IncidentRoom
  #meter = new MeasureMeter({ watchZ: 6, ...usualSpans })
  #state: ShieldState = 'NORMAL'

  constructor(dataDir = testFolder('incident')) {
    this.dataDir = dataDir
    this.room = this.#make()
  }

  get folder(): string {
    return join(this.dataDir, 'incident')
  }

  /** As after kill -9: nothing is closed. */
  async restart(scribe = this.scribe): Promise<void> {
    await this.room.settled()
    this.scribe = scribe
    this.room = this.#make()
    await this.room.ready
  }

  #make(): IncidentRoom {
    const room = new IncidentRoom({ settings: () => this.settings, folder: this.folder, scribe: this.scribe, teller: { tell: () => {} }, clock: this.clock, log: this.log, version: '0' })
    this.scribe.hear = (entry) => room.hear(entry)
    return room
  }

  ask(question: string, asks: Record<string, unknown> = {}, who = 'ada'): Promise<Incident> {
    return this.room.answer(question, asks, who) as Promise<Incident>
  }

  async run(seconds: number, wish: SecondWish | ((index: number) => SecondWish)): Promise<void> {
    for (let i = 0; i < seconds; i++) await this.second(typeof wish === 'function' ? wish(i) : wish)
  }

  async second({ state = 'NORMAL', received = 40, ended, well, rules = [], expectedPerSecond = 40, bytesOut = received * 500, networks }: SecondWish): Promise<void> {
    this.clock.advanceMs(1_000)
    const atWallMs = this.clock.wallMs()
    const view: ControlView | null = state === null ? null : {
      atWallMs, state, stateSinceWallMs: 0, ratePerSecond: received, z: 0,
      expectation: expectedPerSecond === null ? { source: 'none', ratePerSecond: 0, medianLog: 0, madLog: 0 } : { source: 'all-hours', ratePerSecond: expectedPerSecond, medianLog: Math.log(expectedPerSecond), madLog: 0.1 },
      health: { strained: !(well ?? state === 'NORMAL'), critical: false, well: well ?? state === 'NORMAL', signs: [] },
      excess: networks === undefined ? null : { requests: received, perSecond: received, expectedPerSecond: 0, suspiciousPerSecond: received, rows: 1, judgedShare: 0, judgedRows: 0, echoShare: 0, echoRows: 0, top: null, newNetworkShare: 0, failingShare: 0 },
      ...(networks === undefined ? {} : { networks }),
      evidence: [], logLikelihood: 0, rules, candidates: [], baseline: { minutesLearned: 9_000, rows: 1, coldStart: false }, bytes: 1,
    }
    const second: ShieldSecond = {
      atWallMs, upstreams: [], view, events: [],
      traffic: { received, ended: ended ?? { 'served-fresh': received }, bytesOut, seconds: 1 },
      origin: [{ routeClass: 'page', admission: null, answers: { answers: 10, serverErrors: well === false ? 1 : 0, timeouts: 0, connectFailures: 0, latencyP50Ms: 20, latencyP99Ms: 90, shortRttMs: 1, longRttMs: 1 } }],
    }
    for (const measure of this.#meter.second(second, this.room.open !== null)) await this.scribe.write({ kind: 'measure', who: 'polder', sentence: 'a measure', data: measure })
    if (state !== null && state !== this.#state) {
      await this.scribe.write({ kind: 'state', who: 'polder', sentence: `${this.#state} to ${state}`, data: { atWallMs, code: 'x', sentence: '', from: this.#state, to: state } })
      this.#state = state
    }
    this.room.second(second)
    await this.room.settled()
  }

  /** Ten calm minutes, ten seconds of a flood before Polder sees it, `floodSeconds` of attack with the rules at work from the 21st second, calm. */
  async flood(floodSeconds = 120, calmSeconds = 40): Promise<void> {
    await this.run(600, {})
    await this.run(10, { received: 2_000, ended: { 'served-fresh': 1_000, 'queue-full': 1_000 }, well: false })
    await this.run(20, (i) => ({ state: 'ATTACK', received: 2_000, ended: { 'served-fresh': 1_000, 'queue-full': 900, 'rule-block': 100 }, well: false, rules: [ruleRecord('r-1', 100 * (i + 1))] }))
    await this.run(floodSeconds - 20, (i) => ({ state: 'ATTACK', received: 2_000, ended: { 'served-fresh': 30, 'served-origin': 10, 'rule-block': 1_960 }, well: true, rules: [ruleRecord('r-1', 2_000 + 1_960 * (i + 1), 2)] }))
    await this.run(calmSeconds, {})
  }
}
