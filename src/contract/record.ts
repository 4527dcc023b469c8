import type { AlertExchanges, AlertsState } from './alert.ts'
import type { CalendarExchanges } from './calendar.ts'
import type { ControlEvent, ControlView } from './control.ts'
import type { IncidentExchanges } from './incident.ts'
import type { JournalExchanges, JournalState } from './journal.ts'
import type { ReportExchanges } from './report.ts'
import type { StatementExchanges } from './statement.ts'
import type { RouteClass } from './route-class.ts'
import type { AdmissionVitals, OriginVitals, TrafficCounts } from './vitals.ts'

/**
 * The record: a thread of its own that writes down what happened, leads the incident, tells people and reads the calendar. It hears the shield once a
 * second and is asked by surfaces; the planes never wait for it. Its rooms (src/record/<room>/) each answer their own questions.
 */
export interface RecordRooms {
  readonly journal: JournalExchanges
  readonly incident: IncidentExchanges
  readonly report: ReportExchanges
  readonly statement: StatementExchanges
  readonly alert: AlertExchanges
  readonly calendar: CalendarExchanges
}

export type RoomName = keyof RecordRooms
export const roomNames = Object.freeze(['journal', 'incident', 'report', 'statement', 'alert', 'calendar'] as const satisfies readonly RoomName[])

/** What a room can be asked, by name: the fields of the question and the answer. All plain data. */
export type Exchanges = Readonly<Record<string, { readonly asks: object; readonly answers: unknown }>>

/** One question to a room, with the person who asks: it goes into the journal with whatever it changes. */
export interface RecordQuestion {
  readonly room: RoomName
  readonly question: string
  readonly who: string
  readonly asks: Readonly<Record<string, unknown>>
}

/** `ok` false: nothing was changed; the sentence says what is wrong and how to mend it. */
export type RecordReply = { readonly ok: true; readonly answer: unknown } | { readonly ok: false; readonly code: RecordRefusal; readonly sentence: string }
export type RecordRefusal = 'unknown-question' | 'bad-question' | 'not-found' | 'not-allowed' | 'failed'

/** What the main thread tells the record every second; the newest of each, even when the control plane is dead. */
export interface ShieldSecond {
  readonly atWallMs: number
  /** Since the second before. */
  readonly traffic: TrafficCounts & { readonly seconds: number }
  /** Counts since the second before, like `traffic`: they are added up. */
  readonly origin: ReadonlyArray<{ readonly routeClass: RouteClass; readonly admission: AdmissionVitals | null; readonly answers: OriginVitals | null }>
  readonly upstreams: ReadonlyArray<{ readonly name: string; readonly healthy: boolean }>
  /** null: the control plane is not heard. */
  readonly view: ControlView | null
  readonly events: readonly ControlEvent[]
}

/** What the record says of itself every second. */
export interface RecordState {
  readonly journal: JournalState
  /** Rooms that could not be opened, with the reason; the others do their work. */
  readonly closedRooms: ReadonlyArray<{ readonly room: RoomName; readonly sentence: string }>
  /** null: the room could not be opened. */
  readonly alerts: AlertsState | null
}
