/**
 * A rule's conditions over sampled rows: what it matches, would have matched, or matches again.
 * The meaning is that of the data plane's matcher; where a sample cannot say (the host), the answer is null and nobody pretends.
 */
import { isIPv4 } from 'node:net'
import type { Condition } from '../../contract/plan.ts'
import { setBit } from '../../kernel/bitset.ts'
import { Glob } from '../../kernel/glob.ts'
import { type RequestRows, type SampleField, behavesLikeVisitor, fieldIndex } from '../evidence.ts'

export type TextOf = (hash: number) => string

/** Marks the rows `among` (all present ones) that satisfy all conditions; null when one cannot be judged from samples. Never throws. */
export function markMatches(rows: RequestRows, when: readonly Condition[], textOf: TextOf, among: Uint32Array = rows.present): Uint32Array | null {
  let marked = among.slice()
  for (const condition of when) {
    const holds = rowTest(rows, condition, textOf)
    if (holds === null) return null
    const next = new Uint32Array(marked.length)
    for (let word = 0; word < marked.length; word++) {
      for (let bits = marked[word]; bits !== 0; bits &= bits - 1) {
        const row = word * 32 + (31 - Math.clz32(bits & -bits))
        if (holds(row)) setBit(next, row)
      }
    }
    marked = next
  }
  return marked
}

function rowTest(rows: RequestRows, condition: Condition, textOf: TextOf): ((row: number) => boolean) | null {
  const column = (field: SampleField): Uint32Array => rows.columns[fieldIndex[field]]
  switch (condition.attribute) {
    case 'host':
      return null
    case 'path': {
      const glob = new Glob(condition.glob)
      return textTest(column('path'), textOf, (text) => glob.matches(text))
    }
    case 'method':
      return textTest(column('method'), textOf, (text) => condition.oneOf.includes(text))
    case 'prefix': {
      const ranges = condition.cidrs.map((cidr) => parseRange(cidr, rows.shortAddresses === true))
      const [family, high, low] = [column('family'), column('addressHigh'), column('addressLow')]
      return (row) => ranges.some((range) => range.family === family[row] && (high[row] & range.maskHigh) >>> 0 === range.high && (low[row] & range.maskLow) >>> 0 === range.low)
    }
    case 'page-only': {
      const [pages, statics, echoes] = [column('clientPages'), column('clientStatics'), column('clientEchoes')]
      return (row) => pages[row] >= condition.pages && statics[row] === 0 && echoes[row] === 0
    }
    case 'unproven': {
      const [requests, pages, statics, echoes] = [column('clientRequests'), column('clientPages'), column('clientStatics'), column('clientEchoes')]
      return (row) => !behavesLikeVisitor(requests[row], pages[row], statics[row], echoes[row])
    }
    case 'query-present': {
      const shapes = column('queryShape')
      return (row) => shapes[row] !== 0
    }
    default: {
      const values = column(condition.attribute)
      return (row) => values[row] === condition.equals
    }
  }
}

/** Each different text is judged once. */
function textTest(column: Uint32Array, textOf: TextOf, holds: (text: string) => boolean): (row: number) => boolean {
  const known = new Map<number, boolean>()
  return (row) => {
    const hash = column[row]
    let answer = known.get(hash)
    if (answer === undefined) {
      answer = holds(textOf(hash))
      known.set(hash, answer)
    }
    return answer
  }
}

interface Range {
  readonly family: number
  readonly high: number
  readonly low: number
  readonly maskHigh: number
  readonly maskLow: number
}

/** An IPv4 prefix, or the first 64 bits of an IPv6 one (samples hold no more). The text has been checked before. `short`: at most /24 and /48. */
function parseRange(cidr: string, short: boolean): Range {
  const [address, bitsText] = cidr.split('/') as [string, string | undefined]
  if (isIPv4(address)) {
    const mask = maskOf(Math.min(short ? 24 : 32, bitsText === undefined ? 32 : Number(bitsText)))
    const word = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    return { family: 4, high: (word & mask) >>> 0, low: 0, maskHigh: mask, maskLow: 0 }
  }
  const bits = Math.min(short ? 48 : 128, bitsText === undefined ? 128 : Number(bitsText))
  const groups = expandIpv6(address)
  const [maskHigh, maskLow] = [maskOf(Math.min(bits, 32)), maskOf(Math.min(Math.max(bits - 32, 0), 32))]
  return { family: 6, high: (((groups[0] << 16) | groups[1]) & maskHigh) >>> 0, low: (((groups[2] << 16) | groups[3]) & maskLow) >>> 0, maskHigh, maskLow }
}

function maskOf(bits: number): number {
  return bits <= 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
}

function expandIpv6(text: string): number[] {
  const [head, tail] = text.split('::') as [string, string | undefined]
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16) || 0))
  const first = groups(head)
  if (tail === undefined) return first
  const last = groups(tail)
  return [...first, ...Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => 0), ...last]
}
