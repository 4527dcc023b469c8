/** script/bench console */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { launchChromium } from '../../test/support/chromium.ts'
import { type BenchCommand, type Flags, say } from '../command-line.ts'
import { describeMachine } from '../measure/machine.ts'
import { resultFolder, writeResults } from '../report/result-folder.ts'
import { type ConsoleSession, consoleMarkdown, consoleVerdicts } from './console-report.ts'
import { type LiveRound, measureLive } from './live.ts'
import { passNight } from './night.ts'
import { CONSOLES, LOAD_PER_SECOND, measureTwenty } from './twenty.ts'

const parts = ['night', 'live', 'twenty'] as const
/** What is published: a whole night, and rounds enough for a median. */
const WHOLE = Object.freeze({ hours: 8, rounds: 3, pairs: 6 })
const MARKS_SECONDS = [900, 3_600, 7_200, 14_400, 28_800]

export const consoleCommand: BenchCommand = {
  description: `The console in a real browser: eight hours open (compressed), how fresh and quick it is in calm and while the flood of scenario A2 runs on the same cores, and what twenty open consoles cost visitors.
Fails (exit code 1) when a target of issue 7 does not hold. Writes docs/benchmarks/console.{md,json} when what it ran was whole (${WHOLE.hours} hours, ${WHOLE.rounds} rounds, ${WHOLE.pairs} pairs), else run/benchmarks/; parts that did not run keep their last figures.`,
  flags: {
    part: { kind: 'names', choices: parts, sentence: 'what to measure' },
    hours: { kind: 'number', min: 0.25, max: 24, default: WHOLE.hours, sentence: 'how long the night is' },
    rounds: { kind: 'number', min: 1, max: 20, default: WHOLE.rounds, sentence: 'of calm and A2, two minutes each' },
    loads: { kind: 'number', min: 1, max: 20, default: 5, sentence: 'pages loaded in each phase of a round' },
    share: { kind: 'number', min: 0.1, max: 1, default: 1, sentence: 'of A2\'s full size' },
    pairs: { kind: 'number', min: 1, max: 50, default: WHOLE.pairs, sentence: 'of rounds without and with twenty consoles' },
    seconds: { kind: 'number', min: 2, max: 60, default: 10, sentence: 'of one such round' },
    json: { kind: 'switch', sentence: 'print the figures as JSON on standard output' },
  },
  run,
}

async function run(flags: Flags): Promise<number> {
  const wanted = flags.names('part')
  const isWhole = (!wanted.includes('night') || flags.number('hours') >= WHOLE.hours) && (!wanted.includes('live') || (flags.number('rounds') >= WHOLE.rounds && flags.number('share') === 1)) && (!wanted.includes('twenty') || flags.number('pairs') >= WHOLE.pairs)
  const folder = resultFolder(isWhole)
  let session: ConsoleSession = readSession(join(folder, 'console.json'))
  if (wanted.includes('twenty')) {
    say(`console: ${CONSOLES} consoles beside visitors`)
    const machine = describeMachine()
    const rounds = await measureTwenty(Math.round(flags.number('pairs')), flags.number('seconds'), say)
    session = { ...session, twenty: { machine, seconds: flags.number('seconds'), consoles: CONSOLES, perSecond: LOAD_PER_SECOND, rounds } }
  }
  const browser = await launchChromium()
  try {
    if (wanted.includes('live')) {
      say('console: calm, and while A2 runs')
      const machine = describeMachine()
      const rounds: LiveRound[] = []
      for (let round = 0; round < Math.round(flags.number('rounds')); round++) rounds.push(await measureLive(browser, Math.round(flags.number('loads')), flags.number('share'), round + 1, say))
      session = { ...session, live: { machine, share: flags.number('share'), rounds } }
    }
    if (wanted.includes('night')) {
      const seconds = Math.round(flags.number('hours') * 3_600)
      say(`console: a night of ${flags.number('hours')} hours`)
      const machine = describeMachine()
      session = { ...session, night: { machine, night: await passNight(browser, [...MARKS_SECONDS.filter((mark) => mark < seconds), seconds], say) } }
    }
  } finally {
    await browser.close()
  }
  const verdicts = consoleVerdicts(session)
  for (const path of writeResults(folder, { 'console.md': consoleMarkdown(session, 'script/bench console'), 'console.json': `${JSON.stringify(session, null, 1)}\n` })) say(`wrote ${path}`)
  if (flags.isOn('json')) process.stdout.write(`${JSON.stringify({ ...session, verdicts })}\n`)
  for (const { what, target, measured, holds } of verdicts) say(`${holds ? 'holds' : 'FAILS'}: ${what}: ${measured} (${target})`)
  return verdicts.every(({ holds }) => holds) ? 0 : 1
}

/** Of the last run; empty when there is none. */
function readSession(file: string): ConsoleSession {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ConsoleSession
  } catch {
    return {}
  }
}
