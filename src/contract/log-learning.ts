/** What learning from access logs found and did; plain data for surfaces. */
export interface LearnSummary {
  readonly files: readonly LearnedFile[]
  readonly lines: number
  /** Requests learned from; more than lines where a log is a sample. */
  readonly requests: number
  readonly badLines: number
  /** A few of them, from all over the files. */
  readonly badSamples: ReadonlyArray<{ readonly file: string; readonly line: number; readonly why: string; readonly text: string }>
  readonly fromWallMs: number | null
  readonly toWallMs: number | null
  /** Whole minutes the rates were learned from. */
  readonly minutes: number
  /** Times without any line for more than six hours: taken as not logged. */
  readonly gaps: number
  readonly perSecond: { readonly median: number; readonly p95: number; readonly busiestMinute: number }
  /** Requests kept as a sample of who comes. */
  readonly rows: number
  /** The site's own names, as given or guessed from referers. */
  readonly hosts: readonly string[]
  readonly before: BaselineSize
  readonly after: BaselineSize
  /** '' for a dry run. */
  readonly writtenTo: string
  /** A shield with this data folder runs: it takes the new knowledge in by itself. */
  readonly shieldRuns: boolean
  readonly notes: readonly string[]
  readonly seconds: number
}

export interface BaselineSize {
  readonly minutes: number
  readonly rows: number
  /** Less than a day known. */
  readonly coldStart: boolean
}

export interface LearnedFile {
  readonly file: string
  readonly bytes: number
  readonly lines: number
  readonly badLines: number
  readonly format: string
  /** What broke the reading off, or ''. */
  readonly trouble: string
}

export interface LearnProgress {
  readonly doneBytes: number
  readonly totalBytes: number
  readonly lines: number
  readonly file: string
}
