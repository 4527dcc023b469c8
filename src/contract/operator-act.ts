import type { Condition, RuleAction } from './plan.ts'

/** What a person may tell the rule book. Every act names who did it and why, and is kept with the rule. */
export type OperatorAct = ActOnRule | AddRule | SetDryRun

interface Signed {
  readonly who: string
  readonly why: string
}

export interface ActOnRule extends Signed {
  /**
   * pin: keep acting, whatever the gates say later. unpin: back to its own life, from a pin or a veto. veto: never this pattern until then.
   * extend: not to expire before then. expire: away now (an automatic rule may come back; use veto against that).
   */
  readonly kind: 'pin' | 'unpin' | 'veto' | 'extend' | 'expire'
  readonly ruleId: string
  /** For pin, veto and extend; null: until undone (pin and veto only). */
  readonly untilWallMs: number | null
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
