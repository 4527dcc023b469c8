import type { AlertRoomSettings } from './alert/alert-room.ts'
import type { CalendarSettings } from './calendar/options.ts'
import type { IncidentSettings } from './incident/incident-room.ts'
import type { JournalSettings } from './journal/options.ts'
import type { ReportSettings } from './report/options.ts'
import type { StatementSettings } from './statement/options.ts'

/** One section per room, as in polder.yaml. */
export interface RecordSettings {
  readonly journal: JournalSettings
  readonly incident: IncidentSettings
  readonly report: ReportSettings
  readonly alert: AlertRoomSettings
  readonly calendar: CalendarSettings
  readonly statements: StatementSettings
  /** detection.watchZ: where the band of usual traffic ends. */
  readonly watchZ: number
}

export interface RecordStart {
  readonly settings: RecordSettings
  readonly dataDir: string
  readonly version: string
}
