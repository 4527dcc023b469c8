/**
 * All incidents, as the journal tells them, with a file each. The journal wins: entries newer than the files are applied at start; when a file is damaged
 * or missing, everything the journal still holds is folded anew, and only incidents whose entries retention has taken are taken from their file.
 * A disk that fails loses nothing: the entry is in the journal, the file is tried again every few seconds.
 */
import type { JournalEntry } from '../../contract/journal.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import { RecordError, type Scribe } from '../room.ts'
import { applyEntry, type IncidentRecord, type IncidentRecords } from './apply-change.ts'
import { type AroundEvent, draftOf, type IncidentChange } from './changes.ts'
import type { IncidentFiles } from './incident-files.ts'

const RETRY_MS = 5 * SECOND_MS
/** How far the files are behind the journal after a crash: as many minutes of entries are read again. */
const PLACE_EVERY_MS = 10 * 60 * SECOND_MS
/** Events of the calendar are sought this many entries before the place: a posture begins hours before its event. */
const LOOK_BACK_ENTRIES = 3_000
const MOST_AROUND = 200
/** Entries in the seconds that reading the journal takes. */
const MOST_EARLY = 10_000

export class IncidentBook {
  readonly #scribe: Scribe
  readonly #files: IncidentFiles
  readonly #clock: Clock
  readonly #log: Log
  readonly #records = new Map<string, IncidentRecord>()
  /** Ids whose file is behind; in the order in which they must be written. */
  readonly #behind = new Set<string>()
  #around: AroundEvent[] = []
  #lastSeq = 0
  #placeSeq = 0
  #placedAtMs = 0
  #triedAtMs = Number.NEGATIVE_INFINITY
  #trouble = ''
  #saving: Promise<void> = Promise.resolve()
  /** What was heard while the journal was still being read; null afterwards. */
  #early: JournalEntry[] | null = []

  constructor(scribe: Scribe, files: IncidentFiles, clock: Clock, log: Log) {
    this.#scribe = scribe
    this.#files = files
    this.#clock = clock
    this.#log = log
  }

  get records(): IncidentRecords {
    return this.#records
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  get around(): readonly AroundEvent[] {
    return this.#around
  }

  /** Why files are behind, or ''. */
  get trouble(): string {
    return this.#trouble
  }

  async load(): Promise<void> {
    const kept = await this.#files.read()
    for (const { file, why } of kept.damaged) this.#log.error(`incident file ${file} is not believed (${why}); it is made again from the journal`)
    const whole = kept.place === 0
    const fromFiles = new Map(kept.records.map((record) => [record.id, record]))
    if (!whole) for (const record of kept.records) this.#records.set(record.id, record)
    for await (const entry of this.#scribe.entries(whole ? 1 : Math.max(1, kept.place + 1 - LOOK_BACK_ENTRIES))) this.#take(entry, whole || entry.seq > kept.place)
    if (whole) {
      for (const [id, record] of fromFiles) {
        const made = this.#records.get(id)
        if (made === undefined) this.#records.set(id, record)
        else if (record.closingTimeline !== null && record.lastSeq === made.lastSeq) this.#records.set(id, { ...made, closingTimeline: record.closingTimeline })
      }
      for (const { file } of kept.damaged) {
        const id = file.replace(/\.incident$/, '')
        if (file.endsWith('.incident') && !this.#records.has(id)) this.#log.error(`incident ${id} cannot be made again: its entries are no longer in the journal. The damaged file is kept as ${file}.damaged`)
      }
      for (const id of this.#records.keys()) this.#behind.add(id)
    }
    const early = this.#early ?? []
    this.#early = null
    for (const entry of early) this.#take(entry, true)
    await this.save()
  }

  /** Writes the change down, then takes it up. @throws RecordError when the journal cannot keep it: then nothing changed. */
  async change(incidentId: string, change: IncidentChange, who: string): Promise<JournalEntry> {
    const entry = await this.#scribe.write(draftOf(incidentId, change, who))
    if (entry.seq === 0) throw new RecordError('failed', 'the journal cannot keep it: the disk has failed for long. Nothing was changed; see polder status, free or mend the disk, and say it again')
    this.#take(entry, true)
    await this.save()
    return entry
  }

  /** For the timeline of a closed incident, which is no change of anybody: only its file knows it. */
  keepTimeline(id: string, timeline: IncidentRecord['closingTimeline']): void {
    const record = this.#records.get(id)
    if (record === undefined) return
    this.#records.set(id, { ...record, closingTimeline: timeline })
    this.#behind.add(id)
  }

  hear(entry: JournalEntry): void {
    if (this.#early === null) this.#take(entry, true)
    else if (this.#early.length < MOST_EARLY) this.#early.push(entry)
  }

  /** Tries again what could not be written, and moves the place on now and then. */
  second(): void {
    const now = this.#clock.monotonicMs()
    if (this.#behind.size > 0 ? now - this.#triedAtMs >= RETRY_MS : now - this.#placedAtMs >= PLACE_EVERY_MS) void this.save()
  }

  /** Never rejects. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save())
    return this.#saving
  }

  async #save(): Promise<void> {
    this.#triedAtMs = this.#clock.monotonicMs()
    const seq = this.#lastSeq
    try {
      for (const id of this.#behind) {
        const record = this.#records.get(id)
        this.#behind.delete(id)
        try {
          if (record === undefined) await this.#files.remove(id)
          else await this.#files.write(record)
        } catch (error) {
          this.#behind.add(id)
          throw error
        }
      }
      if (seq > this.#placeSeq && (this.#records.size > 0 || this.#placeSeq > 0)) {
        await this.#files.writePlace(seq, [...this.#records.keys()])
        this.#placeSeq = seq
      }
      this.#placedAtMs = this.#clock.monotonicMs()
      if (this.#trouble !== '') this.#log.info('incident files are written again')
      this.#trouble = ''
    } catch (error) {
      const trouble = `incident files cannot be written (${(error as Error).message}); nothing is lost, the journal has it`
      if (trouble !== this.#trouble) this.#log.error(trouble)
      this.#trouble = trouble
    }
  }

  #take(entry: JournalEntry, apply: boolean): void {
    if (entry.seq > this.#lastSeq) this.#lastSeq = entry.seq
    if (entry.kind === 'posture') this.#takePosture(entry)
    if (apply) for (const id of applyEntry(this.#records, entry)) this.#behind.add(id)
  }

  #takePosture(entry: JournalEntry): void {
    const { name, because, fromWallMs, untilWallMs } = (entry.data ?? {}) as Readonly<Record<string, unknown>>
    if (typeof name !== 'string' || typeof because !== 'string' || typeof fromWallMs !== 'number' || typeof untilWallMs !== 'number') return
    this.#around = [...this.#around.filter((one) => one.title !== because || one.fromWallMs !== fromWallMs || !one.postures.includes(name)), { title: because, fromWallMs, toWallMs: untilWallMs, postures: [name] }].slice(-MOST_AROUND)
  }
}
