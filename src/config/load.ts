/**
 * Reads a settings file and everything it names. The only file of Polder that reads the environment.
 * Nothing is started and nothing is changed by loading: the same function serves `polder check`, the start and a reload.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { SettingsProblem } from '../contract/settings-problem.ts'
import type { WallMs } from '../kernel/clock.ts'
import { assemble } from './assemble.ts'
import { checkFiles } from './certificate-files.ts'
import { effectiveSettings, type EffectiveRow } from './effective.ts'
import type { Settings } from './settings.ts'
import { MAX_FILE_BYTES, readYaml } from './yaml-source.ts'

/** What the environment says; everything else comes from the settings file. */
export interface Environment {
  /** POLDER_CONFIG: the settings file when `-c` is not given. */
  readonly configFile: string | null
  /** STATE_DIRECTORY (systemd StateDirectory=): default of dataDir. */
  readonly stateDirectory: string | null
  /** NO_COLOR is set and not empty (no-color.org). */
  readonly noColor: boolean
  /** Who uses the command line: SUDO_USER, USER or LOGNAME, as text for logs; '' when none is set. */
  readonly user: string
  /** NOTIFY_SOCKET (systemd Type=notify). */
  readonly notifySocket: string | null
  /** POLDER_INHERITED_FDS, made by bin/polder from systemd's sockets: name or index, and its descriptors, one for each worker. */
  readonly inheritedSockets: ReadonlyArray<{ readonly name: string; readonly fds: readonly number[] }>
  /** POLDER_TAKEOVER, made by an earlier process that hands over (shield/upgrade.ts): listener and its descriptors, each a queue of its own. */
  readonly takeover: ReadonlyArray<{ readonly name: string; readonly fds: readonly number[] }>
  /** POLDER_SECRET_…, by name: secrets of alert channels. Part of no settings, never shown. */
  readonly secrets: Readonly<Record<string, string>>
  /** POLDER_READY_FD: where to tell that earlier process that we serve. */
  readonly readyFd: number | null
}

type EnvironmentVariables = Readonly<Record<string, string | undefined>>

export function readEnvironment(variables: EnvironmentVariables = process.env): Environment {
  const text = (name: string): string | null => (variables[name] === undefined || variables[name] === '' ? null : variables[name])
  return Object.freeze({
    configFile: text('POLDER_CONFIG'),
    stateDirectory: text('STATE_DIRECTORY')?.split(':')[0] ?? null,
    noColor: text('NO_COLOR') !== null,
    user: text('SUDO_USER') ?? text('USER') ?? text('LOGNAME') ?? '',
    notifySocket: text('NOTIFY_SOCKET'),
    inheritedSockets: Object.freeze(parseInheritedSockets(text('POLDER_INHERITED_FDS') ?? '')),
    takeover: Object.freeze(parseTakeover(text('POLDER_TAKEOVER') ?? '')),
    secrets: Object.freeze(Object.fromEntries(Object.entries(variables).filter((pair): pair is [string, string] => pair[0].startsWith('POLDER_SECRET_') && pair[1] !== undefined))),
    readyFd: /^\d{1,9}$/.test(text('POLDER_READY_FD') ?? '') ? Number(text('POLDER_READY_FD')) : null,
  })
}

/** `http:3,10,11;1:4,12,13` → names with their descriptors. What cannot be read is left out. */
export function parseInheritedSockets(text: string): Array<{ name: string; fds: readonly number[] }> {
  const sockets: Array<{ name: string; fds: readonly number[] }> = []
  for (const part of text.split(';')) {
    const match = /^([\w.-]+):(\d{1,9}(?:,\d{1,9})*)$/.exec(part)
    if (match !== null) sockets.push({ name: match[1]!, fds: Object.freeze(match[2]!.split(',').map(Number)) })
  }
  return sockets
}

/** `127.0.0.1:8080=4,5;[::1]:8443=6,7` → listeners with their descriptors. What cannot be read is left out. */
export function parseTakeover(text: string): Array<{ name: string; fds: readonly number[] }> {
  const sockets: Array<{ name: string; fds: readonly number[] }> = []
  for (const part of text.split(';')) {
    const match = /^([^=;]+)=(\d{1,9}(?:,\d{1,9})*)$/.exec(part)
    if (match !== null) sockets.push({ name: match[1]!, fds: Object.freeze(match[2]!.split(',').map(Number)) })
  }
  return sockets
}

