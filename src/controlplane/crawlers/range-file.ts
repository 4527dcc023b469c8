/**
 * Reads a file of a crawler's published ranges: the JSON that Google, Bing and others publish, or plain text, one prefix a line, # begins a comment.
 * A prefix so wide that no crawler owns it is refused: one slip (0.0.0.0/0) would exempt the whole Internet from every automatic rule.
 */
import { isIPv4 } from 'node:net'
import { cidrProblem } from '../../kernel/cidr-set.ts'

/** Published lists hold 20 to 1,500 prefixes of at most 100 bytes. */
export const MOST_RANGE_FILE_BYTES = 1_048_576
/** Google's widest published crawler range is a /19 (IPv4) and a /64 (IPv6). */
const WIDEST_BITS = { 4: 12, 6: 32 } as const
/** More complaints help nobody. */
const MOST_PROBLEMS = 5

export interface RangeFile {
  readonly prefixes: readonly string[]
  /** One sentence each, with the line or place; empty when all was read. */
  readonly problems: readonly string[]
}

/** Never throws. A file with any problem still gives the prefixes that could be read. */
export function parseRangeFile(text: string): RangeFile {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text
  return /^\s*[{[]/.test(body) ? parseJson(body) : parsePlain(body)
}

function parseJson(text: string): RangeFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { prefixes: [], problems: [`is not JSON: ${(error as Error).message}`] }
  }
  const list = Array.isArray(value) ? value : (value as { prefixes?: unknown } | null)?.prefixes
  if (!Array.isArray(list)) return { prefixes: [], problems: ['holds no list "prefixes"'] }
  const found = new Found()
  list.forEach((entry: unknown, i) => {
    const prefix = typeof entry === 'string' ? entry : typeof entry === 'object' && entry !== null ? ((entry as Record<string, unknown>)['ipv4Prefix'] ?? (entry as Record<string, unknown>)['ipv6Prefix']) : undefined
    if (typeof prefix === 'string') found.add(prefix.trim(), `prefixes[${i}]`)
    else found.complain(`prefixes[${i}]: has neither ipv4Prefix nor ipv6Prefix`)
  })
  return found.result()
}

function parsePlain(text: string): RangeFile {
  const found = new Found()
  text.split('\n').forEach((line, i) => {
    const prefix = line.split('#')[0]!.trim()
    if (prefix !== '') found.add(prefix, `line ${i + 1}`)
  })
  return found.result()
}

class Found {
  readonly #prefixes = new Set<string>()
  readonly #problems: string[] = []
  #complaints = 0

  add(prefix: string, place: string): void {
    const problem = cidrProblem(prefix)
    if (problem !== null) return this.complain(`${place}: ${problem}`)
    const [address, bits] = prefix.split('/') as [string, string | undefined]
    const widest = isIPv4(address) ? WIDEST_BITS[4] : WIDEST_BITS[6]
    if (bits !== undefined && Number(bits) < widest) return this.complain(`${place}: "${prefix}" is wider than /${widest}, which is no crawler's`)
    this.#prefixes.add(prefix)
  }

  complain(problem: string): void {
    if (this.#complaints++ < MOST_PROBLEMS) this.#problems.push(problem)
  }

  result(): RangeFile {
    if (this.#complaints > MOST_PROBLEMS) this.#problems.push(`and ${this.#complaints - MOST_PROBLEMS} more`)
    if (this.#prefixes.size === 0 && this.#complaints === 0) this.#problems.push('holds no prefix')
    return { prefixes: [...this.#prefixes], problems: this.#problems }
  }
}
