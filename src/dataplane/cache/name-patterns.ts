/** Names whose answer is remembered; those who send other names every time only pay for the patterns. */
const MAX_KNOWN = 2_048
const MAX_KNOWN_LENGTH = 64

/** A list of names with `*`, compiled once. Names are compared in lower case. */
export class NamePatterns {
  readonly #exact: ReadonlySet<string>
  readonly #patterns: readonly RegExp[]
  readonly #known = new Map<string, boolean>()

  constructor(patterns: readonly string[]) {
    this.#exact = new Set(patterns.filter((pattern) => !pattern.includes('*')).map((pattern) => pattern.toLowerCase()))
    this.#patterns = patterns
      .filter((pattern) => pattern.includes('*'))
      .map((pattern) => new RegExp(`^${pattern.toLowerCase().split('*').map(escapePattern).join('.*')}$`))
  }

  matches(name: string): boolean {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const matches = this.#work(name)
    if (this.#known.size < MAX_KNOWN && name.length <= MAX_KNOWN_LENGTH) this.#known.set(name, matches)
    return matches
  }

  #work(name: string): boolean {
    const lower = name.toLowerCase()
    if (this.#exact.has(lower)) return true
    for (const pattern of this.#patterns) if (pattern.test(lower)) return true
    return false
  }
}

function escapePattern(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
}
