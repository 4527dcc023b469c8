import type { ExploreQuestion, ExploreReply } from './explore.ts'
import type { ControlEvent, ControlView, RuleEffect } from './control.ts'
import type { LifelineState } from './lifeline.ts'
import type { OperatorAct } from './operator-act.ts'
import type { Rule, ShieldState } from './plan.ts'
import type { RecordQuestion, RecordReply, RecordState } from './record.ts'
import type { RouteClass } from './route-class.ts'
import type { ThreadName, ThreadTrouble } from './thread-trouble.ts'
import type { AdmissionVitals, OriginVitals, TrafficCounts } from './vitals.ts'

/**
 * The control socket: one line of JSON asks, one line of JSON answers, in order. A line says the version of this format; another version is refused
 * with a sentence. Only who may open the socket file (its owner, and root) may ask.
 */
export const CONTROL_FORMAT = 1
export const CONTROL_SOCKET_NAME = 'control.sock'
/** The kernel keeps 108 bytes for a socket's path, with its closing zero (unix(7)). */
export const LONGEST_SOCKET_PATH_BYTES = 107
/** A question is short; the longest is a rule with many prefixes. */
export const LONGEST_QUESTION_BYTES = 65_536
/** What a question to the record carries, as JSON. */
export const LONGEST_ASKS_BYTES = 32_768
/** An answer holds at most a few hundred rules with their history. */
export const LONGEST_ANSWER_BYTES = 4 * 1_048_576

export type ControlQuestion =
  /** Who serves here; the cheapest question. */
  | { readonly ask: 'hello' }
  | { readonly ask: 'status' }
  | { readonly ask: 'act'; readonly act: OperatorAct }
  /** What is known of one client address. */
  | { readonly ask: 'address'; readonly address: string }
  /** A room of the record: journal, incident, report, statement, alert, calendar. */
  | { readonly ask: 'record'; readonly question: RecordQuestion }
  /** The last good copy of the site: its state; with `crawl`, a pass over the site begins as soon as it is calm. */
  | { readonly ask: 'lifeline'; readonly order: 'crawl' | 'state' }
  /** What the newest samples hold, by attribute. */
  | { readonly ask: 'explore'; readonly question: ExploreQuestion }

export type ControlQuestionOf<A extends ControlQuestion['ask']> = Extract<ControlQuestion, { readonly ask: A }>
export type ControlAnswerOf<A extends ControlQuestion['ask']> = A extends 'hello' ? Hello : A extends 'status' ? ShieldStatus : A extends 'act' ? ActOutcome : A extends 'record' ? RecordReply : A extends 'lifeline' ? LifelineState : A extends 'explore' ? (ExploreReply & { readonly ok: true })['answer'] : AddressFacts

export type ControlReply<T> =
  | { readonly format: typeof CONTROL_FORMAT; readonly ok: true; readonly answer: T }
  | { readonly format: typeof CONTROL_FORMAT; readonly ok: false; readonly code: ControlRefusal; readonly message: string }

export type ControlRefusal = 'other-format' | 'not-json' | 'too-long' | 'unknown-question' | 'bad-question' | 'control-plane-gone' | 'record-gone' | 'lifeline-gone' | 'shield-error' | 'busy'

export interface Hello {
  readonly version: string
  readonly pid: number
  readonly startedAtWallMs: number
}

export interface ActOutcome {
  /** False: nothing was changed; the sentence says why. */
  readonly done: boolean
  readonly sentence: string
  /** When it was taken; names the act to those who take it back. Left out when nothing was changed. */
  readonly atWallMs?: number
}

export interface ShieldStatus extends Hello {
  readonly atWallMs: number
  readonly draining: boolean
  readonly urls: readonly string[]
  /** `troubles`: threads, of any kind, that die again and again. */
  readonly workers: { readonly wanted: number; readonly ready: number; readonly restarts: number; readonly notReady: readonly ThreadName[]; readonly troubles?: readonly ThreadTrouble[] }
  readonly control: {
    /** Running now, and heard within the last seconds. */
    readonly alive: boolean
    /** null: never heard since the start. */
    readonly heardAtWallMs: number | null
    /** The last one heard, however old. */
    readonly view: ControlView | null
  }
  readonly plan: { readonly version: number; readonly state: ShieldState; readonly rules: readonly Rule[]; readonly postureExpiresAtWallMs: number; readonly preferStale: boolean } | null
  /** Rules of the settings file. */
  readonly settingsRules: readonly Rule[]
  /** By rule id, of the file and of the plan, since the start. */
  readonly ruleMatches: Readonly<Record<string, RuleEffect>>
  readonly sinceStart: TrafficCounts
  readonly lastSeconds: TrafficCounts & { readonly seconds: number }
  readonly connections: number
  readonly eventLoopLagP99Ms: number
  readonly cache: { readonly entries: number; readonly bytes: number }
  /** Now; latencies of the newest second that had answers, in-flight and limit over the whole process. */
  readonly origin: ReadonlyArray<{ readonly routeClass: RouteClass; readonly admission: AdmissionVitals | null; readonly answers: OriginVitals | null }>
  readonly upstreams: ReadonlyArray<{ readonly name: string; readonly healthy: boolean }>
  readonly kernelDrop: KernelDropState
  readonly record: {
    /** Running now, and heard within the last seconds. */
    readonly alive: boolean
    /** The last one heard; null: never since the start. */
    readonly state: RecordState | null
  }
  /** Newest last. */
  readonly events: readonly ControlEvent[]
}

export interface KernelDropState {
  /** Off in the settings; without the rights or the program it needs; or at work. */
  readonly state: 'off' | 'unavailable' | 'on'
  readonly sentence: string
  readonly sources: number
}

/** `tracked` null: the address is not in the source table (never seen, or long ago). Counters halve about every two minutes. */
export interface AddressFacts {
  readonly address: string
  /** What it is counted as: the address itself, or its IPv6 /64. */
  readonly countedAs: string
  readonly tracked: {
    readonly lastSeenMsAgo: number
    readonly requests: number
    readonly pages: number
    readonly statics: number
    readonly errors: number
    readonly echoes: number
    readonly validatedTokens: number
    readonly originMs: number
    readonly behavesLikeVisitor: boolean
  } | null
  readonly trustedProxy: boolean
  /** Rules with an address condition. `whole` false: the rule has further conditions, which no address alone can answer. */
  readonly matching: ReadonlyArray<{ readonly ruleId: string; readonly action: string; readonly whole: boolean; readonly others: number }>
  /** Rules with conditions only a request can answer. */
  readonly undecided: number
  readonly kernelDropped: boolean
}
