/**
 * The incident as a room of the record. Opens one when the shield is under attack, closes it after the calm, answers people, forgets what retention says.
 * Two incidents are never opened at once by Polder. It tells nobody: that is the alert room's work, which hears what is written here. Every change is in the journal before it counts (incident-book.ts). It never judges: see incident-acts.ts.
 */
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Incident, IncidentSummary } from '../../contract/incident.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import type { ShieldState } from '../../contract/plan.ts'
import type { ShieldSecond } from '../../contract/record.ts'
import type { OptionValues } from '../../kernel/option.ts'
import { HOUR_MS, MINUTE_MS } from '../../kernel/units.ts'
import { RecordError, type Room, type RoomParts } from '../room.ts'
import type { IncidentRecord } from './apply-change.ts'
import type { IncidentChange } from './changes.ts'
import { type Composed, composeIncident } from './compose-incident.ts'
import { cleanName, EvidenceStore } from './evidence-store.ts'
import { acts, byAPerson, mustFit } from './incident-acts.ts'
import { IncidentBook } from './incident-book.ts'
import { IncidentFiles } from './incident-files.ts'
import { IncidentWatch } from './incident-watch.ts'
import type { incidentOptions } from './options.ts'
import { type Asks, countIn, hashIn, lineIn, optionalLineIn, textIn, timeIn } from '../read-asks.ts'

export type IncidentSettings = OptionValues<typeof incidentOptions>

/** A beginning lies at most ten minutes back: a measure in ten seconds and rules that come and go. */
const LOOK_BACK_ENTRIES = 1_000
const PIECE_BYTES = 512 * 1_024
/** One journal entry holds 64 KiB. */
const MOST_FIGURES_BYTES = 60_000

export class IncidentRoom implements Room {
  readonly #parts: RoomParts<IncidentSettings>
  readonly #book: IncidentBook
  readonly #evidence: EvidenceStore
  readonly #watch = new IncidentWatch()
  readonly #composed = new Map<string, { readonly stamp: string; readonly composed: Promise<Composed> }>()
  readonly #ready: Promise<void>
  #loaded = false
  #failure = ''
  #turn: Promise<unknown> = Promise.resolve()
  #acting = false
  #sweptAtWallMs = 0
  /** Wall time less monotonic time, and from when on what it says of age is believed: as for the journal's retention, a clock that is wrong for a while must not delete what people wrote. */
  #offsetMs: number
  #trustedFromMs: number

  constructor(parts: RoomParts<IncidentSettings>) {
    this.#parts = parts
    const now = parts.clock.monotonicMs()
    this.#offsetMs = parts.clock.wallMs() - now
    this.#trustedFromMs = now + HOUR_MS
    this.#book = new IncidentBook(parts.scribe, new IncidentFiles(parts.folder), parts.clock, parts.log)
    this.#evidence = new EvidenceStore(join(parts.folder, 'evidence'), join(parts.folder, '..'))
    this.#ready = this.#load()
  }

  /** Resolves when the incidents of before are known. */
  get ready(): Promise<void> {
    return this.#ready
  }

  /** The incident that is open, the newest if people opened several; null: none. */
  get open(): IncidentRecord | null {
    return this.#open()
  }

  /** Another number after every change of the incident; 0: there is none. */
  changeOf(id: string): number {
    return this.#book.records.get(id)?.lastSeq ?? 0
  }

  /** 'open' and 'last' too. @throws RecordError when there is none. */
  async show(id: string): Promise<Incident> {
    return (await this.answer('show', { id }, 'polder')) as Incident
  }

  async list(): Promise<readonly IncidentSummary[]> {
    return (await this.answer('list', {}, 'polder')) as readonly IncidentSummary[]
  }

  /** Whole addresses are to be kept now, for this incident, until then; null: never. */
  wholeAddresses(nowWallMs: number): { readonly incidentId: string; readonly untilWallMs: number } | null {
    for (const record of this.#book.records.values()) {
      if (record.closedAtWallMs === null && record.addressEvidence !== null && record.addressEvidence.untilWallMs > nowWallMs) return { incidentId: record.id, untilWallMs: record.addressEvidence.untilWallMs }
    }
    return null
  }

