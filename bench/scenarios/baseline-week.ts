/**
 * What Polder would have learned in a week of normal days: the suite's own everyday traffic, asked of nobody on a simulated clock for half an hour, its
 * requests read by the data plane's own features and its minutes dealt out over all hours of a week. Peers that can learn get the same traffic as warm-up.
 */
import { classOf, RouteTable } from '../../src/dataplane/routing/route-table.ts'
import { clientAddress } from '../../src/dataplane/edge/client-address.ts'
import { Features } from '../../src/dataplane/features.ts'
import { Request, type Reply } from '../../src/dataplane/request.ts'
import { Tap, type SourceCounts } from '../../src/dataplane/tap/tap.ts'
import { Baseline } from '../../src/controlplane/detection/baseline.ts'
import { serialiseBaseline } from '../../src/controlplane/detection/baseline-file.ts'
import { ClientFacts } from '../../src/controlplane/detection/client-facts.ts'
import { RequestWindow } from '../../src/controlplane/detection/request-window.ts'
import { fieldIndex } from '../../src/controlplane/evidence.ts'
import { SAMPLE_WORDS } from '../../src/contract/sample.ts'
import { everyday } from '../../src/drill/crowds/everyday.ts'
import { everydayShare } from '../../src/drill/scenarios.ts'
import { Schedule } from '../../src/drill/schedule.ts'
import { type DrillSite, type DrillSiteName, drillSites } from '../../src/drill/site.ts'
import type { Answer, Ask, Cohort, Seat, World } from '../../src/drill/world.ts'
import type { MonotonicMs } from '../../src/kernel/clock.ts'
import { SeededRandom } from '../../src/kernel/random.ts'
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/units.ts'

/** Of this drill's installation; a real one is drawn by chance. */
export const FEATURE_KEY = 0x0d1ce000
export const HOST = 'drill.test'
/** Monday 00:00 UTC, any. */
const MONDAY_MS = Date.UTC(2024, 5, 3)
const MINUTES = 30
const LEAD_SECONDS = 60

interface Counts {
  requests: number
  pages: number
  statics: number
  errors: number
  echoes: number
}

const learned = new Map<string, Uint8Array>()

export function baselineBytes(share: number, site: DrillSiteName = 'mock'): Uint8Array {
  const key = `${site} ${share}`
  let bytes = learned.get(key)
  if (bytes === undefined) {
    bytes = serialiseBaseline(learnWeek(share, drillSites[site]), FEATURE_KEY)
    learned.set(key, bytes)
  }
  return bytes
}

function learnWeek(share: number, site: DrillSite): Baseline {
  const world = new SilentWorld(new SeededRandom(7_777), site)
  everyday(world, (MINUTES * 60 + LEAD_SECONDS) * 1_000, everydayShare(share))
  const window = new RequestWindow(10, 256)
  const facts = new ClientFacts(32_768)
  const rows: Uint32Array[] = []
  let seen = 0
  for (let second = 1; second <= MINUTES * 60 + LEAD_SECONDS; second++) {
    const words = world.second(second)
    if (second > LEAD_SECONDS) {
      window.takeOldest(64, (row) => rows.push(row.slice()))
      seen += words.length / SAMPLE_WORDS
    }
    window.begin(second, 1, words.length / SAMPLE_WORDS)
    for (let at = 0; at < words.length; at += SAMPLE_WORDS) {
      window.add(words, at)
      facts.see(words[at + fieldIndex.clientKey], second, words[at + fieldIndex.clientRequests], words[at + fieldIndex.clientPages], words[at + fieldIndex.clientStatics], words[at + fieldIndex.clientEchoes], false)
    }
    window.judge(facts, second)
  }
  const ratePerSecond = seen / (MINUTES * 60)
  const random = new SeededRandom(99)
  const baseline = new Baseline(random)
  for (let hour = 0; hour < 168; hour++) {
    const at = MONDAY_MS + hour * HOUR_MS
    for (let minute = 0; minute < 60; minute++) baseline.learnMinute(at + minute * MINUTE_MS, ratePerSecond * (0.9 + 0.2 * random.next()))
    for (let i = 0; i < 128; i++) baseline.learnRow(at, rows[random.below(rows.length)])
  }
  return baseline
}

/** Every request is answered at once and rightly; the tap sees it. */
class SilentWorld implements World {
  readonly random: SeededRandom
  readonly host = HOST
  readonly site: DrillSite
  readonly #schedule = new Schedule()
  readonly #features = new Features(FEATURE_KEY)
  readonly #routes = new RouteTable([])
  readonly #slots = new Map<number, number>()
  readonly #counts: Counts[] = []
  readonly #tap: Tap
  #nowMs = 0
  #ids = 0

  constructor(random: SeededRandom, site: DrillSite) {
    this.random = random
    this.site = site
    this.#tap = new Tap(0, random, 0)
  }

  nowMs(): number {
    return this.#nowMs
  }

  at(atMs: number, run: () => void): void {
    this.#schedule.add(atMs, () => {
      this.#nowMs = Math.max(this.#nowMs, atMs)
      run()
    })
  }

  seat(address: string, cohort: Cohort, lines: number): Seat {
    return { address, cohort, lines, id: this.#ids++ }
  }

  missed(): void {
    throw new Error('nothing is missed in a world that answers everything')
  }

  solve(): void {
    throw new Error('nobody is asked for work in a world that answers everything')
  }

  /** The words of this second's requests. */
  second(second: number): Uint32Array {
    this.#schedule.runUntil(second * 1_000)
    this.#nowMs = second * 1_000
    return this.#tap.take(this.#nowMs).words
  }

  ask(seat: Seat, atMs: number, ask: Ask, done?: (answer: Answer) => void): void {
    const client = clientAddress(seat.address, FEATURE_KEY)!
    const headers: string[] = []
    for (let i = 0; i < ask.headers.length; i += 2) headers.push(ask.headers[i].toLowerCase(), ask.headers[i + 1])
    const request = new Request(ask.method, ask.target, HOST, 'http', 11, headers, client, null, null, noReply, atMs as MonotonicMs, '')
    request.sourceSlot = this.#slotOf(client.key)
    request.routeClass = classOf(request, this.#routes.find(request))
    const counts = this.#counts[request.sourceSlot]
    counts.requests++
    if (request.routeClass === 'static') counts.statics++
    if (headers.includes('cookie')) counts.echoes++
    this.#tap.see(request, this.#features.read(request), sourceCounts(this.#counts), this.#nowMs, 0)
    if (request.routeClass === 'page' || request.routeClass === 'search') counts.pages++
    const etag = request.routeClass === 'static' ? `"${ask.target.length}-${ask.target}"` : ''
    this.at(this.#nowMs + 25, () => done?.({ status: 200, outcome: 'right', etag, setCookie: '', location: '', wayside: null }))
  }

  #slotOf(key: number): number {
    let slot = this.#slots.get(key)
    if (slot === undefined) {
      slot = this.#counts.push({ requests: 0, pages: 0, statics: 0, errors: 0, echoes: 0 }) - 1
      this.#slots.set(key, slot)
    }
    return slot
  }
}

function sourceCounts(counts: readonly Counts[]): SourceCounts {
  return { requests: (slot) => counts[slot].requests, pages: (slot) => counts[slot].pages, statics: (slot) => counts[slot].statics, errors: (slot) => counts[slot].errors, echoes: (slot) => counts[slot].echoes }
}

/** The tap never answers. */
const noReply = Object.freeze({}) as unknown as Reply
