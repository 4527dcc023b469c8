/** `script/console-tour`: reads its options, drives the console through an evening, writes console.md beside the pictures. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { endAllChildren } from '../bench/measure/child-group.ts'
import { pictureFaults, writeConsolePage } from './console-tour-page.ts'
import { runConsoleTour, shortConsoleEvening, wholeConsoleEvening } from './console-tour-run.ts'

/** Nothing of it takes this long. */
const LONGEST_MS = 12 * 60_000

const USAGE = `Usage: script/console-tour [options]

Five minutes with the console: the sample site behind a real shield with a console and three accounts, everyday visitors, a crowd, then the flood A2.
Three people act in Chromium; what they see is kept as pictures (PNG), on a desktop and on a phone, in light and dark, with a page that explains each.

  --out FOLDER   where to (docs/tour): FOLDER/console/*.png and FOLDER/console.md, made anew; nothing else there is touched
  --short        less time for each part; the same steps
  --help         this text

All of it stays on 127.0.0.1, on free ports and in a temporary folder, and is ended with the script; no option can name another machine.
`

async function main(argv: readonly string[]): Promise<number> {
  let values
  try {
    ;({ values } = parseArgs({ args: [...argv], options: { out: { type: 'string' }, short: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } }))
  } catch (error) {
    process.stderr.write(`console-tour: ${(error as Error).message}\n\n${USAGE}`)
    return 2
  }
  if (values.help === true) {
    process.stdout.write(USAGE)
    return 0
  }
  const folder = values.out ?? join(import.meta.dirname, '../docs/tour')
  const plan = values.short === true ? shortConsoleEvening : wholeConsoleEvening
  const result = await runConsoleTour(plan, join(folder, 'console'), (line) => process.stdout.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`))
  writeConsolePage(folder, plan, result)
  const faults = pictureFaults(folder)
  for (const fault of faults) process.stderr.write(`console-tour: ${fault}\n`)
  process.stdout.write(`kept in ${join(folder, 'console')}, explained in ${join(folder, 'console.md')}\n`)
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
  process.stderr.write(`console-tour: not done within ${LONGEST_MS / 60_000} minutes; everything is ended\n`)
  process.exit(1)
}, LONGEST_MS).unref()

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`console-tour: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  endAllChildren()
}
