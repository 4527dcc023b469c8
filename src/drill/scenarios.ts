/**
 * The fixed suite (design note algorithms, section (d)): twelve attacks, five loads that no visitor may be blocked for. Full size: the numbers of the note.
 * `share` scales rates, addresses and the origin alike, for a short run on a busy machine; what a small share cannot show is said in the report.
 */
import { cacheBuster, fixedFingerprint, flood, post, randomPath, rotatingAgents, scriptGet, searchAsBrowser } from './attackers/botnet.ts'
import { type TlsWorld, resetFlood } from './attackers/http2-reset.ts'
import { mimic } from './attackers/mimic.ts'
import { type RawWorld, slowContent, slowHeaders, slowReaders } from './attackers/slow.ts'
import { crowd, office } from './crowds/crowd.ts'
import { apiClients, crawl, everyday, feedReaders } from './crowds/everyday.ts'
import { visitorAddress } from './world.ts'

export interface Phases {
  readonly warmMs: number
  readonly attackMs: number
  readonly afterMs: number
}

/** The note's: 20 s, 40 s, 30 s. */
export const fullPhases: Phases = Object.freeze({ warmMs: 20_000, attackMs: 40_000, afterMs: 30_000 })
/** Less time: what takes longer (recovery after a minute) is not seen. */
export const quickPhases: Phases = Object.freeze({ warmMs: 8_000, attackMs: 20_000, afterMs: 4_000 })
export const shortPhases: Phases = Object.freeze({ warmMs: 2_500, attackMs: 9_000, afterMs: 500 })

export type DrillWorld = RawWorld & TlsWorld

export interface ScenarioRun {
  readonly world: DrillWorld
  readonly fromMs: number
  readonly untilMs: number
  /** Of the full size, above 0 and at most 1. */
  readonly share: number
}

export interface Scenario {
  readonly title: string
  /** In a crowd nobody may be blocked; in an attack the flood must be told apart. */
  readonly kind: 'attack' | 'crowd'
  /** Needs HTTP/2. */
  readonly http2?: true
  /** The origin takes so many times as long while it lasts. */
  readonly originSlowdown?: number
  /** When its pulses begin, from the begin of the attack; what lies behind the end of a run is left out. */
  readonly pulsesAtMs?: readonly number[]
  /** Shorter, it would not show what it is for. Short runs are short all the same. */
  readonly leastAttackMs?: number
  readonly start: (run: ScenarioRun) => void
}

const between = (run: ScenarioRun): { fromMs: number; untilMs: number } => ({ fromMs: run.fromMs, untilMs: run.untilMs })
const count = (full: number, run: ScenarioRun): number => Math.max(1, Math.round(full * run.share))

/** A verified search engine's range in this drill; an operator would take it from the engine's published list. */
export const searchEngineRange = '127.33.7.0/24'
const SEARCH_ENGINE = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
const PULSE_MS = 8_000
/** Eight seconds on, eight off. */
const EVEN_PULSES = [0, 16_000, 32_000] as const
/** The third comes when the rule has stepped down or fallen asleep (half a minute without need a step). */
const LATE_PULSES = [0, 16_000, 90_000] as const

