/** A list of names with `*`, compiled once. Names are compared in lower case. */
export class NamePatterns {
  readonly #exact: ReadonlySet<string>
  readonly #patterns: readonly RegExp[]

  constructor(patterns: readonly string[]) {
    this.#exact = new Set(patterns.filter((pattern) => !pattern.includes('*')).map((pattern) => pattern.toLowerCase()))
    this.#patterns = patterns
      .filter((pattern) => pattern.includes('*'))
      .map((pattern) => new RegExp(`^${pattern.toLowerCase().split('*').map(escapePattern).join('.*')}$`))
  }

  matches(name: string): boolean {
    const lower = name.toLowerCase()
    if (this.#exact.has(lower)) return true
    for (const pattern of this.#patterns) if (pattern.test(lower)) return true
    return false
  }
}

function escapePattern(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
}
