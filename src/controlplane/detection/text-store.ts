const MAX_TEXTS = 16_384
const MAX_KEPT = 2_048

/**
 * What hashes stand for, only to be read by people. Bounded: the oldest are forgotten, but texts once used in a sentence or a rule stay longer,
 * so that a flood of random paths does not wash away the name of its own tool.
 */
export class TextStore {
  readonly #recent = new Map<number, string>()
  readonly #kept = new Map<number, string>()

  learn(strings: ReadonlyArray<readonly [number, string]>): void {
    for (const [hash, text] of strings) {
      if (this.#recent.has(hash)) continue
      if (this.#recent.size >= MAX_TEXTS) this.#recent.delete(this.#recent.keys().next().value as number)
      this.#recent.set(hash, text)
    }
  }

  /** '' when not known. */
  readonly textOf = (hash: number): string => {
    const kept = this.#kept.get(hash)
    if (kept !== undefined) return kept
    const text = this.#recent.get(hash)
    if (text === undefined) return ''
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value as number)
    this.#kept.set(hash, text)
    return text
  }
}
