/** Results on disk: one file, one entry per scenario, program, form, seed and size; a new run of the same replaces the old one. What never happened is the word "never". */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Machine, describeMachine } from '../measure/machine.ts'
import type { RunResult } from './run-scenario.ts'

export type SavedRun = Omit<RunResult, 'log'> & {
  readonly measuredOn: string
  /** What whoever reads this run must know: said under its table. */
  readonly note?: string
}

export interface SavedResults {
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly runs: readonly SavedRun[]
}

/** Empty when there is no file yet. @throws when the file is not ours. */
export function readResults(file: string): SavedResults {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return { machine: describeMachine(), versions: {}, runs: [] }
  }
  return JSON.parse(text, (_key, value: unknown) => (value === 'never' ? Number.POSITIVE_INFINITY : value)) as SavedResults
}

export function addRun(file: string, run: RunResult & { readonly note?: string }, versions: SavedResults['versions']): SavedResults {
  const old = readResults(file)
  const { log: _log, ...kept } = run
  const runs = [...old.runs.filter((one) => keyOf(one) !== keyOf(run)), { ...kept, measuredOn: new Date().toISOString().slice(0, 10) }]
  runs.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const results = { machine: describeMachine(), versions: { ...old.versions, ...versions }, runs }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(results, (_key, value: unknown) => (value === Number.POSITIVE_INFINITY ? 'never' : typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value))}\n`)
  return results
}

function keyOf(run: Pick<RunResult, 'scenario' | 'peer' | 'form' | 'seed' | 'share'>): string {
  return [run.scenario, run.peer, run.form, String(run.seed).padStart(3, '0'), run.share.toFixed(3)].join(' ')
}

/** Visitors that were ever refused by rule or rate. */
export function blockedClients(run: SavedRun): number {
  return run.score.harm.reduce((sum, one) => sum + one.clientsEverBlocked, 0)
}
