/** Composition root: reads the environment and the command line, and hands the parts to each other. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataDirOf, loadSettings, readEnvironment, settingsFileOf, settingsFrom, type LoadedSettings } from './config/load.ts'
import type { Settings } from './config/settings.ts'
import { isNeverShown } from './config/tables.ts'
import { watchFile } from './config/watch-file.ts'
import type { SettingsView } from './contract/console.ts'
import { CONTROL_SOCKET_NAME } from './contract/control-socket.ts'
import { systemClock } from './kernel/clock.ts'
import { processLog } from './kernel/log.ts'
import { askSecret } from './surfaces/cli/ask-secret.ts'
import { problemText } from './surfaces/cli/problem-text.ts'
import { runCommandLine } from './surfaces/cli/program.ts'
import { askShield } from './surfaces/control-socket/control-client.ts'

const root = new URL('..', import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }
const environment = readEnvironment()
const log = processLog('main')

function load(asked: string | null): LoadedSettings {
  const file = settingsFileOf(asked, environment)
  return loadSettings(file, environment, systemClock.wallMs(), asked ?? file)
}

/** Where the systemd unit keeps the data (deploy/polder.service): a person's shell does not know STATE_DIRECTORY. */
const SERVICE_DATA_DIR = '/var/lib/polder'
/** A shield that is asked for its state answers at once; an order waits for the next tick of the control plane. */
const ANSWER_WITHIN_MS = 8_000
/** The record may have to write a report or reach a mail server first (shield/record-link.ts: 30 s). */
const RECORD_WITHIN_MS = 35_000

function controlSocket(asked: string | null): { path: string; note: string } {
  const file = settingsFileOf(asked, environment)
  const { dataDir, sure } = dataDirOf(file, environment)
  const path = join(dataDir, CONTROL_SOCKET_NAME)
  const ofService = join(SERVICE_DATA_DIR, CONTROL_SOCKET_NAME)
  if (!existsSync(path) && existsSync(ofService)) return { path: ofService, note: '' }
  return { path, note: sure ? '' : `${file} cannot be read; this is the usual place` }
}

function reasonManual(): string {
  try {
    return readFileSync(new URL('docs/operator/errors.md', root), 'utf8')
  } catch {
    return ''
  }
}

async function readInput(mostBytes: number): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > mostBytes) throw new Error(`standard input has more than ${mostBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

function interrupted(): AbortSignal {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  return stop.signal
}

/** For commands that work without a settings file. */
function defaultSettings(): Settings {
  const { settings } = settingsFrom(Buffer.from('listen: 127.0.0.1:8080\norigin: http://127.0.0.1:8090\n'), settingsFileOf(null, environment), environment, systemClock.wallMs())
  if (settings === null) throw new Error('the default settings have an error')
  return settings
}

/** Of the file as it was last read without an error. What is written but waits for a restart is shown as it is written. */
function settingsView({ effective }: Pick<LoadedSettings, 'effective'>, file: string): SettingsView {
  return { rows: effective.map((row) => (isNeverShown(row.path) && row.from !== 'default' ? { ...row, value: '(set; never shown)' } : row)), file }
}

async function start(settings: Settings, first: Pick<LoadedSettings, 'effective'>, file: string, digest: string): Promise<number> {
  let view = settingsView(first, file)
  try {
    // Loaded only here: `polder check` and `--help` answer without starting the planes.
    const { runShield } = await import('./shield/run-shield.ts')
    return await runShield({
      version, log, environment,
      first: settings,
      readAgain: () => {
        const again = load(file)
        for (const problem of again.problems) log[problem.severity === 'error' ? 'error' : 'warn'](problemText(problem, 'off').trim())
        if (again.settings !== null) view = settingsView(again, file)
        return again.settings
      },
      settingsView: () => view,
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
  start: (settings, report) => start(settings, report, report.file, report.digest),
  clock: systemClock,
  who: environment.user === '' ? `uid ${process.getuid?.() ?? '?'}` : environment.user,
  controlSocket,
  ask: (path, question) => askShield(path, question, question.ask === 'record' ? RECORD_WITHIN_MS : ANSWER_WITHIN_MS),
  interrupted,
  reasonManual,
  replay: async (settings, options) => {
    const { replayLog } = await import('./offline/replay-log.ts')
    return replayLog({ ...options, settings: settings ?? defaultSettings(), clock: systemClock })
  },
  replayIncident: async (settings, options) => {
    const { replayIncident } = await import('./offline/replay-incident.ts')
    return replayIncident({ ...options, settings: settings === null ? null : { detection: settings.detection, mitigation: settings.mitigation }, clock: systemClock })
  },
  lifeline: {
    state: async (settings) => (await import('./offline/lifeline-copies.ts')).lifelineState(settings, systemClock),
    open: async (settings, place) => (await import('./offline/lifeline-copies.ts')).findCopy(settings, place),
    export: async (settings, folder, onProgress) => (await import('./offline/lifeline-copies.ts')).exportCopies(settings, folder, systemClock, onProgress),
  },
  journal: {
    verify: async (folder, expectHash) => (await import('./offline/journal-folder.ts')).verifyFolder(folder, expectHash),
    entries: async function* entries(folder) {
      yield* (await import('./offline/journal-folder.ts')).folderEntries(folder)
    },
    copy: async (folder, to) => (await import('./offline/journal-folder.ts')).copyFolder(folder, to),
  },
  accounts: {
    list: async (settings) => (await import('./offline/console-accounts.ts')).listAccounts(settings, systemClock),
    add: async (settings, name, role, password) => (await import('./offline/console-accounts.ts')).consoleAccounts(settings, systemClock).add(name, role, password),
    remove: async (settings, name) => (await import('./offline/console-accounts.ts')).consoleAccounts(settings, systemClock).remove(name),
    role: async (settings, name, role) => (await import('./offline/console-accounts.ts')).consoleAccounts(settings, systemClock).role(name, role),
    password: async (settings, name, password) => (await import('./offline/console-accounts.ts')).consoleAccounts(settings, systemClock).password(name, password),
    totp: async (settings, name, on) => (await import('./offline/console-accounts.ts')).switchTotp(settings, systemClock, name, on),
    unlock: async (settings, name) => (await import('./offline/console-accounts.ts')).consoleAccounts(settings, systemClock).unlock(name),
  },
  askSecret: (prompt) => askSecret(process.stdin, process.stderr, prompt),
  readInput,
  writeBytes: (bytes) => process.stdout.write(bytes),
  writeFile: (file, text) => writeFileSync(file, text),
  learn: async (settings, options) => {
    const { learnFromLogs } = await import('./offline/learn-from-logs.ts')
    const shieldRuns = await askShield(join(settings.dataDir, CONTROL_SOCKET_NAME), { ask: 'hello' }, ANSWER_WITHIN_MS).then(() => true, () => false)
    return learnFromLogs({ ...options, settings, shieldRuns, clock: systemClock })
  },
})
if (process.argv[2] === 'run') process.exit()
