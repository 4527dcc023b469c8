import type { JournalSettings } from './journal/options.ts'

/** One section per room, as in polder.yaml. */
export interface RecordSettings {
  readonly journal: JournalSettings
  /** detection.watchZ: where the band of usual traffic ends. */
  readonly watchZ: number
}

export interface RecordStart {
  readonly settings: RecordSettings
  readonly dataDir: string
  readonly version: string
}
