/** `polder replay --incident`: what was decided then, and what this version decides of the same seconds. */
import { dirname, join } from 'node:path'
import type { IncidentReplay } from '../../contract/incident-replay.ts'
import { coloursFor, paint, printable, type Colours } from './colour.ts'
import { configOf, exitCodes, textOf, type CliParts } from './command.ts'
import { clockTime, count, percent, span } from './plain-words.ts'
import { countText, problemText } from './problem-text.ts'

/** Exit code 1 also when the decisions differ. */
export async function replayOfIncident<S>(given: Readonly<Record<string, unknown>>, parts: CliParts<S>, seed: number): Promise<number> {
  const other = textOf(given, 'with')
  let settings: S | null = null
  if (other !== null) {
    const report = await parts.check(other)
    if (report.settings === null) {
      for (const problem of report.problems) parts.error.write(problemText(problem, coloursFor(parts.error, parts.noColor)))
      parts.error.write(`\n${countText(report.problems, report.problemCount)}: not replayed\n`)
      return exitCodes.refused
    }
    ;({ settings } = report)
  }
  let replay: IncidentReplay
  try {
    replay = await parts.replayIncident(settings, { folder: join(dirname(parts.controlSocket(configOf(given)).path), 'journal'), incidentId: textOf(given, 'incident')!, seed: Math.floor(seed) })
  } catch (error) {
    parts.error.write(`${printable(`polder: not replayed: ${(error as Error).message}`)}\n`)
    return exitCodes.refused
  }
  parts.out.write(given['json'] === true ? `${JSON.stringify(replay, null, 2)}\n` : `${printable(replayLines(replay, coloursFor(parts.out, parts.noColor)).join('\n'))}\n`)
  return replay.agrees ? exitCodes.ok : exitCodes.refused
}

function replayLines(replay: IncidentReplay, colours: Colours): string[] {
  const { fromWallMs, toWallMs, states, rules } = replay
  const time = (wallMs: number | null): string => (wallMs === null ? 'never   ' : clockTime(wallMs, toWallMs))
  const lines = [
    `incident   ${replay.incidentId}, ${clockTime(fromWallMs, toWallMs)} to ${clockTime(toWallMs, fromWallMs)} (${span(toWallMs - fromWallMs)}), ${count(replay.ticks)} seconds lived through in ${replay.tookSeconds.toFixed(1)} s`,
    `samples    ${count(replay.rows)} rows for ${count(replay.seen)} requests, addresses ${replay.addresses}; settings ${replay.settings === 'recorded' ? 'of then' : 'of the file you named'}`,
    '',
    paint(colours, 'bold', 'States: then, now'),
    ...Array.from({ length: Math.max(states.live.length, states.replayed.length) }, (_, i) => `  ${time(states.live[i]?.atWallMs ?? null)} ${(states.live[i]?.state ?? '').padEnd(9)}  ${time(states.replayed[i]?.atWallMs ?? null)} ${states.replayed[i]?.state ?? ''}`),
    paint(colours, 'bold', 'Rules of Polder\'s own: then, now'),
    ...(rules.length === 0 ? ['  none, then or now'] : rules.map((rule) => `  ${time(rule.liveWallMs)}  ${time(rule.replayedWallMs)}  ${rule.sentence}${rule.action === null ? '' : `: ${rule.action}`}${rule.harmUpperShare === null ? '' : `, touches at most ${percent(rule.harmUpperShare)} of normal requests`}`)),
    '',
    paint(colours, replay.agrees ? 'green' : 'yellow', replay.agrees ? 'The same was decided.' : 'Something else was decided.'),
    ...replay.caveats.map((caveat) => `note: ${caveat}`),
  ]
  return lines
}
