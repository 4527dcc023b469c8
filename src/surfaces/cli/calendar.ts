/** `polder calendar`: what the calendar makes of the shield now and next, and why; entries by hand. */
import type { CalendarExchanges, CalendarSourceState, Posture } from '../../contract/calendar.ts'
import { coloursFor, paint, printable, type Colours } from './colour.ts'
import { exitCodes, jsonFlag, textOf, type CommandSpec } from './command.ts'
import { whenOf } from './incident-orders.ts'
import { clockTime, count, percent, span } from './plain-words.ts'
import { askRecord, recordFlags, socketFlags } from './reach-shield.ts'
import { UsageError } from './rule-orders.ts'

const DEFAULT_DAYS = 14

const timeForm = '"2026-11-23 18:00" (UTC), 2026-11-23T19:00+01:00, or 6h for in six hours'

const addCommand: CommandSpec = {
  name: 'add',
  summary: 'enter an event by hand',
  description: `Puts the shield on alert (or watch) from one time to another, at most 31 days. Times: ${timeForm}.`,
  words: [['<title...>', 'what it is, in a few words']],
  flags: [
    { flags: '--from <time>', sentence: 'when the posture begins (now when left out)' },
    { flags: '--until <time>', sentence: 'when it ends by itself (required)' },
    { flags: '--posture <name>', sentence: 'alert or watch (alert when left out)' },
    ...recordFlags, jsonFlag,
  ],
  examples: [['polder calendar add "vote on the resolution" --from "2026-11-24 14:00" --until "2026-11-25 08:00"', 'the evening of a vote that is in no calendar']],
  async act(given, parts, words) {
    try {
      const untilWallMs = whenOf(given, parts, '--until', 'until', 'ahead')
      if (untilWallMs === null) throw new UsageError(`--until is missing: when it ends by itself; write ${timeForm}`)
      const fromWallMs = whenOf(given, parts, '--from', 'from', 'ahead') ?? parts.clock.wallMs()
      const answer = await askRecord(given, parts, 'calendar', 'add', { posture: textOf(given, 'posture') ?? 'alert', title: words.join(' '), fromWallMs, untilWallMs })
      if (answer === null) return exitCodes.refused
      parts.out.write(given['json'] === true ? `${JSON.stringify(answer, null, 2)}\n` : printable(`${postureLine(answer, parts.clock.wallMs(), coloursFor(parts.out, parts.noColor))}\n`))
      return exitCodes.ok
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      parts.error.write(`polder: ${printable(error.message)}\n`)
      return exitCodes.usage
    }
  },
}

const removeCommand: CommandSpec = {
  name: 'remove',
  summary: 'take out an entry made by hand',
  description: 'Takes out the entry of this title; --from says which when there are several. Events of a calendar file are removed in that calendar.',
  words: [['<title...>', 'its title']],
  flags: [{ flags: '--from <time>', sentence: 'when it begins, when the title is there more than once' }, ...recordFlags, jsonFlag],
  examples: [['polder calendar remove "vote on the resolution"', 'the vote was put off']],
  async act(given, parts, words) {
    const title = words.join(' ')
    try {
      const from = whenOf(given, parts, '--from', 'from', 'ahead')
      const shown = await askRecord(given, parts, 'calendar', 'show', { days: 366 })
      if (shown === null) return exitCodes.refused
      const named = [...shown.now, ...shown.next].filter((one) => one.because === title && one.source.startsWith('by hand') && (from === null || one.fromWallMs === from))
      if (named.length > 1) throw new UsageError(`there are ${named.length} entries of that title: say which with --from ${named.map((one) => `"${new Date(one.fromWallMs).toISOString()}"`).join(' or ')}`)
      const answer = await askRecord(given, parts, 'calendar', 'remove', { title, fromWallMs: named[0]?.fromWallMs ?? from ?? parts.clock.wallMs() })
      if (answer === null) return exitCodes.refused
      parts.out.write(given['json'] === true ? `${JSON.stringify(answer, null, 2)}\n` : `${printable(answer.sentence)}\n`)
      return exitCodes.ok
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      parts.error.write(`polder: ${printable(error.message)}\n`)
      return exitCodes.usage
    }
  },
}

