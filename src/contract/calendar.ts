import type { AsksNothing } from './asks-nothing.ts'

/** How watchful the shield is, by what is in the calendar. */
export interface Posture {
  readonly name: string
  /** The name of the event that asks for it, or of the hand-made entry. */
  readonly because: string
  readonly source: string
  /** When the posture holds; the event itself is shorter. */
  readonly fromWallMs: number
  readonly untilWallMs: number
  readonly event: { readonly fromWallMs: number; readonly untilWallMs: number }
  readonly effects: PostureEffects
}

/** What a posture changes; the control plane takes the strictest of those in force. All expire with the posture. */
export interface PostureEffects {
  /** Multiplies thresholds and dwell before a stricter state: 1 as in the settings, 0.5 twice as quick. From 0.25 to 1. */
  readonly sensitivity: number
  /** Challenge canaries are drawn so that the challenge is known to work before it is needed. */
  readonly rehearseChallenge: boolean
  /** The lifeline is refreshed when it begins. */
  readonly refreshLifeline: boolean
  /** Named people are told when it begins and ends. */
  readonly tell: boolean
}

export interface CalendarSourceState {
  readonly name: string
  /** Without user name and password. */
  readonly from: string
  readonly events: number
  readonly readAtWallMs: number | null
  /** Why the last reading failed; the events of the reading before stay in force. */
  readonly trouble: string | null
}

export interface CalendarExchanges {
  /** What is in force and what will be, `days` ahead. */
  readonly show: { readonly asks: { readonly days: number }; readonly answers: { readonly atWallMs: number; readonly now: readonly Posture[]; readonly next: readonly Posture[]; readonly sources: readonly CalendarSourceState[] } }
  readonly add: { readonly asks: { readonly posture: string; readonly title: string; readonly fromWallMs: number; readonly untilWallMs: number }; readonly answers: Posture }
  readonly remove: { readonly asks: { readonly title: string; readonly fromWallMs: number }; readonly answers: { readonly sentence: string } }
  readonly refresh: { readonly asks: AsksNothing; readonly answers: readonly CalendarSourceState[] }
  readonly [question: string]: { readonly asks: object; readonly answers: unknown }
}
