import type { ActOutcome, ShieldStatus } from './control-socket.ts'
import type { ControlEvent } from './control.ts'
import type { KeptTop } from './explore.ts'
import type { OperatorAct } from './operator-act.ts'
import type { ShieldState } from './plan.ts'

/**
 * What the console's listener and its pages say to each other: JSON over HTTP on one origin. Every text in it may hold what an attacker wrote (paths, agents,
 * referers): it is data and never markup. Every refusal is a `ConsoleRefusal` with a sentence for the person who asked.
 *
 * Every change is a POST with the header `x-polder-csrf` (GET /api/session says its value), content-type application/json and at most 64 KiB.
 *
 *   GET  /api/session             ConsoleSession | 401
 *   POST /api/login               LoginWish -> ConsoleSession | 401 | 429 (the one change without a token)
 *   POST /api/logout              {} -> {}
 *   GET  /api/live                server-sent events, see LiveMessages
 *   POST /api/looking             {at} -> {}: where this person looks now, for `presence`
 *   GET  /api/history             ?from&to (wall ms) &most -> HistoryAnswer
 *   GET  /api/moment              ?at (wall ms) -> KeptMoment | 404
 *   POST /api/act                 {act: ConsoleAct} -> ActAnswer                                          operator
 *   POST /api/record/ROOM/WORD    the asks of contract/record.ts -> its answers                            viewer: reads; operator: changes
 *   GET  /api/lifeline            LifelineState;  POST /api/lifeline/crawl {} -> LifelineState             viewer; operator
 *   GET  /api/address             ?address -> AddressFacts                                                viewer
 *   POST /api/explore             ExploreWish -> ExploreAnswer                                            viewer
 *   POST /api/explore/harm        {where} -> ExploreHarm                                                  viewer
 *   GET  /api/settings            SettingsView                                                            viewer
 *   GET  /api/accounts            {accounts: AccountFacts[]};  POST /api/accounts/{add,remove,role,password,totp,unlock} -> AccountAnswer   admin
 *   POST /api/password            OwnPassword -> AccountAnswer                                            everybody, for themselves
 */
export const consoleRoles = Object.freeze(['viewer', 'operator', 'admin'] as const)
/** Each may what the ones before it may. */
export type ConsoleRole = (typeof consoleRoles)[number]

export const CSRF_HEADER = 'x-polder-csrf'
export const LONGEST_CONSOLE_BODY_BYTES = 65_536

export interface ConsoleRefusal {
  readonly code: ConsoleRefusalCode
  readonly sentence: string
  /** Of a 429. */
  readonly retryAfterSeconds?: number
}

export type ConsoleRefusalCode =
  | 'not-signed-in' | 'wrong-login' | 'too-many-tries' | 'code-needed' | 'not-allowed' | 'no-token' | 'other-origin' | 'other-host' | 'bad-request' | 'too-long' | 'not-found'
  | 'control-plane-gone' | 'record-gone' | 'lifeline-gone' | 'shield-error' | 'busy' | 'failed'

export interface LoginWish {
  readonly name: string
  readonly password: string
  /** Six digits, when the account has a second factor: without it the answer is 401 with code `code-needed`. */
  readonly code?: string
}

export interface ConsoleSession {
  readonly name: string
  readonly role: ConsoleRole
  readonly csrf: string
  /** Of Polder; a page of another version should load itself anew. */
  readonly version: string
  readonly expiresAtWallMs: number
}

/**
 * GET /api/live. The id of a message is `RUN-SEQ`; a browser sends it back as Last-Event-ID. What was missed of `event` and `acted` is sent again when it is
 * still known; points of missed seconds come from GET /api/history. A reader who is too slow gets fewer seconds, never old ones.
 */
export interface LiveMessages {
  readonly second: LiveSecond
  readonly event: ControlEvent
  readonly presence: readonly Presence[]
  readonly acted: Acted
  /** The shield has not been heard for this long: what is on the screen is old. Once a second while it lasts. */
  readonly silent: { readonly sinceWallMs: number }
  /** The session ended: sign in again. The stream ends with it. */
  readonly bye: { readonly sentence: string }
}

export interface LiveSecond {
  readonly seq: number
  /** Trimmed: `events` is empty (see `event`), `plan.rules` is empty while `control.view.rules` says them all, at most five candidates, at most eight lines of history a rule. */
  readonly status: ShieldStatus
  readonly point: HistoryPoint
  /** Why history is not written to the disk for now, or null. */
  readonly historySuspended: string | null
}

export interface Presence {
  readonly name: string
  readonly sinceWallMs: number
  /** As their page said it, '' when it did not. At most 80 characters. */
  readonly lookingAt: string
}

