/**
 * What the calendar keeps on disk: the last good copy of each source, so that a network that is down on the day of the vote changes nothing; entries made
 * by hand; and which postures were told to have begun, so that a restart tells nobody twice. Each file is written whole and renamed into place (0600);
 * one that cannot be read costs what was in it, is told, and is put aside.
 */
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { postureNames, type PostureName } from './postures.ts'
import type { Validators } from './read-source.ts'

const MOST_ENTRIES = 500

export interface HandEntry {
  readonly posture: PostureName
  readonly title: string
  readonly fromWallMs: number
  readonly untilWallMs: number
  readonly who: string
}

export interface KeptSource {
  readonly from: string
  readonly text: string
  readonly validators: Validators
  readonly readAtWallMs: number
}

interface KeptState {
  readonly entries: readonly HandEntry[]
  /** Keys of postures that are known to have begun. */
  readonly begun: readonly string[]
}

export class CalendarFiles {
  readonly #folder: string
  readonly #onTrouble: (sentence: string) => void

  constructor(folder: string, onTrouble: (sentence: string) => void) {
    this.#folder = folder
    this.#onTrouble = onTrouble
  }

  readState(): KeptState {
    return this.#read('state.json', stateOf) ?? { entries: [], begun: [] }
  }

  /** @returns whether it is on the disk now. */
  writeState(state: KeptState): boolean {
    return this.#write('state.json', state)
  }

  readSource(name: string): KeptSource | null {
    return this.#read(`source-${name}.json`, sourceOf)
  }

  writeSource(name: string, source: KeptSource): boolean {
    return this.#write(`source-${name}.json`, source)
  }

  /** Copies of sources that are no longer in the settings. */
  forgetOthers(names: readonly string[]): void {
    try {
      for (const file of readdirSync(this.#folder)) {
        const name = /^source-(.+)\.json$/.exec(file)?.[1]
        if (name !== undefined && !names.includes(name)) rmSync(join(this.#folder, file), { force: true })
      }
    } catch {
      // nothing kept yet
    }
  }

  #read<T>(file: string, check: (raw: unknown) => T | null): T | null {
    const path = join(this.#folder, file)
    let value: T | null = null
    try {
      value = check(JSON.parse(readFileSync(path, 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    }
    if (value !== null) return value
    this.#onTrouble(`${path} cannot be used and is put aside`)
    try {
      renameSync(path, `${path}.unusable`)
    } catch {
      // It is overwritten by the next save
    }
    return null
  }

  #write(file: string, value: unknown): boolean {
    const path = join(this.#folder, file)
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600, flush: true })
      renameSync(`${path}.new`, path)
      return true
    } catch (error) {
      this.#onTrouble(`${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`)
      return false
    }
  }
}

function isFields(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw)
}

function stateOf(raw: unknown): KeptState | null {
  if (!isFields(raw) || !Array.isArray(raw['entries']) || !Array.isArray(raw['begun'])) return null
  const entries = raw['entries'].filter((one): one is HandEntry =>
    isFields(one) && postureNames.includes(one['posture'] as PostureName) && typeof one['title'] === 'string' && Number.isFinite(one['fromWallMs']) && Number.isFinite(one['untilWallMs']) && typeof one['who'] === 'string')
  return { entries: entries.slice(-MOST_ENTRIES), begun: raw['begun'].filter((one): one is string => typeof one === 'string') }
}

function sourceOf(raw: unknown): KeptSource | null {
  if (!isFields(raw) || typeof raw['from'] !== 'string' || typeof raw['text'] !== 'string' || !Number.isFinite(raw['readAtWallMs']) || !isFields(raw['validators'])) return null
  const { etag, lastModified } = raw['validators']
  if ((etag !== null && typeof etag !== 'string') || (lastModified !== null && typeof lastModified !== 'string')) return null
  return raw as unknown as KeptSource
}
