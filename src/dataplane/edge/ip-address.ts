/** An address as numbers. IPv4-mapped IPv6 (::ffff:a.b.c.d) is reduced to IPv4, so that one visitor has one key. */
export interface IpAddress {
  readonly family: 4 | 6
  /** IPv4 address, or bits 0 to 31 of the IPv6 address, unsigned. */
  readonly high: number
  /** 0, or bits 32 to 63 of the IPv6 address, unsigned. */
  readonly low: number
  /** The address without zone and without mapping, as it may be shown and matched. */
  readonly text: string
}

/** Longest text form, with mapped IPv4 and without zone (RFC 4291 section 2.2). */
const LONGEST_TEXT = 45

/** Reads IPv4 (four decimal parts, no leading zeros) or IPv6 (RFC 4291, zone cut off) text. Null when it is neither. */
export function parseIpAddress(text: string): IpAddress | null {
  if (text.length < 2) return null
  const zone = text.indexOf('%')
  const bare = zone === -1 ? text : text.slice(0, zone)
  if (bare.length > LONGEST_TEXT) return null
  if (bare.includes(':')) return parseIpv6(bare)
  const high = parseIpv4(bare, 0)
  return high === -1 || zone !== -1 ? null : { family: 4, high, low: 0, text: bare }
}

/** -1 when the rest of `text` from `from` is not an IPv4 address. */
function parseIpv4(text: string, from: number): number {
  let value = 0
  let part = -1
  let parts = 0
  for (let i = from; i <= text.length; i++) {
    const c = i === text.length ? 46 : text.charCodeAt(i)
    if (c === 46) {
      if (part === -1) return -1
      value = value * 256 + part
      parts++
      if (parts > 4) return -1
      part = -1
    } else if (c >= 48 && c <= 57) {
      if (part === 0) return -1 // "01" is read as octal by some, as decimal by others
      part = part === -1 ? c - 48 : part * 10 + c - 48
      if (part > 255) return -1
    } else return -1
  }
  return parts === 4 ? value : -1
}

const groups = new Uint16Array(8)

function parseIpv6(text: string): IpAddress | null {
  groups.fill(0)
  let count = 0
  let gap = -1
  let i = 0
  if (text.startsWith('::')) {
    gap = 0
    i = 2
  } else if (text.charCodeAt(0) === 58) return null
  while (i < text.length) {
    if (count === 8) return null
    const end = text.indexOf(':', i)
    const stop = end === -1 ? text.length : end
    if (end === -1 && text.includes('.', i)) {
      const v4 = parseIpv4(text, i)
      if (v4 === -1 || count > 6) return null
      groups[count++] = v4 >>> 16
      groups[count++] = v4 & 0xffff
      i = stop
      break
    }
    if (stop === i || stop - i > 4) return null
    let group = 0
    for (; i < stop; i++) {
      const digit = hexDigit(text.charCodeAt(i))
      if (digit === -1) return null
      group = group * 16 + digit
    }
    groups[count++] = group
    if (end === -1) break
    i = end + 1
    if (text.charCodeAt(i) === 58) {
      if (gap !== -1) return null
      gap = count
      i++
    } else if (i === text.length) return null
  }
  if (gap === -1 ? count !== 8 : count > 7) return null
  if (gap !== -1) {
    groups.copyWithin(8 - (count - gap), gap, count)
    groups.fill(0, gap, 8 - (count - gap))
  }
  if (groups[0] === 0 && groups[1] === 0 && groups[2] === 0 && groups[3] === 0 && groups[4] === 0 && groups[5] === 0xffff) {
    return { family: 4, high: ((groups[6]! << 16) | groups[7]!) >>> 0, low: 0, text: `${groups[6]! >>> 8}.${groups[6]! & 255}.${groups[7]! >>> 8}.${groups[7]! & 255}` }
  }
  return { family: 6, high: ((groups[0]! << 16) | groups[1]!) >>> 0, low: ((groups[2]! << 16) | groups[3]!) >>> 0, text: text.toLowerCase() }
}

function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48
  const lower = c | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
