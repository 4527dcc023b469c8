/**
 * One file per incident, beside the journal: so that a restart need not read the journal from its beginning, and so that an incident outlives the journal's
 * retention. The journal is the truth: where both know an entry, a file that is missing, damaged or older is made again from the journal (incident-book.ts).
 * A file is written whole beside its place, brought to the disk, and moved there; its first line is the SHA-256 of the rest. Mode 0600 in a folder 0700.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { IncidentRecord } from './apply-change.ts'

/** Whatever its form was before, a file of another form is made again from the journal. */
const FORM = 1
const PLACE_FILE = 'journal-place'
const INCIDENT_FILE = /^(\d{4}-\d{2}-\d{2}-\d{1,6})\.incident$/

export interface KeptIncidents {
  readonly records: readonly IncidentRecord[]
  /** Every change up to this entry is in the files; 0: not known. */
  readonly place: number
  /** Files that could not be believed, with the reason; moved aside. */
  readonly damaged: ReadonlyArray<{ readonly file: string; readonly why: string }>
}

export class IncidentFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async read(): Promise<KeptIncidents> {
    const records: IncidentRecord[] = []
    const damaged: Array<{ file: string; why: string }> = []
    let names: string[]
    try {
      names = await readdir(this.#folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { records: [], place: 0, damaged: [] }
      throw error
    }
    const wanted = new Set<string>()
    let place = 0
    if (names.includes(PLACE_FILE)) {
      const kept = await this.#readOne(PLACE_FILE)
      if (isPlace(kept)) {
        place = kept.seq
        for (const id of kept.ids) wanted.add(id)
      } else damaged.push({ file: PLACE_FILE, why: 'it is not what was written' })
    }
    for (const name of names.sort()) {
      const id = INCIDENT_FILE.exec(name)?.[1]
      if (id === undefined) continue
      const kept = await this.#readOne(name)
      if (isRecord(kept, id)) {
        records.push(kept)
        wanted.delete(id)
        continue
      }
      damaged.push({ file: name, why: 'its checksum or its form is wrong' })
      await rename(join(this.#folder, name), join(this.#folder, `${name}.damaged`)).catch(() => {})
      wanted.delete(id)
    }
    for (const id of wanted) damaged.push({ file: `${id}.incident`, why: 'it is missing' })
    return { records, place: damaged.length > 0 ? 0 : place, damaged }
  }

  async write(record: IncidentRecord): Promise<void> {
    await this.#writeOne(`${record.id}.incident`, record)
  }

  async remove(id: string): Promise<void> {
    await rm(join(this.#folder, `${id}.incident`), { force: true })
  }

  async writePlace(seq: number, ids: readonly string[]): Promise<void> {
    await this.#writeOne(PLACE_FILE, { seq, ids })
  }

  async #readOne(name: string): Promise<unknown> {
    try {
      const text = await readFile(join(this.#folder, name), 'utf8')
      const end = text.indexOf('\n')
      const body = text.slice(end + 1)
      if (end !== 64 || sha256(body) !== text.slice(0, end)) return null
      const { form, kept } = JSON.parse(body) as { form: unknown; kept: unknown }
      return form === FORM ? kept : null
    } catch {
      return null
    }
  }

  async #writeOne(name: string, kept: unknown): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const body = JSON.stringify({ form: FORM, kept })
    await writeWhole(join(this.#folder, name), `${sha256(body)}\n${body}`)
  }
}

/** Atomic and on the disk when it resolves. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const beside = `${path}.new`
  const file = await open(beside, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
  await syncFolder(join(path, '..'))
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function isPlace(kept: unknown): kept is { seq: number; ids: string[] } {
  const { seq, ids } = (kept ?? {}) as { seq?: unknown; ids?: unknown }
  return Number.isSafeInteger(seq) && Array.isArray(ids) && ids.every((id) => typeof id === 'string')
}

function isRecord(kept: unknown, id: string): kept is IncidentRecord {
  const record = (kept ?? {}) as Partial<IncidentRecord>
  return record.id === id && Number.isSafeInteger(record.lastSeq) && Number.isSafeInteger(record.bornSeq) && Array.isArray(record.notes) && Array.isArray(record.changes)
}
