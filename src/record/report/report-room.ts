/**
 * Reports as a room of the record: writes one from an incident's facts, tells how the deadlines stand, calls before one runs out. It sends nothing anywhere, and
 * changes nothing but the journal, which says who had which report written.
 */
import type { Incident, IncidentSummary } from '../../contract/incident.ts'
import type { Condition } from '../../contract/plan.ts'
import type { ShieldSecond } from '../../contract/record.ts'
import { reportForms, type ReportClock, type ReportForm, type ReportKind, reportKinds, type WrittenReport } from '../../contract/report.ts'
import { MINUTE_MS } from '../../kernel/units.ts'
import { RecordError, type Room, type RoomParts } from '../room.ts'
import { ClockWatch } from './clock-watch.ts'
import type { Facts } from './compose-report.ts'
import { MeasuredCourse } from './measured-course.ts'
import type { ReportSettings } from './options.ts'
import { type ClockFacts, reportClocks } from './report-clocks.ts'
import { reportPlans } from './report-plans.ts'
import { writeReport } from './write-report.ts'

/** The incident room, as far as reports need it; src/record/worker.ts hands it in. */
export interface IncidentSource {
  /** 'open' and 'last' too. @throws RecordError when there is none. */
  show(id: string): Promise<Incident>
  list(): Promise<readonly IncidentSummary[]>
  /** Another number after every change of the incident. Reading an incident whole costs a walk through the journal: what has not changed is not read again. */
  changeOf(id: string): number
}

/** Deadlines are hours away; their incidents are read anew this often. */
const LOOK_EVERY_MS = MINUTE_MS
/** Four months after it was closed an incident has no clock any more. */
const CLOCKS_AFTER_CLOSE_MS = 125 * 24 * 60 * MINUTE_MS
/** The measures before and after, for the eye. */
const AROUND_MS = 10 * MINUTE_MS
/** One journal entry a second is far more than there are; a longer journal is read no further for one report. */
const MOST_ENTRIES = 500_000
const MOST_KNOWN_RULES = 1_000

export class ReportRoom implements Room {
  readonly #parts: RoomParts<ReportSettings>
  readonly #incidents: IncidentSource
  readonly #watch = new ClockWatch()
  /** Conditions of the rules of late: journal entries may not hold them. */
  readonly #conditions = new Map<string, readonly Condition[]>()
  /** Of the incidents that may still have a clock. */
  readonly #known = new Map<string, { readonly change: number; readonly facts: ClockFacts }>()
  #lookedAtWallMs = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | null = null
  #closed = false

  constructor(parts: RoomParts<ReportSettings>, incidents: IncidentSource) {
    this.#parts = parts
    this.#incidents = incidents
  }

  async answer(question: string, asks: Readonly<Record<string, unknown>>, who: string): Promise<unknown> {
    switch (question) {
      case 'write':
        return await this.#write(idIn(asks), choiceIn(asks, 'kind', reportKinds), choiceIn(asks, 'form', reportForms), who)
      case 'clocks':
        return await this.#clocks(idIn(asks))
      default:
        throw new RecordError('unknown-question', `reports answer write and clocks, not ${question}`)
    }
  }

