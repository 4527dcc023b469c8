export interface StepFigures {
  readonly name: string
  readonly ns: number
  /** Of one turn of the calibration loop. */
  readonly ratio: number
  readonly bytes: number
}

export interface StepsRun {
  readonly calibrationNs: number
  readonly steps: readonly StepFigures[]
}
