/**
 * What is open, and who has been told, over a restart: one small file, written whole and renamed into place. Without it every restart during an attack would
 * ring everybody again, and a night's quiet hours would be forgotten. A file that cannot be read or written costs exactly that, and nothing else.
 */
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { severities } from '../../contract/alert.ts'
import type { KeptAlert, KeptBook, Told } from './alert-book.ts'

const FILE = 'open-alerts.json'
const FORMAT = 1
/** 200 alerts of 4,000 characters and their ends. */
const LARGEST_BYTES = 8 * 1_048_576

export class AlertStore {
  readonly #folder: string
  readonly #onTrouble: (sentence: string) => void
  #next: (() => KeptBook) | null = null
  #writing: Promise<void> | null = null
  #told = false

  constructor(folder: string, onTrouble: (sentence: string) => void) {
    this.#folder = folder
    this.#onTrouble = onTrouble
  }

  read(): KeptBook {
    const file = join(this.#folder, FILE)
    try {
      if (statSync(file).size > LARGEST_BYTES) throw new Error('it is too large')
      return keptOf(JSON.parse(readFileSync(file, 'utf8')) as unknown)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#trouble(`${file} cannot be used (${(error as Error).message}); what was open before may be told again`)
      return { open: [], ended: [] }
    }
  }

  /** Soon; changes that come while a write is under way become one more write. */
  save(book: () => KeptBook): void {
    this.#next = book
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null
    })
  }

  /** Resolves when what was last to be saved is on the disk, or cannot be. */
  async settled(): Promise<void> {
    while (this.#writing !== null) await this.#writing
  }

  async #write(): Promise<void> {
    const file = join(this.#folder, FILE)
    while (this.#next !== null) {
      const book = this.#next
      this.#next = null
      try {
        mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
        chmodSync(this.#folder, 0o700)
        await writeFile(`${file}.new`, JSON.stringify({ format: FORMAT, ...book() }), { mode: 0o600 })
        await rename(`${file}.new`, file)
        this.#told = false
      } catch (error) {
        this.#trouble(`${file} cannot be written (${(error as Error).message}); after a restart what is open may be told again`)
      }
    }
  }

  #trouble(sentence: string): void {
    if (!this.#told) this.#onTrouble(sentence)
    this.#told = true
  }
}

type Fields = Readonly<Record<string, unknown>>

class Wrong extends Error {}

function keptOf(raw: unknown): KeptBook {
  const { format, open, ended } = fields(raw)
  if (format !== FORMAT || !Array.isArray(open) || !Array.isArray(ended)) throw new Wrong('it is of another form')
  return { open: open.map(alertOf), ended: ended.map((one) => ({ ...alertOf(one), waiting: list(fields(one)['waiting']).map(text) })) }
}

function alertOf(raw: unknown): KeptAlert {
  const { alert: rawAlert, sinceWallMs, worseSinceWallMs, acknowledged, told } = fields(raw)
  const alert = fields(rawAlert)
  const incident = alert['incidentId']
  return {
    alert: {
      key: text(alert['key']), severity: severity(alert['severity']), title: text(alert['title']), text: text(alert['text']), atWallMs: time(alert['atWallMs']),
      incidentId: incident === null ? null : text(incident), resolved: alert['resolved'] === true,
    },
    sinceWallMs: time(sinceWallMs),
    worseSinceWallMs: time(worseSinceWallMs),
    acknowledged: acknowledged === null ? null : { who: text(fields(acknowledged)['who']), atWallMs: time(fields(acknowledged)['atWallMs']) },
    told: list(told).map((pair): readonly [string, Told] => {
      const [channel, one] = list(pair)
      return [text(channel), { atWallMs: time(fields(one)['atWallMs']), severity: severity(fields(one)['severity']) }]
    }),
  }
}

function fields(raw: unknown): Fields {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new Wrong('it is damaged')
  return raw as Fields
}

function list(raw: unknown): readonly unknown[] {
  if (!Array.isArray(raw)) throw new Wrong('it is damaged')
  return raw
}

function text(raw: unknown): string {
  if (typeof raw !== 'string') throw new Wrong('it is damaged')
  return raw
}

function time(raw: unknown): number {
  if (typeof raw !== 'number' || !Number.isFinite(raw)) throw new Wrong('it is damaged')
  return raw
}

function severity(raw: unknown): (typeof severities)[number] {
  const known = severities.find((one) => one === raw)
  if (known === undefined) throw new Wrong('it is damaged')
  return known
}