export interface Acted {
  readonly who: string
  readonly sentence: string
  readonly atWallMs: number
  readonly done: boolean
  readonly undo: Undo | null
}

/** The order that takes an act back, to be sent as it is; null where nothing does, and the sentence says why. */
export interface Undo {
  readonly act: ConsoleAct
}

/** `who` is the account. */
export type ConsoleAct = WithoutWho<OperatorAct>
type WithoutWho<A> = A extends unknown ? Omit<A, 'who'> : never

export interface ActAnswer extends ActOutcome {
  readonly undo: Undo | null
}

/** One step of time. Numbers of requests are counts over the step; the others are as at its end, or the worst in it where the name says so. -1: not known. */
export interface HistoryPoint {
  /** Its end. */
  readonly atWallMs: number
  /** The strictest in it; null: the control plane was not heard. */
  readonly state: ShieldState | null
  /** Of this many seconds of the step something is known. */
  readonly seconds: number
  readonly asked: number
  /** By fate (contract/measure.ts): refused by a rule or a limit; failed is `lost`. */
  readonly served: number
  readonly refused: number
  readonly failed: number
  readonly challenged: number
  /** Visitors in the waiting room at the end of the step. */
  readonly waiting: number
  /** Of those served. */
  readonly fromCacheShare: number
  /** Served from the last good copy, of those served. */
  readonly lifelineShare: number
  readonly bytesOut: number
  /** Of the worst second of the step. */
  readonly originP50Ms: number
  readonly originP99Ms: number
  readonly inFlight: number
  readonly limit: number
  readonly queue: number
  /** Requests per second. */
  readonly expectedRate: number
  readonly bandHigh: number
  readonly z: number
  /** Bound of the share of normal visitors that the rules at work touch, together. */
  readonly touchedShareBound: number
}

export interface HistoryAnswer {
  /** 1,000, 10,000, 60,000, or a multiple of the last. */
  readonly stepMs: number
  /** Oldest first. A time in which Polder did not run has no points. */
  readonly points: readonly HistoryPoint[]
  /** Oldest that is kept at this step; null: nothing is. */
  readonly keptFromWallMs: number | null
}

/** What the shield looked like then; kept every ten seconds for a day, and at each event. */
export interface KeptMoment {
  readonly atWallMs: number
  /** Trimmed like LiveSecond.status. */
  readonly status: ShieldStatus
  /** Of the minute before and after. */
  readonly events: readonly ControlEvent[]
  /** What was asked and by whom in the ten seconds before. */
  readonly samples: readonly KeptTop[]
}

export interface SettingsView {
  readonly rows: ReadonlyArray<{ readonly path: string; readonly value: string; readonly from: string; readonly applies: 'live' | 'restart' }>
  readonly file: string
}

export interface AccountFacts {
  readonly name: string
  readonly role: ConsoleRole
  readonly totp: boolean
  readonly madeAtWallMs: number
  readonly lastLoginAtWallMs: number | null
  readonly sessions: number
  /** Strangers' guesses are not even looked at until then; null: they are. */
  readonly lockedUntilWallMs: number | null
}

export interface AccountAnswer {
  readonly sentence: string
  /** Of a second factor just switched on: shown once. */
  readonly totpUri?: string
}

/** What the console's thread tells of itself for the metrics. Counts are since that thread began. */
export interface ConsoleFigures {
  readonly sessions: number
  readonly pages: number
  /** Seconds left out for pages that read too slowly, of those that are open. */
  readonly secondsSkipped: number
  readonly wrongSignIns: number
  /** By what had to wait from then on: a browser, a known address, the strangers of an account, an address. */
  readonly lockOuts: Readonly<Record<LockedPlace, number>>
  readonly actsDone: number
  readonly actsRefused: number
  /** -1: not known, the disk refuses. */
  readonly historyBytes: number
  readonly historySuspended: boolean
  /** From the main thread's picture of a second to its bytes in every page's connection: the worst of the last ten. */
  readonly delayMs: number
}

export const lockedPlaces = Object.freeze(['device', 'pair', 'account', 'address'] as const)
export type LockedPlace = (typeof lockedPlaces)[number]

/** POST /api/accounts/WORD. */
export interface AccountWishes {
  readonly add: { readonly name: string; readonly role: ConsoleRole; readonly password: string }
  readonly remove: { readonly name: string }
  readonly role: { readonly name: string; readonly role: ConsoleRole }
  readonly password: { readonly name: string; readonly password: string }
  readonly totp: { readonly name: string; readonly on: boolean }
  readonly unlock: { readonly name: string }
}

export interface OwnPassword {
  readonly old: string
  readonly new: string
}
