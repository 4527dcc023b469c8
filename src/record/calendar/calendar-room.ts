/**
 * The calendar: reads the sources in the background, works out which events ask for more watchfulness, and tells the shield while they last.
 * What it orders runs out by itself within half a minute when it is not renewed: a calendar that is stuck cannot keep the shield on alert.
 * It must never make anything of an event but watchfulness: an event is a fact beside an incident, not its cause.
 */
import { createHash } from 'node:crypto'
import type { CalendarExchanges, CalendarSourceState, Posture, PostureEffects } from '../../contract/calendar.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../kernel/units.ts'
import { type Asks, choiceIn, countIn, lineIn, timeIn } from '../read-asks.ts'
import { RecordError, type Room, type RoomParts } from '../room.ts'
import { CalendarFiles, type HandEntry } from './calendar-files.ts'
import { type CalendarSettings, readSource } from './options.ts'
import { calmEffects, effectsOf, inForce, postureNames, posturesOf, strictest } from './postures.ts'
import { fetchCalendar, noValidators, readCalendarFile, shownSource, workOut } from './read-source.ts'

/** What the shield is told holds this long; renewed well before. */
const HOLDS_MS = 30 * SECOND_MS
const RENEW_MS = 10 * SECOND_MS
/** Repetitions are worked out anew this often even when the file is unchanged: time goes on. */
const WORK_OUT_AGAIN_MS = 6 * HOUR_MS
const LONGEST_ENTRY_MS = 31 * DAY_MS
const MOST_ENTRIES = 500
const MOST_SHOWN = 500

export interface CalendarParts extends RoomParts<CalendarSettings> {
  /** Tells the shield how watchful to be, until then. */
  apply(effects: PostureEffects, untilWallMs: number): void
  /** A pass of the lifeline, and a rehearsal of the challenge. */
  begin(effects: PostureEffects): void
}

interface Source {
  readonly name: string
  readonly from: string
  postures: readonly Posture[]
  events: number
  readAtWallMs: number | null
  workedOutAtWallMs: number
  trouble: string | null
}

export class CalendarRoom implements Room {
  readonly #parts: CalendarParts
  readonly #files: CalendarFiles
  #sources: Source[] = []
  #entries: HandEntry[]
  readonly #begun: Set<string>
  #appliedAtWallMs = Number.NEGATIVE_INFINITY
  #applied: PostureEffects = calmEffects
  #refreshAtWallMs = 0
  #refreshing: Promise<void> | null = null
  #closed = false

  constructor(parts: CalendarParts) {
    this.#parts = parts
    this.#files = new CalendarFiles(parts.folder, (sentence) => parts.log.warn(sentence))
    const kept = this.#files.readState()
    this.#entries = [...kept.entries]
    this.#begun = new Set(kept.begun)
    this.#nameSources()
  }