const scenarios = Object.freeze({
  A1: {
    title: 'flood from one address', kind: 'attack',
    start: (run) => flood(run.world, { ...between(run), addresses: 1, requestsPerSecond: 2_000 * run.share, lines: 100, build: scriptGet }),
  },
  A2: {
    title: 'botnet, one fingerprint', kind: 'attack',
    start: (run) => flood(run.world, { ...between(run), addresses: count(2_000, run), requestsPerSecond: 2_000 * run.share, lines: 0, build: fixedFingerprint() }),
  },
  A3: {
    title: 'botnet, agents of real browsers', kind: 'attack',
    start: (run) => flood(run.world, { ...between(run), addresses: count(4_000, run), requestsPerSecond: 2_000 * run.share, lines: 0, build: rotatingAgents }),
  },
  A3w: {
    title: 'the same, with bots that wait out the short check', kind: 'attack',
    start: (run) => flood(run.world, { ...between(run), addresses: count(4_000, run), requestsPerSecond: 2_000 * run.share, lines: 0, waits: true, build: rotatingAgents }),
  },
  A4: {
    title: 'cache busting', kind: 'attack',
    start: (run) => flood(run.world, { ...between(run), addresses: count(1_000, run), requestsPerSecond: 1_500 * run.share, lines: 0, build: cacheBuster }),
  },
  A5: {
    title: 'random paths', kind: 'attack',
    start: (run) => flood(run.world, { ...between(run), addresses: count(1_000, run), requestsPerSecond: 1_500 * run.share, lines: 0, build: randomPath }),
  },
  A6: {
    title: 'expensive searches', kind: 'attack',
    start: (run) => flood(run.world, { ...between(run), addresses: count(1_000, run), requestsPerSecond: 300 * run.share, lines: 0, build: searchAsBrowser }),
  },
  A7: {
    title: 'POST flood and R.U.D.Y.', kind: 'attack',
    start: (run) => {
      flood(run.world, { ...between(run), addresses: count(200, run), requestsPerSecond: 200 * run.share, lines: 0, build: post })
      slowContent(run.world, run.fromMs, run.untilMs, count(300, run), 10)
    },
  },
  A8: {
    title: 'slowloris and slow readers', kind: 'attack',
    start: (run) => {
      slowHeaders(run.world, run.fromMs, run.untilMs, count(1_000, run), 5_000)
      slowReaders(run.world, run.fromMs, run.untilMs, count(300, run), 200)
    },
  },
  A9: {
    // 120 instead of the note's 200 streams a second and connection: its own cap of 3,000 requests a second stands above it.
    title: 'HTTP/2 Rapid Reset, then MadeYouReset', kind: 'attack', http2: true,
    start: ({ world, fromMs, untilMs, share }) => {
      const half = (fromMs + untilMs) / 2
      resetFlood(world, { fromMs, untilMs: half, connections: Math.max(1, Math.round(20 * share)), streamsPerSecond: 120, made: false })
      resetFlood(world, { fromMs: half, untilMs, connections: Math.max(1, Math.round(20 * share)), streamsPerSecond: 120, made: true })
    },
  },
  A10a: { title: 'pulse wave, same fingerprint', kind: 'attack', pulsesAtMs: EVEN_PULSES, leastAttackMs: 40_000, start: (run) => pulses(run, EVEN_PULSES, () => 0) },
  A10b: { title: 'pulse wave, new fingerprint each time', kind: 'attack', pulsesAtMs: EVEN_PULSES, start: (run) => pulses(run, EVEN_PULSES, (pulse) => pulse) },
  A10c: { title: 'pulse wave, same fingerprint, the third pulse after more than a minute', kind: 'attack', pulsesAtMs: LATE_PULSES, leastAttackMs: 98_000, start: (run) => pulses(run, LATE_PULSES, () => 0) },
  A11: {
    // With their parts 2.3 times what the origin can do by itself, and just below the cap of 3,000 requests a second.
    title: 'perfect mimic', kind: 'attack',
    start: (run) => mimic(run.world, run.fromMs, run.untilMs, count(3_000, run), 520 * run.share),
  },
  A12: {
    title: 'flood inside a flash crowd', kind: 'attack',
    start: (run) => {
      crowd(run.world, { ...between(run), requestsPerSecond: 480 * run.share, rampMs: (run.untilMs - run.fromMs) / 4, path: run.world.site.news })
      flood(run.world, { ...between(run), addresses: count(4_000, run), requestsPerSecond: 2_000 * run.share, lines: 0, build: rotatingAgents })
    },
  },
  B1a: {
    title: 'flash crowd, twelve times as many', kind: 'crowd',
    start: (run) => crowd(run.world, { ...between(run), requestsPerSecond: 480 * run.share, rampMs: (run.untilMs - run.fromMs) / 2, path: run.world.site.news }),
  },
  B1b: {
    title: 'flash crowd, fifty times as many', kind: 'crowd',
    start: (run) => crowd(run.world, { ...between(run), requestsPerSecond: 2_000 * run.share, rampMs: (run.untilMs - run.fromMs) / 2, path: run.world.site.news }),
  },
  B2: {
    title: 'office of 400 behind one address', kind: 'crowd',
    start: ({ world, fromMs, untilMs, share }) => office(world, visitorAddress(world.random), fromMs, untilMs, 60 * share),
  },
  B2b: {
    title: 'the same with three infected machines, in a botnet\'s flood', kind: 'attack',
    start: (run) => {
      const { world, fromMs, untilMs, share } = run
      const gate = visitorAddress(world.random)
      office(world, gate, fromMs, untilMs, 60 * share)
      flood(world, { fromMs, untilMs, addresses: count(2_000, run), requestsPerSecond: 2_000 * share, lines: 0, build: fixedFingerprint() })
      const infected = world.seat(gate, 'attack', 0)
      const build = fixedFingerprint()
      for (let at = fromMs; at < untilMs; at += 1_000 / 3) world.at(at, () => world.ask(infected, at, build(world, 0)))
    },
  },
  B3: {
    title: 'crawlers, feed readers, interface clients', kind: 'crowd',
    start: ({ world, fromMs, untilMs, share }) => {
      world.at(fromMs, () => {
        crawl(world, untilMs, '127.33.7.9', SEARCH_ENGINE, 15 * share)
        // One that only says it is that engine: it gets no privilege, and nothing is claimed about it.
        crawl(world, untilMs, '127.90.1.2', SEARCH_ENGINE, 15 * share, 'attack')
        feedReaders(world, untilMs, Math.round(300 * share), 10 * share)
        apiClients(world, untilMs, Math.round(50 * share), 2 * share)
      })
    },
  },
  B4: {
    title: 'push alert, eight times as many in five seconds', kind: 'crowd',
    start: (run) => crowd(run.world, { ...between(run), requestsPerSecond: 320 * run.share, rampMs: (run.untilMs - run.fromMs) / 8, path: run.world.site.news }),
  },
  B5: { title: 'origin three times slower, normal traffic', kind: 'crowd', originSlowdown: 3, start: () => undefined },
} satisfies Record<string, Scenario>)

