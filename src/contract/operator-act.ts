import type { Condition, RuleAction } from './plan.ts'

/** What a person may tell the rule book. Every act names who did it and why, and is kept with the rule. */
export type OperatorAct = ActOnRule | TakeBack | AddRule | SetDryRun

interface Signed {
  readonly who: string
  readonly why: string
}

export interface ActOnRule extends Signed {
  /**
   * pin: keep acting, whatever the gates say later. unpin: back to its own life, from a pin or a veto. veto: never this pattern until then.
   * extend: not to expire before then. step-down: one step milder now, and for ten minutes not stricter by itself; its id, evidence and end stay.
   * expire: away now (an automatic rule may come back; use veto against that).
   */
  readonly kind: 'pin' | 'unpin' | 'veto' | 'extend' | 'step-down' | 'expire'
  readonly ruleId: string
  /** For pin, veto and extend; null: until undone (pin and veto only). */
  readonly untilWallMs: number | null
}

/**
 * What the last act on this rule changed is as it was before; exactly, or not at all: refused when the rule has moved on since, when the act is longer ago than an hour,
 * or when the control plane was started anew in between.
 */
export interface TakeBack extends Signed {
  readonly kind: 'take-back'
  readonly ruleId: string
  readonly of: ActOnRule['kind']
  /** When that act was taken, as its answer said it; null: whichever was the last. */
  readonly actAtWallMs: number | null
}

export interface AddRule extends Signed {
  readonly kind: 'add'
  readonly ruleId: string
  readonly when: readonly Condition[]
  readonly action: RuleAction
  readonly limitPerSecond?: number
  readonly untilWallMs: number | null
}

export interface SetDryRun extends Signed {
  readonly kind: 'dry-run'
  /** One rule, one step of the ladder, or everything automatic. */
  readonly of: { readonly rule: string } | { readonly step: RuleAction } | 'all'
  readonly on: boolean
}
