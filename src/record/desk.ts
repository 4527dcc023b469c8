/**
 * The rooms of the record by name. It brings questions, seconds and entries to them, and keeps the trouble of one room from the others: a room that cannot be
 * opened answers with the reason, one that throws is told in the log, and the rest do their work. It decides nothing itself.
 */
import type { Alert } from '../contract/alert.ts'
import type { JournalEntry } from '../contract/journal.ts'
import { type RecordQuestion, type RecordReply, type RecordState, type RoomName, roomNames, type ShieldSecond } from '../contract/record.ts'
import type { Log } from '../kernel/log.ts'
import { RecordError, type Room, type Teller } from './room.ts'

/** Of the three seconds that the shield gives the record (shield/start-shield.ts). */
const CLOSE_WITHIN_MS = 1_500

export class Desk implements Teller {
  readonly #log: Log
  readonly #rooms = new Map<RoomName, Room>()
  readonly #closed = new Map<RoomName, string>()
  #alerts: Teller | null = null

  constructor(log: Log) {
    this.#log = log
  }

  /** Opens a room and returns it, or null when it could not be opened. */
  open<R extends Room>(name: RoomName, make: () => R): R | null {
    try {
      const room = make()
      this.#rooms.set(name, room)
      return room
    } catch (error) {
      const sentence = `the room ${name} of the record could not be opened: ${messageOf(error)}`
      this.#closed.set(name, sentence)
      this.#log.error(sentence)
      return null
    }
  }

  /** Where alerts go; null: nowhere but into the log. */
  sendAlertsTo(alerts: Teller | null): void {
    this.#alerts = alerts
  }

  tell(alert: Alert): void {
    if (this.#alerts === null) this.#log.warn(`${alert.title}: ${alert.text}`, { alert: alert.key, severity: alert.severity, resolved: alert.resolved })
    else this.#guard('alert', () => this.#alerts!.tell(alert))
  }

  get closedRooms(): RecordState['closedRooms'] {
    return [...this.#closed].map(([room, sentence]) => ({ room, sentence }))
  }

  /** Never rejects. */
  async answer({ room: name, question, asks, who }: RecordQuestion): Promise<RecordReply> {
    const room = this.#rooms.get(name)
    if (room === undefined) {
      const closed = this.#closed.get(name)
      return closed === undefined ? refusal('unknown-question', `the record has no room ${name}; it has ${[...this.#rooms.keys()].join(', ')}`) : refusal('failed', closed)
    }
    try {
      return { ok: true, answer: await room.answer(question, asks, who) }
    } catch (error) {
      if (error instanceof RecordError) return refusal(error.code, error.message)
      this.#log.error(`the room ${name} of the record failed to answer ${question}: ${messageOf(error)}`, { stack: error instanceof Error ? error.stack : undefined })
      return refusal('failed', `the room ${name} of the record failed: ${messageOf(error)}`)
    }
  }

  second(second: ShieldSecond): void {
    for (const [name, room] of this.#rooms) this.#guard(name, () => room.second?.(second))
  }

  hear(entry: JournalEntry): void {
    for (const [name, room] of this.#rooms) this.#guard(name, () => room.hear?.(entry))
  }

  settingsChanged(): void {
    for (const [name, room] of this.#rooms) this.#guard(name, () => room.settingsChanged?.())
  }

  /**
   * The journal last: the others may still have something to write down. Those have a bounded time: a calendar whose server does not answer must not keep the
   * journal from the process that takes over.
   */
  async close(withinMs = CLOSE_WITHIN_MS): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, withinMs, 'late')))
    await Promise.all(roomNames.filter((name) => name !== 'journal').map(async (name) => {
      if ((await Promise.race([this.#closeOne(name), late])) === 'late') this.#log.warn(`the room ${name} of the record did not close in time`)
    }))
    clearTimeout(timer)
    await this.#closeOne('journal')
  }

  async #closeOne(name: RoomName): Promise<void> {
    try {
      await this.#rooms.get(name)?.close()
    } catch (error) {
      this.#log.error(`the room ${name} of the record did not close: ${messageOf(error)}`)
    }
  }

  #guard(name: RoomName, run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#log.error(`the room ${name} of the record failed: ${messageOf(error)}`, { stack: error instanceof Error ? error.stack : undefined })
    }
  }
}

function refusal(code: (RecordReply & { ok: false })['code'], sentence: string): RecordReply {
  return { ok: false, code, sentence }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