export type ScenarioId = keyof typeof scenarios
export const scenarioIds = Object.freeze(Object.keys(scenarios)) as readonly ScenarioId[]

export function scenarioOf(id: ScenarioId): Scenario {
  return scenarios[id]
}

/** A short run keeps twice its share of visitors: else one lost page would be a tenth of all that is judged. */
export function everydayShare(share: number): number {
  return Math.min(1, 2 * share)
}

/** The normal day beside every scenario, over the whole run. */
export function background(world: DrillWorld, endMs: number, share: number): void {
  everyday(world, endMs, everydayShare(share))
}

function pulses(run: ScenarioRun, startsMs: readonly number[], variantOf: (pulse: number) => number): void {
  startsMs.forEach((startMs, pulse) => {
    const fromMs = run.fromMs + startMs
    if (fromMs < run.untilMs) flood(run.world, { fromMs, untilMs: Math.min(run.untilMs, fromMs + PULSE_MS), addresses: count(2_000, run), requestsPerSecond: 2_000 * run.share, lines: 0, build: fixedFingerprint(variantOf(pulse)) })
  })
}

/** The phases of a scenario: at least as long as it must be. */
export function phasesFor(id: ScenarioId, phases: Phases): Phases {
  return { ...phases, attackMs: Math.max(phases.attackMs, scenarioOf(id).leastAttackMs ?? 0) }
}
