/**
 * What people did to rules lately and what was so before, so that it can be taken back exactly, newest first.
 * Bounded, and forgotten after an hour; a new life of the control plane knows none of it. It decides nothing: the desk says what may return.
 */
import type { ActOnRule, TakeBack } from '../../contract/operator-act.ts'
import { HOUR_MS } from '../../kernel/units.ts'
import type { BookRule, RuleStand } from './book-rule.ts'

const MAX_TAKEN = 256
/** After that nobody means the same situation. */
const TAKEN_BACK_WITHIN_MS = HOUR_MS

export interface TakenAct {
  readonly act: ActOnRule
  readonly atWallMs: number
  /** null: no rule of that name was in the book (a veto beforehand). */
  readonly rule: BookRule | null
  readonly before: { readonly stand: RuleStand | null; readonly vetoedUntilWallMs: number }
  readonly after: RuleStand | null
}

export class TakenActs {
  /** Oldest first. */
  #acts: TakenAct[] = []

  note(taken: TakenAct): void {
    this.#acts.push(taken)
    if (this.#acts.length > MAX_TAKEN) this.#acts.shift()
  }

  /** The act that is meant, or the sentence why there is none. Acts on one rule are taken back newest first. */
  find(wish: TakeBack, nowWallMs: number): TakenAct | string {
    const last = this.#acts.findLast(({ act }) => act.ruleId === wish.ruleId)
    if (last === undefined || Math.abs(nowWallMs - last.atWallMs) > TAKEN_BACK_WITHIN_MS) return 'there is nothing to take back: no act of the last hour on it is known'
    if (last.act.kind !== wish.of || (wish.actAtWallMs !== null && wish.actAtWallMs !== last.atWallMs)) return `${last.act.who} has done something else to it since (${last.act.kind}): take that back first`
    return last
  }

  forget(taken: TakenAct): void {
    this.#acts = this.#acts.filter((one) => one !== taken)
  }
}