  second(second: ShieldSecond): void {
    if (!this.#loaded) return
    this.#book.second()
    const state = second.view?.state ?? null
    const open = this.#open()
    const verdict = this.#watch.step(second.atWallMs, state, open, this.#parts.settings())
    if (this.#acting) return
    if (verdict === 'open' && open === null) this.#act(() => this.#openByItself(state!))
    else if (verdict === 'close' && open !== null) this.#act(() => this.#close(open, `calm for ${calmText(this.#parts.settings().closeAfterCalmMs)}`, 'polder'))
    else if (this.#due(second.atWallMs)) this.#act(() => this.#sweep())
  }

  hear(entry: JournalEntry): void {
    this.#book.hear(entry)
  }

  async answer(question: string, asks: Asks, who: string): Promise<unknown> {
    await this.#ready
    if (this.#failure !== '') throw new RecordError('failed', this.#failure)
    if (question === 'list') return this.#list()
    if (question === 'show') return (await this.#compose(this.#named(asks))).incident
    if (question === 'evidenceCheck') return this.#checkEvidence(asks)
    if (question === 'evidencePiece') return this.#evidencePiece(asks)
    if (question === 'evidencePart') return this.#evidencePart(asks)
    return this.#inTurn(() => this.#change(question, asks, who))
  }

  /** Resolves when everything under way is done. */
  async settled(): Promise<void> {
    await this.#ready
    await this.#turn
  }

  async close(): Promise<void> {
    await this.settled()
    await this.#book.save()
    await this.#evidence.close()
  }

  async #load(): Promise<void> {
    try {
      await this.#book.load()
      await this.#evidence.keepOnly(this.#hashes())
      for (const { id, closingFigures, closingTimeline } of this.#book.records.values()) if (closingFigures === null || closingTimeline === null) await this.#sum(id)
      this.#loaded = true
    } catch (error) {
      this.#failure = `incidents cannot be read from ${this.#parts.folder} (${(error as Error).message}); mend the folder and restart. The journal goes on`
      this.#parts.log.error(this.#failure)
    }
  }

  /** One change at a time, in the order of asking. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run)
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** What Polder does by itself; a failure is told and tried again a second later. */
  #act(run: () => Promise<unknown>): void {
    this.#acting = true
    void this.#inTurn(run)
      .catch((error: unknown) => this.#parts.log.error(`incident: ${(error as Error).message}`))
      .finally(() => {
        this.#acting = false
      })
  }

  async #change(question: string, asks: Asks, who: string): Promise<unknown> {
    byAPerson(who, 'an incident is changed by a person with a name')
    switch (question) {
      case 'open':
        return this.#show(await this.#openAs(lineIn(asks, 'title'), false, this.#open()?.worstState ?? 'NORMAL', who))
      case 'close': {
        const record = this.#changeable(asks)
        if (record.closedAtWallMs !== null) throw new RecordError('bad-question', `incident ${record.id} is closed already, since ${new Date(record.closedAtWallMs).toISOString()}`)
        await this.#close(record, textIn(asks, 'why'), who)
        this.#watch.closedByHand()
        return this.#show(record.id)
      }
      case 'merge':
        return this.#merge(asks, who)
      case 'split':
        return this.#split(asks, who)
      case 'evidence': {
        const record = this.#changeable(asks)
        const file = textIn(asks, 'file', 4_096)
        const provenance = textIn(asks, 'provenance')
        const taken = await this.#evidence.take(file, this.#parts.settings().maxEvidenceBytes, this.#parts.clock.monotonicMs())
        return this.#record(record, { change: 'evidence-taken', name: cleanName(file), provenance, ...taken }, who)
      }
      case 'evidenceBegin': {
        this.#changeable(asks)
        return { ticket: await this.#evidence.begin(this.#parts.clock.monotonicMs()) }
      }
      case 'evidenceEnd': {
        const record = this.#changeable(asks)
        const name = cleanName(lineIn(asks, 'name'))
        const provenance = textIn(asks, 'provenance')
        const sent = hashIn(asks, 'sha256')
        const taken = await this.#evidence.finish(lineIn(asks, 'ticket'))
        if (taken.sha256 !== sent) await this.#evidence.keepOnly(this.#hashes())
        if (taken.sha256 !== sent) throw new RecordError('failed', 'what arrived is not what was sent (its SHA-256 differs); nothing was kept, try again')
        return this.#record(record, { change: 'evidence-taken', name, provenance, ...taken }, who)
      }
      default: {
        const act = Object.hasOwn(acts, question) ? acts[question] : undefined
        if (act === undefined) throw new RecordError('unknown-question', `the incident room has no question ${question}`)
        const record = this.#changeable(asks)
        return this.#record(record, act(record, asks, { nowWallMs: this.#parts.clock.wallMs(), who, maxAddressEvidenceMs: this.#parts.settings().maxAddressEvidenceMs }), who)
      }
    }
  }

  async #record(record: IncidentRecord, change: IncidentChange, who: string): Promise<Incident> {
    mustFit(record, change)
    await this.#book.change(record.id, change, who)
    return this.#show(record.id)
  }

  async #openByItself(state: ShieldState): Promise<void> {
    if (this.#open() !== null) return
    const now = this.#parts.clock.wallMs()
    await this.#openAs(`${state === 'STRAIN' ? 'Strain' : 'Attack'} of ${new Date(now).toISOString().slice(0, 16).replace('T', ', ')} UTC`, true, state, 'polder')
  }

  async #openAs(title: string, automatic: boolean, state: ShieldState, who: string): Promise<string> {
    const now = this.#parts.clock.wallMs()
    const id = this.#newId(now)
    const firstSeq = Math.max(1, this.#book.lastSeq + 1 - LOOK_BACK_ENTRIES)
    await this.#book.change(id, { change: 'opened', title, automatic, state, firstSeq, around: this.#book.around.filter((event) => event.toWallMs > now - 86_400_000) }, who)
    return id
  }

  #newId(nowWallMs: number): string {
    const day = new Date(nowWallMs).toISOString().slice(0, 10)
    const taken = [...this.#book.records.keys()].filter((id) => id.startsWith(`${day}-`)).map((id) => Number(id.slice(11)))
    return `${day}-${Math.max(0, ...taken) + 1}`
  }

  async #close(record: IncidentRecord, why: string, who: string): Promise<void> {
    await this.#book.change(record.id, { change: 'closed', why }, who)
    await this.#sum(record.id)
  }

  /** Keeps figures and timeline of a closed incident: the journal may forget the measures before the incident is deleted. */
  async #sum(id: string): Promise<void> {
    const record = this.#book.records.get(id)
    if (record === undefined || record.closedAtWallMs === null) return
    const { incident, fromJournal } = await composeIncident(record, this.#parts.scribe, this.#book.around, this.#parts.clock.wallMs())
    if (!fromJournal) return
    const figures = [...incident.figures]
    while (Buffer.byteLength(JSON.stringify(figures)) > MOST_FIGURES_BYTES) figures.pop()
    this.#book.keepTimeline(id, incident.timeline)
    if (isDeepStrictEqual(record.closingFigures, figures)) await this.#book.save()
    else await this.#book.change(id, { change: 'summed', figures }, 'polder')
  }

  async #merge(asks: Asks, who: string): Promise<Incident> {
    const from = this.#changeable(asks)
    const into = this.#changeable({ id: lineIn(asks, 'into') })
    if (from.id === into.id) throw new RecordError('bad-question', 'an incident cannot be merged into itself')
    mustFit(into, { change: 'noted', text: JSON.stringify({ ...from, changes: [], closingFigures: null, closingTimeline: null }) })
    await this.#book.change(from.id, { change: 'merged', into: into.id }, who)
    await this.#sum(into.id)
    return this.#show(into.id)
  }

  async #split(asks: Asks, who: string): Promise<Incident> {
    const record = this.#changeable(asks)
    const atWallMs = timeIn(asks, 'atWallMs')
    const end = record.closedAtWallMs ?? this.#parts.clock.wallMs()
    if (atWallMs <= record.openedAtWallMs || atWallMs >= end) throw new RecordError('bad-question', `the cut must lie inside the incident: after ${new Date(record.openedAtWallMs).toISOString()} and before ${new Date(end).toISOString()}`)
    const newId = this.#newId(atWallMs)
    await this.#book.change(record.id, { change: 'split', newId, atWallMs, title: lineIn(asks, 'title') }, who)
    await this.#sum(record.id)
    await this.#sum(newId)
    return this.#show(newId)
  }

  async #evidencePart(asks: Asks): Promise<{ readonly taken: number }> {
    const content = asks['base64']
    if (typeof content !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(content)) throw new RecordError('bad-question', 'base64 must hold a piece of the file')
    const piece = Buffer.from(content, 'base64')
    await this.#evidence.append(lineIn(asks, 'ticket'), piece, this.#parts.settings().maxEvidenceBytes, this.#parts.clock.monotonicMs())
    return { taken: piece.length }
  }

