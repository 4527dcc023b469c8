/** Statements and component states over a restart: one small file, written whole, synced and renamed (0600). One that cannot be read is put aside and told. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ComponentName, componentNames, type ComponentState, componentStates, type Statement } from '../../contract/statement.ts'

const FILE = 'statements.json'
const STAGES: ReadonlySet<unknown> = new Set(['draft', 'approved', 'published', 'withdrawn'])

export interface KeptBoard {
  readonly statements: readonly Statement[]
  /** Set by a person; what is missing works. */
  readonly components: ReadonlyArray<{ readonly name: ComponentName; readonly state: ComponentState; readonly sinceWallMs: number }>
}

export class StatementStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** @returns what was kept, and what is wrong with it (null: nothing). */
  read(): { readonly board: KeptBoard; readonly trouble: string | null } {
    const path = join(this.#folder, FILE)
    const empty: KeptBoard = { statements: [], components: [] }
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      return { board: empty, trouble: (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : `${path} cannot be read: ${(error as Error).message}` }
    }
    try {
      return { board: boardOf(JSON.parse(text)), trouble: null }
    } catch (error) {
      try {
        renameSync(path, `${path}.unusable`)
      } catch {
        // The next write takes its place
      }
      return { board: empty, trouble: `${path} is damaged (${(error as Error).message}); it is put aside, and the status page begins anew` }
    }
  }

  /** @throws a system error. */
  write(board: KeptBoard): void {
    const path = join(this.#folder, FILE)
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    writeFileSync(`${path}.new`, JSON.stringify(board), { mode: 0o600, flush: true })
    renameSync(`${path}.new`, path)
  }
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(raw: unknown): Fields {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new Error('it is of another form')
  return raw as Fields
}

function listOf(raw: unknown): readonly unknown[] {
  if (!Array.isArray(raw)) throw new Error('it is of another form')
  return raw
}

function boardOf(raw: unknown): KeptBoard {
  const { statements, components } = fieldsOf(raw)
  return {
    statements: listOf(statements).map((one) => {
      const fields = fieldsOf(one)
      const texts = listOf(fields['texts']).map(fieldsOf)
      const right = typeof fields['id'] === 'string' && STAGES.has(fields['stage']) && typeof fields['draftedBy'] === 'string' && Number.isFinite(fields['createdAtWallMs']) && texts.length > 0
        && texts.every((text) => ['language', 'title', 'know', 'notKnown', 'doing', 'next'].every((name) => typeof text[name] === 'string'))
        && (fields['stage'] !== 'published' || Number.isFinite(fields['publishedAtWallMs']))
      if (!right) throw new Error('a statement in it is of another form')
      const { writers } = fields
      return { ...(one as Statement), writers: Array.isArray(writers) ? writers.filter((writer) => typeof writer === 'string') : [fields['draftedBy'] as string] }
    }),
    components: listOf(components).map((one) => {
      const { name, state, sinceWallMs } = fieldsOf(one)
      if (!(componentNames as readonly unknown[]).includes(name) || !(componentStates as readonly unknown[]).includes(state) || !Number.isFinite(sinceWallMs)) throw new Error('a component in it is of another form')
      return { name, state, sinceWallMs } as KeptBoard['components'][number]
    }),
  }
}