/** The file to read: what was asked for, else POLDER_CONFIG, else ./polder.yaml, else /etc/polder/polder.yaml. */
export function settingsFileOf(asked: string | null, environment: Environment): string {
  const named = asked ?? environment.configFile
  if (named !== null) return resolve(named)
  const here = resolve('polder.yaml')
  return existsSync(here) ? here : '/etc/polder/polder.yaml'
}

/**
 * Where a shield with this settings file keeps its data, also when the file has errors by now: a running shield still serves by the old one.
 * `sure` false: the file could not be read, so this is the default place.
 */
export function dataDirOf(file: string, environment: Environment): { readonly dataDir: string; readonly sure: boolean } {
  const fallback = environment.stateDirectory ?? join(dirname(file), 'polder-data')
  const read = readBytes(file, file)
  if ('problem' in read) return { dataDir: fallback, sure: false }
  const { value } = readYaml(read.bytes, file)
  if (typeof value !== 'object' || value === null) return { dataDir: fallback, sure: false }
  const named = (value as Readonly<Record<string, unknown>>)['dataDir']
  return { dataDir: typeof named === 'string' && named !== '' ? resolve(dirname(file), named) : fallback, sure: true }
}

export interface LoadedSettings {
  /** null when there is at least one error; then the problems say what to mend. */
  readonly settings: Settings | null
  readonly problems: readonly SettingsProblem[]
  readonly problemCount: number
  /** Every setting with its value and where it comes from; empty when `settings` is null. */
  readonly effective: readonly EffectiveRow[]
  readonly file: string
  /** SHA-256 of the file's bytes as hex, '' when it could not be read: two loads with the same digest read the same file. */
  readonly digest: string
}

/** `file` is absolute; `shownAs` is how messages name it. Never throws. */
export function loadSettings(file: string, environment: Environment, nowWallMs: WallMs, shownAs = file): LoadedSettings {
  const read = readBytes(file, shownAs)
  if ('problem' in read) return Object.freeze({ settings: null, problems: Object.freeze([read.problem]), problemCount: 1, effective: Object.freeze([]), file, digest: '' })
  return settingsFrom(read.bytes, file, environment, nowWallMs, shownAs)
}

/** The same from bytes already read; `file` only gives the folder for relative paths. */
export function settingsFrom(bytes: Uint8Array, file: string, environment: Environment, nowWallMs: WallMs, shownAs = file): LoadedSettings {
  const folder = dirname(file)
  const source = readYaml(bytes, shownAs)
  const assembly = assemble(source, { file: shownAs, folder, defaultDataDir: environment.stateDirectory ?? join(folder, 'polder-data'), nowWallMs })
  const fileProblems = assembly.settings === null ? [] : checkFiles(assembly.settings, source, shownAs, nowWallMs, environment.secrets)
  const failed = assembly.settings === null || fileProblems.some((problem) => problem.severity === 'error')
  return Object.freeze({
    settings: failed ? null : assembly.settings,
    problems: Object.freeze([...assembly.problems, ...fileProblems]),
    problemCount: assembly.problemCount + fileProblems.length,
    effective: failed ? Object.freeze([]) : effectiveSettings(assembly.settings!, source, shownAs, environment.stateDirectory === null ? 'default' : 'default (STATE_DIRECTORY)'),
    file,
    digest: createHash('sha256').update(bytes).digest('hex'),
  })
}

function readBytes(file: string, shownAs: string): { bytes: Uint8Array } | { problem: SettingsProblem } {
  const refuse = (code: SettingsProblem['code'], message: string, mend = '', allowed = ''): { problem: SettingsProblem } => ({
    problem: Object.freeze({ severity: 'error', code, file: shownAs, line: 0, column: 0, path: '', value: '', message, allowed, mend }),
  })
  try {
    const facts = statSync(file)
    if (facts.isDirectory()) return refuse('file-unreadable', 'is a folder', 'name the file inside it')
    if (!facts.isFile() && !facts.isFIFO()) return refuse('file-unreadable', 'is not a file')
    if (facts.size > MAX_FILE_BYTES) return refuse('file-too-large', `has ${facts.size} bytes`, 'is this the right file?', 'at most 1 MiB')
    return { bytes: readFileSync(file) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    if (code === 'ENOENT') return refuse('file-not-found', 'does not exist', 'name the settings file with -c FILE')
    return refuse('file-unreadable', `cannot be read (${code})`, code === 'EACCES' ? 'give the user that runs Polder the right to read it' : '')
  }
}
