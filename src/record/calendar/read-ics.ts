/**
 * Reads one iCalendar file (RFC 5545) and works out what happens between two moments: time zones, daylight saving, repetitions, exceptions and moved
 * single events are node-ical's. Bounds are ours, because the file comes from elsewhere: size, lines, events, repetitions; what is beyond them is refused
 * with a sentence, one event at a time where that is possible, so that one bad event does not cost the plenary.
 * Runs in a thread of its own (ics-thread.ts) that can be ended: whatever the file does, the record goes on.
 */
import ical, { type EventInstance, type VEvent } from 'node-ical'
import { DAY_MS } from '../../kernel/units.ts'
import { momentOfReadingMs } from '../../kernel/zoned-time.ts'

const MOST_LINES = 1_000_000
const MOST_EVENTS = 20_000
const MOST_INSTANCES = 50_000
const MOST_INSTANCES_OF_ONE = 2_000
const MOST_TROUBLES = 20
const LONGEST_TITLE = 200
/** A repetition more often than hourly is no event of an institution, and costs the most to work out. */
const TOO_OFTEN = /FREQ=(SECONDLY|MINUTELY)/i
/** An event that lasts longer than this is a slip of the hand, or somebody's joke. */
const LONGEST_EVENT_MS = 60 * DAY_MS

export interface CalendarEvent {
  readonly title: string
  readonly categories: readonly string[]
  readonly fromWallMs: number
  readonly toWallMs: number
}

export interface IcsReading {
  readonly events: readonly CalendarEvent[]
  /** Entries of the file, before repetitions. */
  readonly entries: number
  /** What was left out, in sentences; at most 20. */
  readonly troubles: readonly string[]
}

/** @throws Error with a sentence when the file as a whole cannot be used. `zone`: for whole days and times without a zone. */
export function readIcs(text: string, fromWallMs: number, toWallMs: number, zone: string): IcsReading {
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  if (!/^BEGIN:VCALENDAR\s*$/im.test(body.slice(0, 1_000))) throw new Error('is not an iCalendar file: it does not begin with BEGIN:VCALENDAR')
  if (!/END:VCALENDAR\s*$/i.test(body)) throw new Error('is cut off: END:VCALENDAR is missing at its end')
  let lines = 0
  for (let at = body.indexOf('\n'); at !== -1; at = body.indexOf('\n', at + 1)) if (++lines > MOST_LINES) throw new Error(`has more than ${MOST_LINES} lines`)
  const begun = (body.match(/^BEGIN:VEVENT\s*$/gim) ?? []).length
  if (begun > MOST_EVENTS) throw new Error(`has ${begun} events; at most ${MOST_EVENTS} are taken`)

  const troubles: string[] = []
  const trouble = (sentence: string): void => {
    if (troubles.length < MOST_TROUBLES) troubles.push(sentence)
  }
  // node-ical gives up the whole file for one bad repetition, so each event is read with the zones of the file and nothing else when that happens.
  const found: VEvent[] = []
  try {
    for (const one of eventsOf(body)) found.push(one)
  } catch {
    const zones = blocksOf(body, 'VTIMEZONE').join('')
    for (const [uid, blocks] of byUid(blocksOf(body, 'VEVENT'))) {
      try {
        for (const one of eventsOf(`BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${zones}${blocks.join('')}END:VCALENDAR\r\n`)) found.push(one)
      } catch (error) {
        trouble(`the event ${JSON.stringify(titleIn(blocks[0]!, uid))} was left out: ${(error as Error).message}`)
      }
    }
  }

  const events: CalendarEvent[] = []
  for (const event of found) {
    const title = clean(textOf(event.summary)) || 'event without a title'
    if (event.status === 'CANCELLED') continue
    try {
      if (event.rrule !== undefined && TOO_OFTEN.test(String(event.rrule))) throw new Error('it repeats more often than every hour')
      const instances = ical.expandRecurringEvent(event, { from: new Date(fromWallMs - lookBackMs(event)), to: new Date(toWallMs), expandOngoing: true })
      if (instances.length > MOST_INSTANCES_OF_ONE) throw new Error(`it takes place ${instances.length} times in the time looked at; at most ${MOST_INSTANCES_OF_ONE} are taken`)
      for (const instance of instances) {
        const placed = placeInstance(instance, zone, title)
        if (placed === null || placed.toWallMs <= fromWallMs || placed.fromWallMs >= toWallMs) continue
        if (events.length >= MOST_INSTANCES) throw new Error(`the calendar has more than ${MOST_INSTANCES} events in the time looked at`)
        events.push(placed)
      }
    } catch (error) {
      trouble(`the event ${JSON.stringify(title)} was left out: ${(error as Error).message}`)
    }
  }
  events.sort((a, b) => a.fromWallMs - b.fromWallMs || (a.title < b.title ? -1 : 1))
  return { events, entries: begun, troubles }
}

