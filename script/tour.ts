/** `script/tour`: reads its two options, runs the tour, writes README.md beside what it kept. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { endAllChildren } from '../bench/measure/child-group.ts'
import { checkKept } from './tour-check.ts'
import { writeReadme } from './tour-readme.ts'
import { runTour, shortEvening, wholeEvening } from './tour-run.ts'

/** Nothing of it takes this long. */
const LONGEST_MS = 10 * 60_000

const USAGE = `Usage: script/tour [options]

An evening in five minutes: the sample site behind a real shield, everyday visitors, a contested vote in the calendar, and the flood A2 while it is held.
Keeps what people get and send: alert, incident, reports, exports, public statement, calendar. Everything through bin/polder, as people type it.

  --out FOLDER   where to; made anew (docs/tour)
  --short        less time for each part; the same steps
  --help         this text

All of it stays on 127.0.0.1 and is ended with the script; no option can name another machine. Some times that are hours in real life are set to seconds
(calendar, calm before closing): docs/tour/polder.yaml says which.
`

async function main(argv: readonly string[]): Promise<number> {
  let values
  try {
    ;({ values } = parseArgs({ args: [...argv], options: { out: { type: 'string' }, short: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } }))
  } catch (error) {
    process.stderr.write(`tour: ${(error as Error).message}\n\n${USAGE}`)
    return 2
  }
  if (values.help === true) {
    process.stdout.write(USAGE)
    return 0
  }
  const folder = values.out ?? join(import.meta.dirname, '../docs/tour')
  const result = await runTour(values.short === true ? shortEvening : wholeEvening, folder, (line) => process.stdout.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`))
  writeReadme(folder, result)
  const faults = checkKept(folder)
  for (const fault of faults) process.stderr.write(`tour: ${fault}\n`)
  process.stdout.write(`kept in ${folder}\n`)
  return faults.length === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    endAllChildren()
    process.exit(130)
  })
}
process.on('exit', endAllChildren)
setTimeout(() => {
  process.stderr.write(`tour: not done within ${LONGEST_MS / 60_000} minutes; everything is ended\n`)
  process.exit(1)
}, LONGEST_MS).unref()

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`tour: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  endAllChildren()
}
