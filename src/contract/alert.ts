import type { AsksNothing } from './asks-nothing.ts'

/** Telling people. A channel that fails never holds anything up, and is shown. */
export const severities = Object.freeze(['info', 'warning', 'critical'] as const)
export type Severity = (typeof severities)[number]

export interface Alert {
  /** The same key is told once until it is over (`resolved`). */
  readonly key: string
  readonly severity: Severity
  readonly title: string
  /** Sentences for a tired person: what, since when, what Polder does, what to do. */
  readonly text: string
  readonly atWallMs: number
  readonly incidentId: string | null
  readonly resolved: boolean
}

export interface ChannelState {
  readonly name: string
  readonly kind: string
  /** Where it goes, without secrets. */
  readonly to: string
  readonly sent: number
  readonly failed: number
  readonly waiting: number
  readonly lastSentAtWallMs: number | null
  readonly trouble: string | null
}

/** An alert that is not over. */
export interface OpenAlertState extends Alert {
  readonly sinceWallMs: number
  readonly acknowledged: { readonly who: string; readonly atWallMs: number } | null
  /** Names of channels. */
  readonly toldTo: readonly string[]
}

/** For metrics and status. */
export interface AlertsState {
  readonly channels: readonly ChannelState[]
  readonly open: Readonly<Record<Severity, number>>
}

export interface AlertExchanges {
  readonly channels: { readonly asks: AsksNothing; readonly answers: readonly ChannelState[] }
  /** Sends a marked test to one channel, or to all, and waits for what the other side says (at most 20 s). */
  readonly test: { readonly asks: { readonly channel?: string }; readonly answers: ReadonlyArray<{ readonly channel: string; readonly ok: boolean; readonly sentence: string; readonly ms: number }> }
  readonly acknowledge: { readonly asks: { readonly key: string }; readonly answers: { readonly sentence: string } }
  readonly open: { readonly asks: AsksNothing; readonly answers: readonly OpenAlertState[] }
  readonly [question: string]: { readonly asks: object; readonly answers: unknown }
}
