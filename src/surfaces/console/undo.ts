/**
 * Which order takes an act back. What an act on a rule changed, the control plane itself knows exactly (take-back); the others have an order that is their opposite.
 * Where none does, nothing is offered: a wrong undo is worse than none.
 */
import type { ConsoleAct, Undo } from '../../contract/console.ts'
import type { ActOutcome } from '../../contract/control-socket.ts'
import type { ControlView } from '../../contract/control.ts'

/** `before`: the newest view before the act. */
export function undoOf(act: ConsoleAct, outcome: ActOutcome, before: ControlView | null): Undo | null {
  if (!outcome.done) return null
  const why = `undo: ${act.why}`.slice(0, 500)
  switch (act.kind) {
    case 'pin':
    case 'unpin':
    case 'veto':
    case 'extend':
    case 'step-down':
    case 'expire':
      return { act: { kind: 'take-back', ruleId: act.ruleId, of: act.kind, actAtWallMs: outcome.atWallMs ?? null, why } }
    case 'add':
      return { act: { kind: 'expire', ruleId: act.ruleId, untilWallMs: null, why } }
    case 'take-back':
      // To take back what was taken back is to do it again.
      return null
    case 'dry-run': {
      const touched = before === null ? [] : before.rules.filter((one) => (act.of === 'all' ? one.origin === 'automatic' : 'rule' in act.of ? one.id === act.of.rule : one.action === act.of.step))
      // Nothing changed: it was so already.
      if (touched.length > 0 && touched.every((one) => one.dryRun === act.on)) return null
      return { act: { kind: 'dry-run', of: act.of, on: !act.on, why } }
    }
  }
}
