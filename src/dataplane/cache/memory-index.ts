import type { CacheEntry } from './stored-response.ts'

/**
 * One worker's index of what is stored: primary key to variants, newest first. The bodies are shared memory; this is the part each worker has
 * of its own. It is told what to hold and what to drop, and decides nothing but which variant gives way when there are too many.
 */
export class MemoryIndex {
  readonly #byKey = new Map<string, CacheEntry[]>()
  readonly #byId = new Map<number, CacheEntry>()

  get size(): number {
    return this.#byId.size
  }

  variants(key: string): readonly CacheEntry[] | undefined {
    return this.#byKey.get(key)
  }

  has(id: number): boolean {
    return this.#byId.has(id)
  }

  get(id: number): CacheEntry | undefined {
    return this.#byId.get(id)
  }

  entries(): IterableIterator<CacheEntry> {
    return this.#byId.values()
  }

  /**
   * Adds an answer in front of its key's variants. Returns those that gave way: the same selection, another set of selecting headers
   * (what the newest answer says about Vary holds for the address), or too many.
   */
  add(entry: CacheEntry, maxVariants: number): readonly CacheEntry[] {
    const { key, id } = entry.stored
    this.#byId.set(id, entry)
    const list = this.#byKey.get(key)
    if (list === undefined) {
      this.#byKey.set(key, [entry])
      return NONE
    }
    const gone: CacheEntry[] = []
    for (let i = list.length - 1; i >= 0; i--) {
      if (givesWay(list[i], entry)) gone.push(...list.splice(i, 1))
    }
    list.unshift(entry)
    while (list.length > maxVariants) gone.push(list.pop() as CacheEntry)
    for (const old of gone) this.#byId.delete(old.stored.id)
    return gone
  }

  remove(id: number): CacheEntry | null {
    const entry = this.#byId.get(id)
    if (entry === undefined) return null
    this.#byId.delete(id)
    const list = this.#byKey.get(entry.stored.key)
    if (list !== undefined) {
      const at = list.indexOf(entry)
      if (at !== -1) list.splice(at, 1)
      if (list.length === 0) this.#byKey.delete(entry.stored.key)
    }
    return entry
  }
}

const NONE: readonly CacheEntry[] = Object.freeze([])

function givesWay(a: CacheEntry, b: CacheEntry): boolean {
  const x = a.stored.varyNames
  const y = b.stored.varyNames
  if (x.length !== y.length) return true
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return true
  return a.stored.varyKey === b.stored.varyKey
}
