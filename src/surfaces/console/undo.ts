/** Which order takes an act back, judged by what was so before it. Where none does, nothing is offered: a wrong undo is worse than none. */
import type { ConsoleAct, Undo } from '../../contract/console.ts'
import type { ControlView, RuleRecord } from '../../contract/control.ts'
import type { Rule } from '../../contract/plan.ts'

/** `before`: the newest view before the act; `plan`: the enforcement view of that moment. */
export function undoOf(act: ConsoleAct, before: ControlView | null, plan: readonly Rule[], nowWallMs: number): Undo | null {
  const rule = 'ruleId' in act ? before?.rules.find((one) => one.id === act.ruleId) : undefined
  const why = `undo: ${act.why}`.slice(0, 500)
  switch (act.kind) {
    case 'pin':
      // Pinning lifts a veto; taking it back means to veto again, for as long as that would have lasted: not known here.
      if (rule === undefined || rule.stage === 'vetoed' || rule.stage === 'pinned') return null
      return undo({ kind: 'unpin', ruleId: act.ruleId, untilWallMs: null, why })
    case 'unpin':
      if (rule === undefined) return null
      return rule.stage === 'pinned' ? undo({ kind: 'pin', ruleId: act.ruleId, untilWallMs: null, why }) : rule.stage === 'vetoed' ? undo({ kind: 'veto', ruleId: act.ruleId, untilWallMs: null, why }) : null
    case 'veto':
      if (rule === undefined || rule.stage === 'vetoed') return null
      return rule.stage === 'pinned' ? undo({ kind: 'pin', ruleId: act.ruleId, untilWallMs: null, why }) : undo({ kind: 'unpin', ruleId: act.ruleId, untilWallMs: null, why })
    case 'extend':
      // A rule's end is only ever moved on; to end it sooner is an act of its own.
      return null
    case 'expire':
      return rule === undefined || rule.origin !== 'operator' ? null : addedAgain(rule, plan.find((one) => one.id === rule.id), why, nowWallMs)
    case 'add':
      return undo({ kind: 'expire', ruleId: act.ruleId, untilWallMs: null, why })
    case 'dry-run': {
      const touched = before === null ? [] : before.rules.filter((one) => (act.of === 'all' ? one.origin === 'automatic' : 'rule' in act.of ? one.id === act.of.rule : one.action === act.of.step))
      // Nothing changed: it was so already.
      if (touched.length > 0 && touched.every((one) => one.dryRun === act.on)) return null
      return undo({ kind: 'dry-run', of: act.of, on: !act.on, why })
    }
  }
}

function addedAgain(rule: RuleRecord, inPlan: Rule | undefined, why: string, nowWallMs: number): Undo | null {
  if (rule.expiresAtWallMs !== null && rule.expiresAtWallMs <= nowWallMs) return null
  if (rule.action === 'limit' && inPlan?.limitPerSecond === undefined) return null
  return undo({ kind: 'add', ruleId: rule.id, when: rule.when, action: rule.action, untilWallMs: rule.expiresAtWallMs, why, ...(rule.action === 'limit' ? { limitPerSecond: inPlan!.limitPerSecond! } : {}) })
}

function undo(act: ConsoleAct): Undo {
  return { act }
}