const refreshCommand: CommandSpec = {
  name: 'refresh',
  summary: 'read the calendar files again now',
  description: 'Reads all sources again and says how that went. Exit code 1 when one could not be read.',
  flags: [...socketFlags, jsonFlag],
  examples: [['polder calendar refresh', 'the agenda was changed a minute ago']],
  async act(given, parts) {
    const answer = await askRecord(given, parts, 'calendar', 'refresh', {})
    if (answer === null) return exitCodes.refused
    const colours = coloursFor(parts.out, parts.noColor)
    if (given['json'] === true) parts.out.write(`${JSON.stringify(answer, null, 2)}\n`)
    else parts.out.write(printable(answer.length === 0 ? 'no calendar is named in the settings (calendar.sources)\n' : answer.map((one) => `${sourceLine(one, parts.clock.wallMs(), colours)}\n`).join('')))
    return answer.some((one) => one.trouble !== null) ? exitCodes.refused : exitCodes.ok
  },
}

export const calendarCommand: CommandSpec = {
  name: 'calendar',
  summary: 'how watchful the shield is and will be, and why',
  description: 'Shows which events put the shield on alert now and in the coming days. A posture makes Polder look earlier for trouble and refresh its copies; it never blocks anybody, and it ends by itself.',
  flags: [{ flags: '--days <number>', sentence: `how far ahead to look (${DEFAULT_DAYS} when left out, 366 at most)` }, ...socketFlags, jsonFlag],
  children: [addCommand, removeCommand, refreshCommand],
  examples: [
    ['polder calendar', 'now and the next two weeks'],
    ['polder calendar add "election night" --until 24h', 'be on alert from now on'],
    ['polder calendar --days 60 --json', 'for scripts'],
  ],
  async act(given, parts) {
    const text = textOf(given, 'days') ?? String(DEFAULT_DAYS)
    const days = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN
    if (!(days >= 0 && days <= 366)) {
      parts.error.write(`polder: --days "${printable(text)}" is not a number of days from 0 to 366\n`)
      return exitCodes.usage
    }
    const shown = await askRecord(given, parts, 'calendar', 'show', { days })
    if (shown === null) return exitCodes.refused
    if (given['json'] === true) parts.out.write(`${JSON.stringify(shown, null, 2)}\n`)
    else parts.out.write(printable(calendarPage(shown, days, coloursFor(parts.out, parts.noColor))))
    return exitCodes.ok
  },
}

function calendarPage({ atWallMs, now, next, sources }: CalendarExchanges['show']['answers'], days: number, colours: Colours): string {
  const lines = [`times are UTC; now ${clockTime(atWallMs, atWallMs)}`, '']
  if (now.length === 0) lines.push('now: as watchful as usual, no event is near')
  else lines.push(...now.map((one) => `now: ${postureLine(one, atWallMs, colours)}`))
  lines.push('')
  if (next.length === 0) lines.push(`nothing in the next ${days} days`)
  else lines.push(`the next ${days} days:`, ...next.map((one) => `  ${postureLine(one, atWallMs, colours)}`))
  lines.push('')
  if (sources.length === 0) lines.push('no calendar is named in the settings (calendar.sources): only entries by hand count')
  else lines.push(...sources.map((one) => sourceLine(one, atWallMs, colours)))
  return `${lines.join('\n')}\n`
}

function postureLine(one: Posture, nowWallMs: number, colours: Colours): string {
  const name = paint(colours, one.name === 'alert' ? 'red' : 'yellow', one.name)
  const when = one.fromWallMs <= nowWallMs ? `until ${clockTime(one.untilWallMs, nowWallMs)} (${span(one.untilWallMs - nowWallMs)} left)` : `${clockTime(one.fromWallMs, nowWallMs)} to ${clockTime(one.untilWallMs, nowWallMs)}`
  return `${name} ${when}, because of "${one.because}" (${one.source}${eventText(one, nowWallMs)}); strain counts from ${percent(one.effects.sensitivity)} of the usual thresholds`
}

function sourceLine(one: CalendarSourceState, nowWallMs: number, colours: Colours): string {
  const read = one.readAtWallMs === null ? 'never read' : `read ${span(nowWallMs - one.readAtWallMs)} ago`
  return `calendar ${one.name} (${one.from}): ${count(one.events)} events, ${read}${one.trouble === null ? '' : `; ${paint(colours, 'red', one.trouble)}`}`
}

/** An entry by hand has no other time than its posture. */
function eventText({ event, fromWallMs, untilWallMs }: Posture, nowWallMs: number): string {
  return event.fromWallMs === fromWallMs && event.untilWallMs === untilWallMs ? '' : `, ${clockTime(event.fromWallMs, nowWallMs)} to ${clockTime(event.untilWallMs, nowWallMs)}`
}