  async #checkEvidence(asks: Asks): Promise<ReadonlyArray<{ readonly id: string; readonly name: string; readonly sha256: string; readonly state: string }>> {
    const states = []
    for (const { id, name, sha256 } of this.#named(asks).evidence) states.push({ id, name, sha256, state: await this.#evidence.check(sha256) })
    return states
  }

  async #evidencePiece(asks: Asks): Promise<{ readonly base64: string; readonly bytes: number }> {
    const record = this.#named(asks)
    const evidenceId = optionalLineIn(asks, 'evidenceId')
    const item = record.evidence.find((one) => one.id === evidenceId)
    if (item === undefined) throw new RecordError('not-found', `there is no evidence "${evidenceId}" in incident ${record.id}`)
    const offset = countIn(asks, 'offset', item.bytes)
    return { base64: (await this.#evidence.read(item.sha256, offset, PIECE_BYTES)).toString('base64'), bytes: item.bytes }
  }

  #list(): IncidentSummary[] {
    return [...this.#book.records.values()]
      .sort((a, b) => b.openedAtWallMs - a.openedAtWallMs || b.lastSeq - a.lastSeq)
      .map(({ id, title, openedAtWallMs, closedAtWallMs, awareAtWallMs, tlp, worstState, mergedInto, tasks }) => ({ id, title, openedAtWallMs, closedAtWallMs, awareAtWallMs, tlp, worstState, mergedInto, openTasks: tasks.filter((task) => task.doneAtWallMs === null).length }))
  }

  async #show(id: string): Promise<Incident> {
    return (await this.#compose(this.#named({ id }))).incident
  }

  /** Read anew only when something came to the journal or to the incident since. */
  #compose(record: IncidentRecord): Promise<Composed> {
    const stamp = `${record.lastSeq} ${record.closedAtWallMs === null ? this.#book.lastSeq : ''}`
    const kept = this.#composed.get(record.id)
    if (kept?.stamp === stamp) return kept.composed
    const composed = composeIncident(record, this.#parts.scribe, this.#book.around, this.#parts.clock.wallMs())
    this.#composed.clear()
    this.#composed.set(record.id, { stamp, composed })
    composed.catch(() => this.#composed.clear())
    return composed
  }

  #open(): IncidentRecord | null {
    let newest: IncidentRecord | null = null
    for (const record of this.#book.records.values()) if (record.closedAtWallMs === null && (newest === null || record.openedAtWallMs >= newest.openedAtWallMs)) newest = record
    return newest
  }

  #named(asks: Asks): IncidentRecord {
    const id = lineIn(asks, 'id')
    if (id === 'open') {
      const open = this.#open()
      if (open === null) throw new RecordError('not-found', 'no incident is open; "last" names the newest, polder incident list shows all')
      return open
    }
    const records = [...this.#book.records.values()]
    const found = id === 'last' ? records.filter((one) => one.mergedInto === null).sort((a, b) => b.openedAtWallMs - a.openedAtWallMs)[0] : this.#book.records.get(id)
    if (found === undefined) throw new RecordError('not-found', records.length === 0 ? 'there is no incident yet; polder incident open makes one by hand' : `there is no incident "${id}"; polder incident list shows all`)
    return found
  }

  /** A merged incident is read-only: what is said belongs where it went. */
  #changeable(asks: Asks): IncidentRecord {
    const record = this.#named(asks)
    if (record.mergedInto !== null) throw new RecordError('bad-question', `incident ${record.id} was merged into ${record.mergedInto}; say it there`)
    return record
  }

  #hashes(): Set<string> {
    return new Set([...this.#book.records.values()].flatMap((record) => record.evidence.map((item) => item.sha256)))
  }

  #due(nowWallMs: number): boolean {
    for (const record of this.#book.records.values()) if (record.addressEvidence !== null && record.addressEvidence.untilWallMs <= nowWallMs) return true
    return Math.abs(nowWallMs - this.#sweptAtWallMs) >= MINUTE_MS
  }

  #isClockTrusted(): boolean {
    const now = this.#parts.clock.monotonicMs()
    const offset = this.#parts.clock.wallMs() - now
    if (Math.abs(offset - this.#offsetMs) > HOUR_MS) this.#trustedFromMs = now + HOUR_MS
    this.#offsetMs = offset
    return now >= this.#trustedFromMs
  }

  /** Switches address evidence off at its end, and deletes what retention says. */
  async #sweep(): Promise<void> {
    const now = this.#parts.clock.wallMs()
    this.#sweptAtWallMs = now
    const trusted = this.#isClockTrusted()
    const { keepClosedMs } = this.#parts.settings()
    let deleted = 0
    for (const record of this.#book.records.values()) {
      if (record.addressEvidence !== null && record.addressEvidence.untilWallMs <= now) {
        await this.#book.change(record.id, { change: 'addresses-ended', why: 'their time is over' }, 'polder')
      }
      if (trusted && record.closedAtWallMs !== null && record.closedAtWallMs + keepClosedMs <= now) {
        await this.#book.change(record.id, { change: 'deleted' }, 'polder')
        deleted++
      }
    }
    if (deleted > 0) await this.#evidence.keepOnly(this.#hashes())
  }
}

function calmText(ms: number): string {
  return ms < 2 * MINUTE_MS ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / MINUTE_MS)} min`
}
