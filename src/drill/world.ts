/** What visitors and attackers of a drill may do: plan something for later, and ask. Where the questions go (sockets, or nowhere) is not theirs to know. */
import type { SeededRandom } from '../kernel/random.ts'
import type { DrillSite } from './site.ts'

export const cohorts = ['human', 'human-no-js', 'mobile-cgnat', 'nat-office', 'crowd', 'crawler', 'feed', 'api', 'attack'] as const
export type Cohort = (typeof cohorts)[number]

export interface Ask {
  readonly method: string
  readonly target: string
  /** Name, value, name, value ... in the order and case in which the program sends them, Host first. */
  readonly headers: readonly string[]
  readonly body?: string
  /** What a browser does with an answer that is not the page yet (a short check, a waiting room, another address). Without it every answer is taken as it is. */
  readonly follow?: Follow
}

/** False: it shows this answer. True: it calls `go` once, later, with what it asks next, or with null when its person gives up. */
export type Follow = (answer: Answer, go: (next: Ask | null) => void) => boolean

/** A page of the shield that leads on by itself, as its content and its header fields say: the short check, or a place in its waiting room. */
export interface Wayside {
  readonly kind: 'check' | 'room'
  /** Where to go on after the wait; with a dot and the number behind it, at once. */
  readonly reference: string
  /** What the work of a check is done on; '' when there is none, or the page could not be read. */
  readonly text: string
  readonly bits: number
  readonly waitMs: number
}

/** How an answer came out, from the visitor's side of the wire. */
export const outcomes = ['right', 'late', 'wrong', 'busy', 'blocked', 'failed', 'withheld', 'gave-up'] as const
export type OutcomeName = (typeof outcomes)[number]

export interface Answer {
  /** 0 when none came. */
  readonly status: number
  readonly outcome: OutcomeName
  readonly etag: string
  readonly setCookie: string
  /** Where a redirection leads; '' when it is none. */
  readonly location: string
  readonly wayside: Wayside | null
}

/** One program at one address: it keeps its connections, and is one row in the counting of clients. */
export interface Seat {
  readonly address: string
  readonly cohort: Cohort
  /** Counts clients, from 0. A person behind a shared address is a client of its own. */
  readonly id: number
  /** Connections it opens at once; 0: a new one for every request. */
  readonly lines: number
}

export interface World {
  readonly random: SeededRandom
  readonly host: string
  readonly site: DrillSite
  /** ms since the run began. */
  nowMs(): number
  at(atMs: number, run: () => void): void
  seat(address: string, cohort: Cohort, lines: number): Seat
  /** Asks at `atMs` at the earliest (the time its latency counts from). `done` is called once. */
  ask(seat: Seat, atMs: number, ask: Ask, done?: (answer: Answer) => void): void
  /** What a visitor would have asked for, had the page before it come: offered, and not served. */
  missed(seat: Seat, atMs: number, requests: number): void
  /** The work of a short check: a number which, written behind the text, gives a SHA-256 with so many zero bits first, and how many were tried. */
  solve(text: string, bits: number, done: (found: number, tried: number) => void): void
}

/** Events of a Poisson stream between two times, at a rate that may change; each is planned when the one before it has come, whatever became of it. */
export function stream(world: World, fromMs: number, untilMs: number, perSecond: number | ((atMs: number) => number), each: (atMs: number) => void): void {
  const rateAt = typeof perSecond === 'number' ? () => perSecond : perSecond
  const next = (afterMs: number): void => {
    const rate = rateAt(afterMs)
    if (afterMs >= untilMs) return
    if (rate <= 0) {
      world.at(afterMs + 50, () => next(afterMs + 50))
      return
    }
    const atMs = afterMs + (-Math.log(1 - world.random.next()) / rate) * 1_000
    if (atMs >= untilMs) return
    world.at(atMs, () => {
      each(atMs)
      next(atMs)
    })
  }
  world.at(Math.max(0, fromMs), () => next(fromMs))
}

/** Log-normal with this median; sigma of the logarithm. */
export function logNormal(random: SeededRandom, median: number, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
  return median * Math.exp(sigma * normal)
}

/**
 * Addresses carry the label for the origin's own counting: the last byte of a visitor is odd, of an attacker even. Nothing else may look at it.
 * Visitors live in 127.10.0.0 to 127.40.255.255; a fifth of the attackers too, the rest elsewhere.
 */
export function visitorAddress(random: SeededRandom): string {
  return `127.${10 + random.below(31)}.${random.below(256)}.${1 + 2 * random.below(127)}`
}

/** Of people who were never here before. */
export function strangerAddress(random: SeededRandom): string {
  return `127.${60 + random.below(140)}.${random.below(256)}.${1 + 2 * random.below(127)}`
}

export function attackerAddress(random: SeededRandom): string {
  const first = random.next() < 0.2 ? 10 + random.below(31) : 60 + random.below(140)
  return `127.${first}.${random.below(256)}.${2 + 2 * random.below(126)}`
}

export function isAttackerAddress(address: string): boolean {
  return Number(address.slice(address.lastIndexOf('.') + 1)) % 2 === 0
}
