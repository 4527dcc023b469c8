import type { ReplayResult } from '../../contract/replay.ts'
import { coloursFor, printable } from './colour.ts'
import { configFlag, configOf, exitCodes, jsonFlag, textOf, type CommandSpec } from './command.ts'
import { percent } from './plain-words.ts'
import { countText, problemText } from './problem-text.ts'
import { replayOfIncident } from './replay-incident.ts'
import { replayPage } from './replay-page.ts'
import { replaySentences } from './replay-text.ts'

export const replayCommand: CommandSpec = {
  name: 'replay',
  summary: 'what Polder would have done in an access log',
  description: 'Lives through an access log again, offline and faster than real time, with the code that decides live: its first half teaches what is normal, the rest (24 hours at most) is replayed. A flood in a tool\'s pattern, or a crowd, can be mixed in. Nothing is sent anywhere. Says what Polder would have seen, decided and harmed, and what a log cannot tell. With --incident it lives through the seconds of an incident instead, from the samples beside the journal, and says whether the same was decided.',
  words: [['[log]', 'an access log: combined or JSON lines, also .gz']],
  flags: [
    configFlag,
    { flags: '--inject <what>', sentence: 'bypass-cache, random-uri, switching-agents, one-agent, crowd, or a file with lines that a tool left' },
    { flags: '--times <n>', sentence: 'how many times the log\'s own rate is injected (10)' },
    { flags: '--capacity <n>', sentence: 'page requests the origin can answer in a second (auto: twice the busiest minute learned)' },
    { flags: '--spread <n>', sentence: 'requests a second, for a log whose times are artificial or too quiet: visits begin evenly' },
    { flags: '--incident <id>', sentence: 'instead of a log: an incident, from the samples beside the journal (last: the newest)' },
    { flags: '--with <file>', sentence: 'with --incident: try the detection and mitigation of this settings file, not those of then' },
    { flags: '--seed <n>', sentence: 'for another draw of what is left to chance (1)' },
    { flags: '--html <file>', sentence: 'write a page with plots' },
    jsonFlag,
  ],
  examples: [
    ['polder replay access.log', 'would Polder have harmed anyone?'],
    ['polder replay access.log --inject bypass-cache --html replay.html', 'a flood in it, with plots'],
    ['polder replay access.log --inject crowd --times 30', 'the night everybody comes'],
    ['polder replay --incident last', 'were the decisions of the last incident what this version makes of it?'],
    ['polder replay --incident 2026-11-23-1 --with next.yaml', 'what other settings would have done'],
  ],
  async act(given, parts, [log]) {
    const numbers: Record<string, number | null> = {}
    for (const [name, fallback, most] of [['times', 10, 10_000], ['capacity', null, 1e6], ['spread', null, 10_000], ['seed', 1, 2 ** 31]] as const) {
      const text = textOf(given, name)
      const value = text === null || (name === 'capacity' && text === 'auto') ? fallback : Number(text)
      if (value !== null && !(value > 0 && value <= most)) {
        parts.error.write(`polder: --${name} "${printable(text ?? '')}" must be a number above 0 and at most ${most}\n`)
        return exitCodes.usage
      }
      numbers[name] = value
    }
    if (textOf(given, 'incident') !== null) return replayOfIncident(given, parts, numbers['seed']!)
    if (log === undefined) {
      parts.error.write('polder: name an access log, or an incident with --incident ID\n')
      return exitCodes.usage
    }
    const report = await parts.check(configOf(given) ?? null)
    if (report.settings === null && configOf(given) !== null) {
      for (const problem of report.problems) parts.error.write(problemText(problem, coloursFor(parts.error, parts.noColor)))
      parts.error.write(`\n${countText(report.problems, report.problemCount)}: not replayed\n`)
      return exitCodes.refused
    }
    let drawn = false
    let result: ReplayResult
    try {
      result = await parts.replay(report.settings, {
        log, inject: textOf(given, 'inject'), times: numbers['times']!, capacityPerSecond: numbers['capacity'], spreadPerSecond: numbers['spread'], seed: Math.floor(numbers['seed']!),
        onProgress: (second, seconds) => {
          if (parts.error.isTTY !== true || second % 100 !== 0) return
          drawn = true
          parts.error.write(`\r${percent(second / seconds)} replayed\u001B[K`)
        },
      })
      const file = textOf(given, 'html')
      if (file !== null) parts.writeFile(file, replayPage(result))
    } catch (error) {
      parts.error.write(`${drawn ? '\r\u001B[K' : ''}${printable(`polder: not replayed: ${(error as Error).message}`)}\n`)
      return exitCodes.refused
    }
    if (drawn) parts.error.write('\r\u001B[K')
    if (given['json'] === true) parts.out.write(`${JSON.stringify(result, null, 2)}\n`)
    else {
      const lines = [...replaySentences(result), '', ...result.states.map(({ second, state }) => `  second ${second}: ${state}`)]
      for (const { rule, ownSeen, ownMatched, injectedMatched } of result.rules) {
        lines.push(`  rule ${rule.id}: ${rule.sentence}`, `      injected matched ${injectedMatched}, log's own ${ownMatched} of ${ownSeen} while it acted${rule.evidence === null ? '' : `; promised at most ${percent(rule.evidence.harm.upperShare)}`}`)
      }
      lines.push('', ...result.caveats.map((caveat) => `note: ${caveat}`))
      parts.out.write(printable(`${lines.join('\n')}\n`))
    }
    return exitCodes.ok
  },
}
