/**
 * One line of a text file of networks, in the forms that operators have:
 *   iptoasn TSV            1.0.0.0 <tab> 1.0.0.255 <tab> 13335 <tab> US <tab> CLOUDFLARENET   (also without number and name, also addresses as numbers)
 *   Debian tor-geoipdb     16777216,16777471,AU   and   2001:200::,2001:200:ffff:…,JP
 *   our own CSV            prefix,country,asn,name
 * A line is read whole or not at all; what is wrong with it is said.
 */
import { isIPv6 } from 'node:net'
import type { NetworkTableBuilder } from './network-table.ts'

/** Nothing to read: empty, a comment, a heading, or a range that the file itself calls unassigned. */
export const SKIPPED = ''

/** Words for "no country". */
const noCountry: ReadonlySet<string> = new Set(['', 'None', 'none', '-', '??', 'ZZ', 'Unknown'])

/** Adds what the line says. Returns null when done, SKIPPED, or what is wrong. */
export function readNetworkLine(line: string, builder: NetworkTableBuilder): string | null {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return SKIPPED
  if (text.includes('\t')) return readRange(text.split('\t'), builder)
  const fields = commaFields(text)
  if (fields.length < 2) return 'has neither tabs nor commas'
  if (/^(?:prefix|cidr|network|start|ip)/i.test(fields[0])) return SKIPPED
  const second = fields[1].trim()
  if (/^\d+$/.test(second) || /^[\d.]{7,}$/.test(second) || second.includes(':')) return readRange(fields, builder)
  return readPrefix(fields, builder)
}

/** At most four: a name may hold commas, in quotes or not. */
function commaFields(text: string): string[] {
  const fields: string[] = []
  let from = 0
  while (fields.length < 3) {
    const comma = text.indexOf(',', from)
    if (comma === -1) break
    fields.push(unquoted(text.slice(from, comma)))
    from = comma + 1
  }
  fields.push(unquoted(text.slice(from)))
  return fields
}

function unquoted(text: string): string {
  const bare = text.trim()
  return bare.length >= 2 && bare.startsWith('"') && bare.endsWith('"') ? bare.slice(1, -1).replaceAll('""', '"') : bare
}

function readRange(fields: readonly string[], builder: NetworkTableBuilder): string | null {
  if (fields.length < 3) return 'has fewer than three fields'
  const start = readAddress(fields[0].trim())
  const startFamily = family
  const startHigh = high
  const startLow = low
  if (!start) return `"${shown(fields[0])}" is not an address`
  if (!readAddress(fields[1].trim())) return `"${shown(fields[1])}" is not an address`
  if (family !== startFamily) return 'begins and ends in different kinds of addresses'
  return fields.length >= 4 ? addRange(startHigh, startLow, fields[3], fields[2], fields[4] ?? '', builder) : addRange(startHigh, startLow, fields[2], '', '', builder)
}

function readPrefix(fields: readonly string[], builder: NetworkTableBuilder): string | null {
  const [address, bitsText] = fields[0].split('/') as [string, string | undefined]
  if (!readAddress(address)) return `"${shown(fields[0])}" is not an address or prefix`
  const most = family === 4 ? 32 : 128
  const bits = bitsText === undefined ? most : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : -1
  if (bits < 0 || bits > most) return `"${shown(fields[0])}": the prefix length is 0 to ${most}`
  const highMask = bits >= 32 ? 0xffff_ffff : bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0
  const lowMask = family === 4 ? 0 : bits >= 64 ? 0xffff_ffff : bits <= 32 ? 0 : (0xffff_ffff << (64 - bits)) >>> 0
  const startHigh = (high & highMask) >>> 0
  const startLow = (low & lowMask) >>> 0
  high = (startHigh | ~highMask) >>> 0
  low = family === 4 ? 0 : (startLow | ~lowMask) >>> 0
  return addRange(startHigh, startLow, fields[1], fields[2] ?? '', fields[3] ?? '', builder)
}

/** The end is in `family`, `high` and `low`. */
function addRange(startHigh: number, startLow: number, countryText: string, asnText: string, name: string, builder: NetworkTableBuilder): string | null {
  const said = countryText.trim()
  const country = noCountry.has(said) ? '' : said
  if (country !== '' && !/^[A-Za-z]{2}$/.test(country)) return `"${shown(said)}" is not a country code of two letters`
  const match = /^(?:AS)?(\d{1,10})$/i.exec(asnText.trim())
  if (match === null && asnText.trim() !== '') return `"${shown(asnText)}" is not an AS number`
  const asn = match === null ? 0 : Number(match[1])
  if (asn > 0xffff_ffff) return `"${shown(asnText)}" is not an AS number`
  if (country === '' && asn === 0) return SKIPPED
  return builder.add(family, startHigh, startLow, high, low, builder.recordOf(country, asn, name.trim())) ? null : 'ends before it begins'
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

// The address read last: a million lines make no million objects.
let family: 4 | 6 = 4
let high = 0
let low = 0

/** Dotted, IPv6, or an IPv4 address as a number. IPv6 by its first 64 bits. */
export function readAddress(text: string): boolean {
  const dotted = ipv4Value(text)
  if (dotted !== -1) {
    family = 4
    high = dotted
    low = 0
    return true
  }
  if (!text.includes(':') || !isIPv6(text) || text.includes('%')) return false
  const [left, right] = text.split('::') as [string, string | undefined]
  const head = left === '' ? [] : left.split(':')
  // Dotted tails lie in the last 32 bits and count as two groups.
  const tail = right === undefined || right === '' ? [] : right.split(':')
  const tailGroups = tail.length + (tail.at(-1)?.includes('.') === true ? 1 : 0)
  const group = (i: number): number => {
    if (i < head.length) return Number.parseInt(head[i], 16)
    const back = i - (8 - tailGroups)
    return right === undefined || back < 0 ? 0 : Number.parseInt(tail[back], 16)
  }
  family = 6
  high = ((group(0) << 16) | group(1)) >>> 0
  low = ((group(2) << 16) | group(3)) >>> 0
  return true
}

/** -1 when it is no IPv4 address. */
function ipv4Value(text: string): number {
  let value = 0
  let part = -1
  let dots = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 46) {
      if (part < 0 || part > 255) return -1
      value = value * 256 + part
      part = -1
      dots++
    } else if (c >= 48 && c <= 57) part = (part < 0 ? 0 : part * 10) + c - 48
    else return -1
  }
  if (part < 0) return -1
  if (dots === 0) return part <= 0xffff_ffff ? part : -1
  return dots === 3 && part <= 255 ? value * 256 + part : -1
}

/** For tests: the address read last. */
export function lastAddress(): { readonly family: 4 | 6; readonly high: number; readonly low: number } {
  return { family, high, low }
}
