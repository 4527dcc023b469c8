import type { AccountFacts, ConsoleRole } from '../../contract/console.ts'
import type { ControlAnswerOf, ControlQuestion, ControlQuestionOf } from '../../contract/control-socket.ts'
import type { ExportedSite, FoundCopy } from '../../contract/lifeline-files.ts'
import type { LifelineState } from '../../contract/lifeline.ts'
import type { IncidentReplay } from '../../contract/incident-replay.ts'
import type { JournalCopy, JournalEntry, JournalVerdict } from '../../contract/journal.ts'
import type { LearnProgress, LearnSummary } from '../../contract/log-learning.ts'
import type { ReplayResult } from '../../contract/replay.ts'
import type { SettingsProblem } from '../../contract/settings-problem.ts'
import type { Clock } from '../../kernel/clock.ts'

/** Exit codes of every command, as documented in `polder --help`. */
export const exitCodes = Object.freeze({ ok: 0, refused: 1, usage: 2 })

/** Where a command writes. */
export interface Output {
  write(text: string): unknown
  on?(event: 'error', listener: (error: Error) => void): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** What came of reading a settings file; `settings` is null when there is an error. */
export interface CheckReport<S> {
  readonly settings: S | null
  readonly problems: readonly SettingsProblem[]
  /** More than `problems.length` when not all are listed. */
  readonly problemCount: number
  readonly effective: ReadonlyArray<{ readonly path: string; readonly value: string; readonly from: string; readonly applies: 'live' | 'restart' }>
  readonly file: string
  /** SHA-256 of the file as it was read, '' when it was not: where watching it begins. */
  readonly digest: string
}

/** What the commands need from the rest of Polder; main.ts hands it over, so that this folder imports no plane and no settings. */
export interface CliParts<S> {
  readonly version: string
  readonly out: Output
  readonly error: Output
  /** NO_COLOR is set. */
  readonly noColor: boolean
  /** Reads and judges a settings file (null: the usual places) without starting anything. */
  check(file: string | null): CheckReport<S> | Promise<CheckReport<S>>
  /** Serves until told to stop; resolves with the exit code. */
  start(settings: S, report: CheckReport<S>): Promise<number>
  readonly clock: Clock
  /** Who gives orders: the login name, also under sudo. */
  readonly who: string
  /** The control socket of the shield that this settings file describes (null: the usual places); `note` says what was odd on the way, or ''. */
  controlSocket(file: string | null): { readonly path: string; readonly note: string }
  /** Rejects with a system error (`code`) when nobody is there. */
  ask<A extends ControlQuestion['ask']>(path: string, question: ControlQuestionOf<A>): Promise<ControlAnswerOf<A>>
  /** Aborts at Ctrl-C; asked for only by commands that run until then. */
  interrupted(): AbortSignal
  /** Adds what is normal to the baseline. Rejects when a log cannot be opened or holds nothing. */
  learn(settings: S, options: { readonly files: readonly string[]; readonly hosts: readonly string[]; readonly dryRun: boolean; onProgress(progress: LearnProgress): void }): Promise<LearnSummary>
  /** `settings` null: the defaults, when no settings file was named and none is there. Rejects with what is wrong with the log or the injection. */
  replay(settings: S | null, options: ReplayWish): Promise<ReplayResult>
  /** The decisions of an incident again, from the samples in this journal folder; `settings` null: those of then. Rejects with what is wrong. */
  replayIncident(settings: S | null, options: { readonly folder: string; readonly incidentId: string; readonly seed: number }): Promise<IncidentReplay>
  /** @throws a system error. */
  writeFile(file: string, text: string): void
  /** Copies of the site, read from the lifeline's file. Each rejects with a sentence. */
  readonly lifeline: {
    state(settings: S): Promise<LifelineState>
    open(settings: S, place: string): Promise<FoundCopy>
    export(settings: S, folder: string, onProgress: (done: number, total: number) => void): Promise<ExportedSite>
  }
  /** A journal's folder, read without a running shield. Each rejects with a system error. */
  readonly journal: {
    /** `expectHash`: a hash that must stand in the chain, or null. */
    verify(folder: string, expectHash: string | null): Promise<JournalVerdict>
    /** Whole, unaltered entries, oldest first; none when there is no such folder. */
    entries(folder: string): AsyncIterable<JournalEntry>
    /** Copies it as it is into a folder that must not be there yet. */
    copy(folder: string, to: string): Promise<JournalCopy>
  }
  /** Accounts of the console, in dataDir/console. Each rejects with a sentence. */
  readonly accounts: {
    list(settings: S): Promise<ReadonlyArray<Omit<AccountFacts, 'sessions' | 'lockedUntilWallMs'>>>
    add(settings: S, name: string, role: ConsoleRole, password: string): Promise<string>
    remove(settings: S, name: string): Promise<string>
    role(settings: S, name: string, role: ConsoleRole): Promise<string>
    password(settings: S, name: string, password: string): Promise<string>
    /** `uri` '' when it was switched off. */
    totp(settings: S, name: string, on: boolean): Promise<{ readonly sentence: string; readonly uri: string }>
    unlock(settings: S, name: string): Promise<string>
  }
  /** A line typed without showing it; null: there is no terminal, or it was given up (Ctrl-C, Ctrl-D). */
  askSecret(prompt: string): Promise<string | null>
  /** Standard input to its end, at most so many bytes. Rejects when it is longer. */
  readInput(mostBytes: number): Promise<string>
  /** To standard output, as they are. */
  writeBytes(bytes: Uint8Array): void
  /** The manual of reason codes, in Markdown; '' when it is not installed. */
  reasonManual(): string
}

export interface ReplayWish {
  readonly log: string
  readonly inject: string | null
  readonly times: number
  readonly spreadPerSecond: number | null
  readonly capacityPerSecond: number | null
  readonly seed: number
  onProgress(second: number, seconds: number): void
}

export interface CommandFlag {
  /** As commander reads it: `-c, --config <file>`. */
  readonly flags: string
  readonly sentence: string
}

/** One command, as data: program.ts makes the parser and the help from it. */
export interface CommandSpec {
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly flags: readonly CommandFlag[]
  /** Words after the name, as commander reads them: `<rule>`, `<log...>`. */
  readonly words?: ReadonlyArray<readonly [word: string, sentence: string]>
  readonly children?: readonly CommandSpec[]
  readonly examples: ReadonlyArray<readonly [command: string, what: string]>
  /** Resolves with the exit code. */
  act<S>(given: Readonly<Record<string, unknown>>, parts: CliParts<S>, words: readonly string[]): Promise<number>
}

export const configFlag: CommandFlag = {
  flags: '-c, --config <file>',
  sentence: 'settings file (else $POLDER_CONFIG, ./polder.yaml, /etc/polder/polder.yaml)',
}

export function configOf(given: Readonly<Record<string, unknown>>): string | null {
  return typeof given['config'] === 'string' ? given['config'] : null
}

export const jsonFlag: CommandFlag = { flags: '--json', sentence: 'print JSON on standard output' }

export function textOf(given: Readonly<Record<string, unknown>>, name: string): string | null {
  return typeof given[name] === 'string' ? given[name] : null
}
