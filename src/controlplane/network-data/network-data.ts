/**
 * Country and network operator of an address, from the operator's files. Acts in reports only: who comes from where never decides anything by itself.
 * Files are read by a thread of their own; what they said before stays in use until a new reading is whole, and a file that cannot be read is told.
 */
import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { ControlEvent } from '../../contract/control.ts'
import type { LoadingReport } from './loading-thread.ts'
import type { LoadedNetworks } from './load-network-file.ts'
import { bytesOf, factsOf, findRecord, lookUp, type NetworkFacts, type NetworkTable, NO_FACTS } from './network-table.ts'
import type { NetworkDataSettings } from './options.ts'

const LOOK_AT_FILES_MS = 30_000
/** More than any real file needs; a runaway reading ends here and not in the whole process. */
const LOADING_MEGABYTES = 768

export interface NetworkLookup {
  lookup(high: number, low: number, family: number): NetworkFacts
}

interface OpenFile {
  stamp: string
  table: NetworkTable | null
  progress: number | null
}

/** Reads one file. `onProgress`: share read. Rejects with a sentence about the file. */
export type LoadFile = (path: string, onProgress: (share: number) => void) => Promise<LoadedNetworks>

export class NetworkData implements NetworkLookup {
  #settings: NetworkDataSettings
  readonly #load: LoadFile
  readonly #files = new Map<string, OpenFile>()
  #events: ControlEvent[] = []
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #busy: Promise<void> | null = null

  constructor(settings: NetworkDataSettings, load: LoadFile = loadInThread) {
    this.#settings = settings
    this.#load = load
  }

  applySettings(settings: NetworkDataSettings): void {
    this.#settings = settings
    this.#lookedAtMs = Number.NEGATIVE_INFINITY
    for (const path of this.#files.keys()) if (path !== settings.countryFile && path !== settings.asnFile) this.#files.delete(path)
  }

  /** Looks for new files now and then; returns what happened since. Never waits. */
  tick(nowMs: number, nowWallMs: number): readonly ControlEvent[] {
    if (nowMs - this.#lookedAtMs >= LOOK_AT_FILES_MS && this.#busy === null) {
      this.#lookedAtMs = nowMs
      this.#busy = this.#refresh(nowWallMs).finally(() => (this.#busy = null))
    }
    const events = this.#events
    this.#events = []
    return events
  }

  /** Resolves when what is being read is read. */
  async settled(): Promise<void> {
    await this.#busy
  }

  /** False while no file has been read: then there is nothing to ask. */
  get ready(): boolean {
    return this.#table(this.#settings.countryFile) !== null || this.#table(this.#settings.asnFile) !== null
  }

  /** Share read of the file being loaded, by path. */
  get loading(): ReadonlyArray<{ readonly path: string; readonly share: number }> {
    return [...this.#files].filter(([, file]) => file.progress !== null).map(([path, file]) => ({ path, share: file.progress! }))
  }

  get bytes(): number {
    return [...this.#files.values()].reduce((sum, { table }) => sum + (table === null ? 0 : bytesOf(table)), 0)
  }

  /** `high`, `low`: addressHigh and addressLow of contract/sample.ts. The country comes from countryFile, the rest from asnFile; each fills the gaps of the other. */
  lookup(high: number, low: number, family: number): NetworkFacts {
    const countries = this.#table(this.#settings.countryFile)
    const networks = this.#table(this.#settings.asnFile)
    if (countries === networks || countries === null || networks === null) {
      const one = countries ?? networks
      return one === null ? NO_FACTS : lookUp(one, high, low, family)
    }
    const place = findRecord(countries, high, low, family)
    const network = findRecord(networks, high, low, family)
    const there = place === 0 ? NO_FACTS : factsOf(countries, place)
    const who = network === 0 ? NO_FACTS : factsOf(networks, network)
    const named = who.asn === 0 ? there : who
    return { country: there.country === '' ? who.country : there.country, asn: named.asn, name: named.name }
  }

  #table(path: string): NetworkTable | null {
    return path === '' ? null : (this.#files.get(path)?.table ?? null)
  }

  async #refresh(nowWallMs: number): Promise<void> {
    for (const path of new Set([this.#settings.countryFile, this.#settings.asnFile])) if (path !== '') await this.#refreshOne(path, nowWallMs)
  }

  async #refreshOne(path: string, nowWallMs: number): Promise<void> {
    let file = this.#files.get(path)
    if (file === undefined) this.#files.set(path, (file = { stamp: '', table: null, progress: null }))
    const kept = (): string => (file.table === null ? '' : '; what it said before stays in use')
    let stamp: string
    try {
      const facts = await stat(path)
      stamp = `${facts.mtimeMs} ${facts.size} ${facts.ino}`
    } catch (error) {
      stamp = `${(error as NodeJS.ErrnoException).code}`
      if (file.stamp !== stamp) this.#tell(nowWallMs, 'network-data-problem', `${path} ${stamp === 'ENOENT' ? 'does not exist' : `cannot be read (${stamp})`}${kept()}`)
      file.stamp = stamp
      return
    }
    if (file.stamp === stamp) return
    file.stamp = stamp
    file.progress = 0
    try {
      const { table, ranges, badLines, problems } = await this.#load(path, (share) => (file.progress = share))
      file.table = table
      if (badLines > 0) this.#tell(nowWallMs, 'network-data-problem', `${path}: ${badLines} lines could not be read and are left out (${problems.join('; ')})`)
      this.#tell(nowWallMs, 'network-data-read', `${path}: ${ranges} ranges of ${table.asns.length - 1} networks read, ${(bytesOf(table) / 1_048_576).toFixed(1)} MiB`)
    } catch (error) {
      this.#tell(nowWallMs, 'network-data-problem', `${path} ${(error as Error).message}${kept()}`)
    }
    file.progress = null
  }

  #tell(atWallMs: number, code: string, sentence: string): void {
    this.#events.push({ atWallMs, code, sentence })
  }
}

/** The real LoadFile. */
function loadInThread(path: string, onProgress: (share: number) => void): Promise<LoadedNetworks> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('loading-thread.ts', import.meta.url), { workerData: { path }, resourceLimits: { maxOldGenerationSizeMb: LOADING_MEGABYTES } })
    thread.on('message', (report: LoadingReport) => {
      if (report.type === 'progress') onProgress(report.share)
      else if (report.type === 'loaded') resolve(report.loaded)
      else reject(new Error(report.message))
    })
    thread.once('error', (error) => reject(new Error(`could not be read: ${(error as Error).message}`)))
    thread.once('exit', () => reject(new Error('could not be read: the reading thread ended')))
    thread.unref()
  })
}
