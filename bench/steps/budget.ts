import type { StepFigures } from './steps-run.ts'

/** What each step may cost: CPU time as a ratio to the calibration loop, and bytes allocated. */
export type Budget = Readonly<Record<string, { readonly ratio: number; readonly bytes: number }>>

/** A few bytes of the measurement itself. */
const SLACK_BYTES = 32

/** One sentence for each step that is over; a step without a budget is over too, and so is a budget without its step. */
export function overBudget(steps: readonly StepFigures[], budget: Budget, tolerance: number): string[] {
  const found: string[] = []
  for (const step of steps) {
    const allowed = budget[step.name]
    if (allowed === undefined) {
      found.push(`${step.name} has no budget (script/bench steps --set-budget)`)
      continue
    }
    if (!(step.ratio <= allowed.ratio * tolerance)) found.push(`${step.name}: ${step.ratio.toFixed(3)} of the calibration loop, budget ${allowed.ratio} × ${tolerance}`)
    if (!(step.bytes <= allowed.bytes * tolerance + SLACK_BYTES)) found.push(`${step.name}: ${step.bytes.toFixed(0)} bytes, budget ${allowed.bytes} × ${tolerance}`)
  }
  for (const name of Object.keys(budget)) if (!steps.some((step) => step.name === name)) found.push(`${name} has a budget and was not measured`)
  return found
}
