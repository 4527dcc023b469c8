/** Composition root: reads the environment and the command line, and hands the parts to each other. */
import { readFileSync } from 'node:fs'
import { loadSettings, readEnvironment, settingsFileOf, type LoadedSettings } from './config/load.ts'
import type { Settings } from './config/settings.ts'
import { watchFile } from './config/watch-file.ts'
import { systemClock } from './kernel/clock.ts'
import { processLog } from './kernel/log.ts'
import { problemText } from './surfaces/cli/problem-text.ts'
import { runCommandLine } from './surfaces/cli/program.ts'

const root = new URL('..', import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }
const environment = readEnvironment()
const log = processLog('main')

function load(asked: string | null): LoadedSettings {
  const file = settingsFileOf(asked, environment)
  return loadSettings(file, environment, systemClock.wallMs(), asked ?? file)
}

async function start(settings: Settings, file: string, digest: string): Promise<number> {
  try {
    // Loaded only here: `polder check` and `--help` answer without starting the planes.
    const { runShield } = await import('./shield/run-shield.ts')
    return await runShield({
      version, log, environment,
      first: settings,
      readAgain: () => {
        const again = load(file)
        for (const problem of again.problems) log[problem.severity === 'error' ? 'error' : 'warn'](problemText(problem, 'off').trim())
        return again.settings
      },
      watchFile: (onChange) => {
        const watching = watchFile(file, { digest, onChange, onError: (error) => log.warn(`settings file is not watched (${error.message}); SIGHUP reloads it`) })
        return () => watching.close()
      },
      program: new URL('bin/polder', root).pathname,
      args: process.argv.slice(2),
    })
  } catch (error) {
    log.error(`not started: ${(error as Error).message}`)
    return 1
  }
}

process.exitCode = await runCommandLine<Settings>(process.argv.slice(2), {
  version,
  out: process.stdout,
  error: process.stderr,
  noColor: environment.noColor,
  check: load,
  start: (settings, report) => start(settings, report.file, report.digest),
})
if (process.argv[2] === 'run') process.exit()
