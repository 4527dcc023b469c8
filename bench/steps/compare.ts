import { median } from '../measure/statistics.ts'
import type { StepsRun } from './steps-run.ts'

/** A step that allocates nothing measures a few bytes now and then. */
const SLACK_BYTES = 32

export interface Change {
  readonly name: string
  /** Median over the turns of branch / base, each relative to its own calibration. */
  readonly timeRatio: number
  readonly smallest: number
  readonly largest: number
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/** What of it is slower, or takes more memory, by more than the tolerance. */
export function slowerBy(changes: readonly Change[], tolerance: number): Change[] {
  return changes.filter((one) => one.timeRatio > tolerance || one.bytesAfter > one.bytesBefore * tolerance + SLACK_BYTES)
}

/**
 * Compares, and measures again what looks slower: what else a machine does comes and goes, what a change does stays. `measure` measures base and branch in
 * turns, `more` is 0 the first time; a step counts as slower when it is so over all turns together, at the latest after `retries` further rounds of them.
 */
export async function compareUntilSure(measure: (more: number) => Promise<readonly [StepsRun[], StepsRun[]]>, tolerance: number, retries: number, onDoubt: (slower: readonly Change[]) => void): Promise<Change[]> {
  const base: StepsRun[] = []
  const branch: StepsRun[] = []
  for (let more = 0; ; more++) {
    const [before, after] = await measure(more)
    base.push(...before)
    branch.push(...after)
    const changes = compareRuns(base, branch)
    const slower = slowerBy(changes, tolerance)
    if (slower.length === 0 || more === retries) return changes
    onDoubt(slower)
  }
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
