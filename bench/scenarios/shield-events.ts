/** Polder's own words about a run: the control plane's events, one JSON line each on standard error. */
import type { RuleAction } from '../../src/contract/plan.ts'

export interface ShieldEvent {
  readonly atWallMs: number
  readonly code: string
  readonly sentence: string
  readonly ruleId: string | null
  /** What that rule does from then on. */
  readonly action: RuleAction | null
  /** The state it changed to; null when it is about something else. */
  readonly to: string | null
}

/** Lines that are no events are passed over. */
export function readShieldEvents(log: string): ShieldEvent[] {
  const events: ShieldEvent[] = []
  for (const line of log.split('\n')) {
    if (!line.includes('"event"')) continue
    try {
      const { event } = JSON.parse(line) as { event?: { atWallMs: number; code: string; sentence: string; ruleId?: string; action?: RuleAction; to?: string } }
      if (event !== undefined) events.push({ atWallMs: event.atWallMs, code: event.code, sentence: event.sentence, ruleId: event.ruleId ?? null, action: event.action ?? null, to: event.to ?? null })
    } catch {
      // The first line kept may be cut.
    }
  }
  return events
}