/** An event that began so long before may still go on. A single event of a series can be moved and made longer at will; two days are for zones and clock changes. */
function lookBackMs({ start, end, recurrences }: VEvent): number {
  const lastsMs = end instanceof Date ? end.getTime() - start.getTime() : 0
  return recurrences === undefined && lastsMs < LONGEST_EVENT_MS - 2 * DAY_MS ? Math.max(0, lastsMs) + 2 * DAY_MS : LONGEST_EVENT_MS
}

function eventsOf(body: string): VEvent[] {
  return Object.values(ical.sync.parseICS(body)).filter((one): one is VEvent => one?.type === 'VEVENT' && one.start instanceof Date)
}

function blocksOf(body: string, name: string): string[] {
  return body.match(new RegExp(`^BEGIN:${name}\\s*$[\\s\\S]*?^END:${name}\\s*$\\r?\\n?`, 'gim')) ?? []
}

/** The single events that were moved belong to the event they were moved from. */
function byUid(blocks: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  blocks.forEach((block, i) => {
    const uid = /^UID[^:\r\n]*:(.*)$/im.exec(block)?.[1]?.trim() ?? `without-uid-${i}`
    const group = groups.get(uid)
    if (group === undefined) groups.set(uid, [block])
    else group.push(block)
  })
  return groups
}

function titleIn(block: string, uid: string): string {
  return clean(/^SUMMARY[^:\r\n]*:(.*)$/im.exec(block)?.[1] ?? uid)
}

function placeInstance(instance: EventInstance, zone: string, seriesTitle: string): CalendarEvent | null {
  const { start, event } = instance
  if (!(start instanceof Date) || Number.isNaN(start.getTime())) return null
  const fromWallMs = momentOf(start, instance.isFullDay, zone)
  const end = instance.end instanceof Date && !Number.isNaN(instance.end.getTime()) ? momentOf(instance.end, instance.isFullDay, zone) : fromWallMs
  if (end - fromWallMs > LONGEST_EVENT_MS) throw new Error(`it lasts ${Math.round((end - fromWallMs) / DAY_MS)} days; at most ${LONGEST_EVENT_MS / DAY_MS} are taken`)
  const categories = (Array.isArray(event.categories) ? event.categories : []).map((one) => clean(one)).filter((one) => one !== '')
  return { title: clean(textOf(instance.summary)) || seriesTitle, categories, fromWallMs, toWallMs: Math.max(end, fromWallMs) }
}

/** Whole days and times without a zone come as readings of this process's clock: they are moved to the zone of the settings. */
function momentOf(date: Date & { readonly tz?: string | undefined }, wholeDay: boolean, zone: string): number {
  if (!wholeDay && date.tz !== undefined) return date.getTime()
  return momentOfReadingMs(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()), zone)
}

/** node-ical gives a text, or a map with the text in `val` when the line had parameters. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null && 'val' in value ? String(value.val) : ''
}

function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST_TITLE)
}
