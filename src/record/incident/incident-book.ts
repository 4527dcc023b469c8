/**
 * All incidents, as the journal tells them, with a file each. The journal wins: entries newer than the files are applied at start; when a file is damaged
 * or missing, everything the journal still holds is folded anew, and only incidents whose entries retention has taken are taken from their file.
 * A disk that fails loses nothing: the entry is in the journal, the file is tried again every few seconds.
 */
import type { Posture } from '../../contract/calendar.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import { RecordError, type Scribe } from '../room.ts'
import { applyEntry, type IncidentRecord, type IncidentRecords } from './apply-change.ts'
import { type AroundEvent, changeOf, draftOf, type IncidentChange } from './changes.ts'
import type { IncidentFiles, KeptIncidents } from './incident-files.ts'

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
    let kept = await this.#files.read()
    for (const { file, why } of kept.damaged) this.#log.error(`incident file ${file} is not believed (${why}); it is made again from the journal`)
    const lastSeq = await this.#lastOfJournal(kept.place)
    if (kept.place > lastSeq) kept = this.#behindTheFiles(kept, lastSeq)
    const whole = kept.place === 0
    if (!whole) for (const record of kept.records) this.#records.set(record.id, record)
    let first = true
    const deleted = new Set<string>()
    for await (const entry of this.#scribe.entries(whole ? 1 : Math.max(1, kept.place + 1 - LOOK_BACK_ENTRIES))) {
      if (whole && first) this.#fromFiles(kept.records, entry.seq, lastSeq)
      first = false
      const change = whole ? changeOf(entry) : null
      if (change?.change === 'deleted') deleted.add(change.incidentId)
      this.#take(entry, whole || entry.seq > kept.place)
    }
    if (whole && first) this.#fromFiles(kept.records, Number.POSITIVE_INFINITY, lastSeq)
    if (whole) this.#afterRebuild(kept, deleted, lastSeq)
    this.#placeSeq = whole ? 0 : kept.place
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
      if (seq !== this.#placeSeq) {
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

  async #lastOfJournal(place: number): Promise<number> {
    for (const from of [Math.max(1, place - LOOK_BACK_ENTRIES), 1]) {
      let last = 0
      for await (const { seq } of this.#scribe.entries(from)) last = seq
      if (last > 0 || from === 1) return last
    }
    return 0
  }

  /** The journal was begun anew, or lost its end with a failing disk: what the files hold is all there is, and its numbers mean nothing to the journal to come. */
  #behindTheFiles(kept: KeptIncidents, lastSeq: number): KeptIncidents {
    this.#log.error(`incident files know the journal up to entry ${kept.place}, but it ends at ${lastSeq}: it was begun anew or lost its end. The files are believed`)
    for (const { id } of kept.records) this.#behind.add(id)
    return {
      ...kept,
      place: Math.max(lastSeq, 1),
      records: kept.records.map((record) => within(record, lastSeq)),
    }
  }

  /** Incidents whose first entry the journal no longer holds; all others are made again from it. */
  #fromFiles(records: readonly IncidentRecord[], firstKeptSeq: number, lastSeq: number): void {
    for (const record of records) if (record.bornSeq < firstKeptSeq) this.#records.set(record.id, within(record, lastSeq))
  }

  /** A file that the journal knows nothing of, not even its deletion, is believed: an incident is rather kept too long than lost. */
  #afterRebuild({ records, damaged }: KeptIncidents, deleted: ReadonlySet<string>, lastSeq: number): void {
    for (const record of records) {
      const made = this.#records.get(record.id)
      if (made !== undefined) {
        if (record.closingTimeline !== null && record.lastSeq === made.lastSeq) this.#records.set(record.id, { ...made, closingTimeline: record.closingTimeline })
      } else if (deleted.has(record.id)) this.#behind.add(record.id)
      else this.#records.set(record.id, within(record, lastSeq))
    }
    for (const { file } of damaged) {
      const id = file.replace(/\.incident$/, '')
      if (file.endsWith('.incident') && !this.#records.has(id)) this.#log.error(`incident ${id} cannot be made again: the journal does not hold it (deleted, or gone by retention). A damaged file is kept as ${file}.damaged`)
    }
    for (const id of this.#records.keys()) this.#behind.add(id)
  }

  #take(entry: JournalEntry, apply: boolean): void {
    if (entry.seq > this.#lastSeq) this.#lastSeq = entry.seq
    if (entry.kind === 'posture') this.#takePosture(entry)
    if (apply) for (const id of applyEntry(this.#records, entry)) this.#behind.add(id)
  }

  #takePosture(entry: JournalEntry): void {
    const { what, name, because, event } = (entry.data ?? {}) as Partial<Posture> & { readonly what?: unknown }
    if (what !== 'begins' || typeof name !== 'string' || typeof because !== 'string' || typeof event?.fromWallMs !== 'number' || typeof event.untilWallMs !== 'number') return
    const { fromWallMs, untilWallMs: toWallMs } = event
    this.#around = [...this.#around.filter((one) => one.title !== because || one.fromWallMs !== fromWallMs || !one.postures.includes(name)), { title: because, fromWallMs, toWallMs, postures: [name] }].slice(-MOST_AROUND)
  }
}

/** With numbers that a journal ending at `lastSeq` has not given yet taken away. */
function within(record: IncidentRecord, lastSeq: number): IncidentRecord {
  return { ...record, lastSeq: Math.min(record.lastSeq, lastSeq), bornSeq: record.bornSeq > lastSeq ? 0 : record.bornSeq, firstSeq: Math.min(record.firstSeq, lastSeq + 1) }
}
