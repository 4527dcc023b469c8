import { median } from '../measure/statistics.ts'
import type { StepsRun } from './steps-command.ts'

export interface Change {
  readonly name: string
  /** Median over the turns of branch / base, each relative to its own calibration. */
  readonly timeRatio: number
  readonly smallest: number
  readonly largest: number
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/** Steps that both have. Turn i of the base is compared with turn i of the branch, which was measured right after it. */
export function compareRuns(base: readonly StepsRun[], branch: readonly StepsRun[]): Change[] {
  const figures = (run: StepsRun, name: string) => run.steps.find((step) => step.name === name)
  const changes: Change[] = []
  for (const { name } of branch[0]?.steps ?? []) {
    const pairs = branch.flatMap((run, i) => {
      const before = base[i] === undefined ? undefined : figures(base[i], name)
      const after = figures(run, name)
      return before === undefined || after === undefined ? [] : [{ before, after }]
    })
    if (pairs.length === 0) continue
    const ratios = pairs.map(({ before, after }) => after.ratio / before.ratio)
    changes.push({
      name, timeRatio: median(ratios), smallest: Math.min(...ratios), largest: Math.max(...ratios),
      bytesBefore: median(pairs.map((one) => one.before.bytes)), bytesAfter: median(pairs.map((one) => one.after.bytes)),
    })
  }
  return changes
}