  second(second: ShieldSecond): void {
    for (const rule of second.view?.rules ?? []) this.#know(rule.id, rule.when)
    const now = second.atWallMs
    if (this.#closed || this.#looking !== null || (now - this.#lookedAtWallMs < LOOK_EVERY_MS && now >= this.#lookedAtWallMs)) return
    this.#lookedAtWallMs = now
    this.#looking = this.#look(now).catch((error: unknown) => this.#parts.log.warn(`deadlines could not be looked at: ${error instanceof Error ? error.message : String(error)}`)).finally(() => {
      this.#looking = null
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#looking
  }

  /** Resolves when the look under way is done; for tests. */
  async settled(): Promise<void> {
    await this.#looking
  }

  async #write(id: string, kind: ReportKind, form: ReportForm, who: string): Promise<WrittenReport> {
    const incident = await this.#incidents.show(id)
    const now = this.#parts.clock.wallMs()
    const written = await writeReport(await this.#facts(incident, now), kind, form)
    const missing = written.missing.length === 0 ? 'nothing missing' : `${written.missing.length} ${written.missing.length === 1 ? 'field' : 'fields'} missing`
    await this.#parts.scribe.write({
      kind: 'report', who, sentence: `incident ${incident.id}: ${written.kind === 'export' ? `${form} export` : `${reportPlans[kind].title.toLowerCase()} (${form})`} written; ${missing}`,
      data: { incidentId: incident.id, kind: written.kind, form, sha256: written.sha256, missing: written.missing.map((one) => one.field) },
    })
    return written
  }

  async #clocks(id: string): Promise<readonly ReportClock[]> {
    return reportClocks(await this.#incidents.show(id), this.#parts.settings(), this.#parts.clock.wallMs())
  }

  async #facts(incident: Incident, nowWallMs: number): Promise<Facts> {
    const began = incident.figures.find((one) => one.code === 'start')?.value ?? incident.openedAtWallMs
    const course = new MeasuredCourse(Math.min(began, incident.openedAtWallMs) - AROUND_MS, (incident.closedAtWallMs ?? nowWallMs) + AROUND_MS)
    let read = 0
    for await (const entry of this.#parts.scribe.entries(firstSeqOf(incident))) {
      course.add(entry)
      if (++read >= MOST_ENTRIES) break
    }
    for (const [ruleId, when] of this.#conditions) course.know(ruleId, when)
    return { incident, course, settings: this.#parts.settings(), nowWallMs }
  }

  async #look(nowWallMs: number): Promise<void> {
    const settings = this.#parts.settings()
    const incidents: ClockFacts[] = []
    if (settings.regime !== 'none') {
      for (const one of await this.#incidents.list()) {
        if (one.mergedInto !== null || (one.closedAtWallMs !== null && nowWallMs - one.closedAtWallMs > CLOCKS_AFTER_CLOSE_MS)) continue
        incidents.push(await this.#clockFacts(one.id))
      }
    }
    const looked = new Set(incidents.map(({ id }) => id))
    for (const id of this.#known.keys()) if (!looked.has(id)) this.#known.delete(id)
    if (this.#closed) return
    for (const alert of this.#watch.step(incidents, settings, nowWallMs)) this.#parts.teller.tell(alert)
  }

  async #clockFacts(id: string): Promise<ClockFacts> {
    const change = this.#incidents.changeOf(id)
    const known = this.#known.get(id)
    if (known?.change === change) return known.facts
    const { title, openedAtWallMs, closedAtWallMs, awareAtWallMs, significant, mergedInto, reports } = await this.#incidents.show(id)
    const facts: ClockFacts = { id, title, openedAtWallMs, closedAtWallMs, awareAtWallMs, significant, mergedInto, reports }
    this.#known.set(id, { change, facts })
    return facts
  }

  #know(id: string, when: readonly Condition[]): void {
    if (this.#conditions.has(id)) return
    if (this.#conditions.size >= MOST_KNOWN_RULES) this.#conditions.delete(this.#conditions.keys().next().value!)
    this.#conditions.set(id, when)
  }
}

/** Nothing of the incident lies before it in the journal: reading begins there. */
function firstSeqOf(incident: Incident): number {
  const seqs = [...incident.timeline.map((item) => item.seq), ...incident.figures.flatMap((figure) => figure.from.map((one) => (typeof one === 'number' ? one : one[0])))].filter((seq) => seq > 0)
  return seqs.reduce((least, seq) => Math.min(least, seq), seqs[0] ?? 1)
}

function idIn(asks: Readonly<Record<string, unknown>>): string {
  const id = asks['id']
  if (typeof id !== 'string' || id === '' || id.length > 100) throw new RecordError('bad-question', 'name an incident: its id, open or last')
  return id
}

function choiceIn<C extends string>(asks: Readonly<Record<string, unknown>>, field: string, choices: readonly C[]): C {
  const given = asks[field]
  const found = choices.find((one) => one === given)
  if (found === undefined) throw new RecordError('bad-question', `${field} is one of ${choices.join(', ')}`)
  return found
}
