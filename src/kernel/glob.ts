/**
 * A pattern in which `*` stands for any characters, `/` too; every other character stands for itself.
 * Compiled once; matching is a few indexOf calls, linear in the text, so that no pattern can be made slow (no regular expression).
 */
export class Glob {
  readonly text: string
  readonly #head: string
  readonly #middle: readonly string[]
  readonly #tail: string
  readonly #exact: boolean
  readonly #shortest: number

  constructor(text: string) {
    this.text = text
    const parts = text.split('*')
    this.#exact = parts.length === 1
    this.#head = parts[0]!
    this.#tail = this.#exact ? '' : parts[parts.length - 1]!
    this.#middle = parts.slice(1, -1).filter((part) => part !== '')
    this.#shortest = text.length - (parts.length - 1)
  }

  matches(text: string): boolean {
    if (this.#exact) return text === this.#head
    if (text.length < this.#shortest || !text.startsWith(this.#head) || !text.endsWith(this.#tail)) return false
    let at = this.#head.length
    const end = text.length - this.#tail.length
    for (const part of this.#middle) {
      const found = text.indexOf(part, at)
      if (found === -1 || found + part.length > end) return false
      at = found + part.length
    }
    return at <= end
  }

  /** True when the pattern names one text only. */
  get isExact(): boolean {
    return this.#exact
  }
}