  settingsChanged(): void {
    this.#nameSources()
    for (const source of this.#sources) source.workedOutAtWallMs = 0
    this.#refreshAtWallMs = 0
  }

  second(): void {
    const now = this.#parts.clock.wallMs()
    // Further away than ever set: the machine's clock was set back.
    if ((now >= this.#refreshAtWallMs || this.#refreshAtWallMs - now > this.#parts.settings().refreshMs) && this.#refreshing === null) void this.refresh()
    const postures = inForce(this.#all(), now)
    this.#tellChanges(postures, now)
    const effects = strictest(postures)
    const changed = effects.sensitivity !== this.#applied.sensitivity
    const calm = effects.sensitivity === 1
    if (changed || (!calm && now - this.#appliedAtWallMs >= RENEW_MS) || now < this.#appliedAtWallMs) {
      this.#applied = effects
      this.#appliedAtWallMs = now
      this.#parts.apply(effects, now + HOLDS_MS)
    }
  }

  /** Reads all sources anew; never rejects. One after the other: their sum is bounded by their number and time. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshAll().finally(() => {
      this.#refreshing = null
      this.#refreshAtWallMs = this.#parts.clock.wallMs() + this.#parts.settings().refreshMs
    })
    return this.#refreshing
  }

  async answer(question: string, asks: Asks, who: string): Promise<unknown> {
    switch (question) {
      case 'show':
        return this.#show(countIn(asks, 'days', 366))
      case 'add':
        return this.#add(asks, who)
      case 'remove':
        return this.#remove(asks, who)
      case 'refresh':
        await this.refresh()
        return this.#states()
      default:
        throw new RecordError('unknown-question', `the calendar cannot be asked ${JSON.stringify(question)}; it knows show, add, remove, refresh`)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#refreshing
  }

  #nameSources(): void {
    const named = this.#parts.settings().sources.flatMap((text) => readSource(text) ?? [])
    this.#sources = named.map(({ name, from }) => this.#sources.find((one) => one.name === name && one.from === from)
      ?? { name, from, postures: [], events: 0, readAtWallMs: null, workedOutAtWallMs: 0, trouble: null })
    this.#files.forgetOthers(named.map(({ name }) => name))
  }

  async #refreshAll(): Promise<void> {
    for (const source of this.#sources) {
      if (this.#closed) return
      const before = source.trouble
      try {
        await this.#read(source)
        source.trouble = null
      } catch (error) {
        source.trouble = (error as Error).message
      }
      if (source.trouble !== null && source.trouble !== before) {
        const kept = source.readAtWallMs === null ? 'nothing of it is in force' : 'the events of the last good reading stay in force'
        this.#parts.log.warn(`calendar ${source.name}: ${source.trouble}; ${kept}`)
        void this.#parts.scribe.write({ kind: 'posture', who: 'polder', sentence: `the calendar ${source.name} could not be read: ${source.trouble}; ${kept}`, data: { source: source.name, trouble: source.trouble } })
      }
    }
  }

  async #read(source: Source): Promise<void> {
    const settings = this.#parts.settings()
    const now = this.#parts.clock.wallMs()
    const kept = this.#files.readSource(source.name)
    const known = kept !== null && kept.from === source.from ? kept : null
    let text: string | null = null
    let validators = known?.validators ?? noValidators
    let failure: Error | null = null
    try {
      if (/^https?:\/\//i.test(source.from)) {
        const fetched = await fetchCalendar(source.from, settings.maxFileBytes, settings.fetchTimeoutMs, validators)
        text = fetched.text
        validators = fetched.validators
      } else text = await readCalendarFile(source.from, settings.maxFileBytes)
    } catch (error) {
      failure = error as Error
    }
    const changed = text !== null && text !== known?.text
    if (!changed && known === null) throw failure ?? new Error('sent nothing')
    if (failure === null) source.readAtWallMs = now
    else source.readAtWallMs ??= known!.readAtWallMs
    if (changed || now - source.workedOutAtWallMs >= WORK_OUT_AGAIN_MS || now < source.workedOutAtWallMs) {
      const reading = await workOut({ text: changed ? text! : known!.text, fromWallMs: now - settings.afterMs - DAY_MS, toWallMs: now + settings.aheadDays * DAY_MS, zone: settings.timeZone })
      source.postures = posturesOf(source.name, reading.events, settings)
      source.events = reading.events.length
      source.workedOutAtWallMs = now
      // Kept only once it was worked out: a file that cannot be used never takes the place of one that could.
      if (changed) this.#files.writeSource(source.name, { from: source.from, text: text!, validators, readAtWallMs: now })
      if (reading.troubles.length > 0) throw new Error(reading.troubles.join('; '))
    }
    if (failure !== null) throw failure
  }

  #all(): Posture[] {
    const settings = this.#parts.settings()
    const byHand = this.#entries.map(({ posture, title, fromWallMs, untilWallMs, who }): Posture => ({ name: posture, because: title, source: `by hand, ${who}`, fromWallMs, untilWallMs, event: { fromWallMs, untilWallMs }, effects: effectsOf(posture, settings) }))
    return [...this.#sources.flatMap((source) => source.postures), ...byHand].sort((a, b) => a.fromWallMs - b.fromWallMs)
  }

  #tellChanges(now: readonly Posture[], atWallMs: number): void {
    const keys = new Map(now.map((one) => [keyOf(one), one]))
    const begins = [...keys].filter(([key]) => !this.#begun.has(key))
    const ends = [...this.#begun].filter((key) => !keys.has(key))
    // A source that is not worked out yet after a restart: what began before has not ended.
    const unsure = this.#sources.some((source) => source.workedOutAtWallMs === 0)
    if (begins.length === 0 && (ends.length === 0 || unsure)) return
    for (const [key, posture] of begins) {
      this.#begun.add(key)
      const until = new Date(posture.untilWallMs).toISOString().slice(0, 16).replace('T', ' ')
      void this.#parts.scribe.write({ kind: 'posture', who: 'polder', sentence: `posture ${posture.name} begins because of "${posture.because}" (${posture.source}), until ${until} UTC`, data: { what: 'begins', ...posture } })
      if (posture.effects.tell) this.#parts.teller.tell({ key: alertKeyOf(key), severity: 'info', title: `Posture ${posture.name}: ${posture.because}`, text: `The calendar (${posture.source}) puts the shield on ${posture.name} until ${until} UTC. Polder looks earlier for trouble and refreshes its copies; visitors notice nothing. Be reachable.`, atWallMs, incidentId: null, resolved: false })
      this.#parts.begin(posture.effects)
    }
    if (!unsure) for (const key of ends) {
      this.#begun.delete(key)
      const [name, , because] = JSON.parse(key) as [string, number, string]
      void this.#parts.scribe.write({ kind: 'posture', who: 'polder', sentence: `posture ${name} because of "${because}" ends`, data: { what: 'ends', key } })
      this.#parts.teller.tell({ key: alertKeyOf(key), severity: 'info', title: `Posture ${name} is over: ${because}`, text: 'The shield is as watchful as usual again.', atWallMs, incidentId: null, resolved: true })
    }
    this.#save()
  }

  #save(): boolean {
    return this.#files.writeState({ entries: this.#entries, begun: [...this.#begun] })
  }

  #show(days: number): CalendarExchanges['show']['answers'] {
    const now = this.#parts.clock.wallMs()
    const all = this.#all()
    return { atWallMs: now, now: inForce(all, now), next: all.filter((one) => one.fromWallMs > now && one.fromWallMs <= now + days * DAY_MS).slice(0, MOST_SHOWN), sources: this.#states() }
  }

  #states(): CalendarSourceState[] {
    return this.#sources.map(({ name, from, events, readAtWallMs, trouble }) => ({ name, from: shownSource(from), events, readAtWallMs, trouble }))
  }

  async #add(asks: Asks, who: string): Promise<Posture> {
    const posture = choiceIn(asks, 'posture', postureNames)
    const title = lineIn(asks, 'title')
    const fromWallMs = timeIn(asks, 'fromWallMs')
    const untilWallMs = timeIn(asks, 'untilWallMs')
    const now = this.#parts.clock.wallMs()
    if (untilWallMs <= fromWallMs) throw new RecordError('bad-question', 'its end is not after its beginning')
    if (untilWallMs <= now) throw new RecordError('bad-question', 'its end is in the past')
    if (untilWallMs - fromWallMs > LONGEST_ENTRY_MS) throw new RecordError('bad-question', 'it lasts more than 31 days: a posture that never ends is a setting (section detection)')
    if (this.#entries.some((one) => one.title === title && one.fromWallMs === fromWallMs)) throw new RecordError('bad-question', 'there is an entry of that name and beginning already: remove it first')
    this.#entries = this.#entries.filter((one) => one.untilWallMs > now - DAY_MS)
    if (this.#entries.length >= MOST_ENTRIES) throw new RecordError('not-allowed', `there are ${MOST_ENTRIES} entries by hand already: remove some, or use a calendar file`)
    const entry: HandEntry = { posture, title, fromWallMs, untilWallMs, who }
    this.#entries.push(entry)
    if (!this.#save()) {
      this.#entries.pop()
      throw new RecordError('failed', 'the entry could not be written to the disk: see the log')
    }
    await this.#parts.scribe.write({ kind: 'posture', who, sentence: `"${title}" entered into the calendar: posture ${posture}`, data: { what: 'added', entry } })
    return { name: posture, because: title, source: `by hand, ${who}`, fromWallMs, untilWallMs, event: { fromWallMs, untilWallMs }, effects: effectsOf(posture, this.#parts.settings()) }
  }

  async #remove(asks: Asks, who: string): Promise<{ readonly sentence: string }> {
    const title = lineIn(asks, 'title')
    const fromWallMs = timeIn(asks, 'fromWallMs')
    const at = this.#entries.findIndex((one) => one.title === title && one.fromWallMs === fromWallMs)
    if (at === -1) throw new RecordError('not-found', 'there is no entry by hand of that name and beginning: polder calendar shows them; an event of a calendar file is removed there')
    const [entry] = this.#entries.splice(at, 1)
    if (!this.#save()) {
      this.#entries.splice(at, 0, entry!)
      throw new RecordError('failed', 'the change could not be written to the disk: see the log')
    }
    await this.#parts.scribe.write({ kind: 'posture', who, sentence: `"${title}" taken out of the calendar`, data: { what: 'removed', entry } })
    return { sentence: `"${title}" is removed` }
  }
}

function keyOf(posture: Posture): string {
  return JSON.stringify([posture.name, posture.fromWallMs, posture.because, posture.source])
}

/** Short enough to be typed after `polder alert acknowledge`: posture:2026-11-23.1f0c. */
function alertKeyOf(key: string): string {
  const [, fromWallMs] = JSON.parse(key) as [string, number]
  return `posture:${new Date(fromWallMs).toISOString().slice(0, 10)}.${createHash('sha256').update(key).digest('hex').slice(0, 4)}`
}
