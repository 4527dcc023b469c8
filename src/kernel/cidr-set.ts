import { BlockList, isIP, isIPv4 } from 'node:net'

/**
 * A set of address prefixes. IPv4: merged ranges and a binary search on the number we already hold.
 * IPv6: node's BlockList (a trie) on the text. Fixed after construction.
 */
export class CidrSet {
  readonly #starts: Uint32Array
  readonly #ends: Uint32Array
  readonly #v6: BlockList | null
  readonly size: number

  /** @throws RangeError naming the first text that is not an address or prefix. */
  constructor(texts: readonly string[]) {
    const ranges: Array<[number, number]> = []
    let v6: BlockList | null = null
    for (const text of texts) {
      const problem = cidrProblem(text)
      if (problem !== null) throw new RangeError(problem)
      const [address, bitsText] = text.split('/') as [string, string | undefined]
      if (isIPv4(address)) {
        const bits = bitsText === undefined ? 32 : Number(bitsText)
        const size = 2 ** (32 - bits)
        const start = Math.floor(ipv4Number(address) / size) * size
        ranges.push([start, start + size - 1])
      } else {
        v6 ??= new BlockList()
        v6.addSubnet(address, bitsText === undefined ? 128 : Number(bitsText), 'ipv6')
      }
    }
    ranges.sort((a, b) => a[0] - b[0])
    const merged: Array<[number, number]> = []
    for (const range of ranges) {
      const last = merged.at(-1)
      if (last !== undefined && range[0] <= last[1] + 1) last[1] = Math.max(last[1], range[1])
      else merged.push([...range])
    }
    this.#starts = Uint32Array.from(merged, (range) => range[0])
    this.#ends = Uint32Array.from(merged, (range) => range[1])
    this.#v6 = v6
    this.size = texts.length
  }

  /** `ipv4` is the address as an unsigned number (ignored for family 6), `text` the written address. */
  has(family: 4 | 6, ipv4: number, text: string): boolean {
    if (family === 6) return this.#v6 !== null && this.#v6.check(text, 'ipv6')
    let low = 0
    let high = this.#starts.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      if (this.#starts[middle]! <= ipv4) low = middle + 1
      else high = middle - 1
    }
    return high >= 0 && ipv4 <= this.#ends[high]!
  }
}

/** What is wrong with a prefix as an operator wrote it, or null. */
export function cidrProblem(text: string): string | null {
  const parts = text.split('/')
  const family = isIP(parts[0]!)
  if (family === 0 || parts[0]!.includes('%') || parts.length > 2) return `"${text}" is not an address or prefix like 192.0.2.0/24 or 2001:db8::/32`
  if (parts.length === 2) {
    const bits = parts[1]!
    const most = family === 4 ? 32 : 128
    if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) return `"${text}": the prefix length is 0 to ${most}`
  }
  return null
}

/** Dotted IPv4 text as an unsigned number. The text must be valid. */
export function ipv4Number(text: string): number {
  let value = 0
  let octet = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 46) {
      value = value * 256 + octet
      octet = 0
    } else octet = octet * 10 + c - 48
  }
  return value * 256 + octet
}
