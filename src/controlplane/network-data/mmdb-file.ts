/**
 * A MaxMind-format database (mmdb) as ranges: walked once from the first address to the last, in the loading thread.
 * Only what we read of it: country and AS number, under the names that MaxMind, DB-IP and IPinfo use.
 * IPv6 by its first 64 bits; the aliases of IPv4 inside IPv6 (::/32, 6to4, Teredo) are left out: they repeat all of IPv4.
 */
import { Reader, type Response } from 'mmdb-lib'
import type { NetworkTableBuilder } from './network-table.ts'

/** A tree of all routed prefixes takes about three million; a damaged one may go round without end. */
const MOST_STEPS = 32_000_000
/** Steps between two looks at progress. */
const STEPS_PER_LOOK = 65_536

/** @throws Error when the file is no such database or is damaged. */
export function readMmdb(bytes: Buffer, builder: NetworkTableBuilder, onProgress: (share: number) => void): void {
  const reader = new Reader<Response>(bytes, { cache: new Map<string | number, unknown>() })
  let steps = 0
  let at = 0
  while (at <= 0xffff_ffff) {
    const [data, bits] = reader.getWithPrefixLength(`${at >>> 24}.${(at >>> 16) & 255}.${(at >>> 8) & 255}.${at & 255}`)
    // Of an IPv6 tree the length counts from bit 0 of the IPv6 address in some versions; below /32 never finer than one address.
    const length = Math.min(32, Math.max(0, bits))
    const end = length === 0 ? 0xffff_ffff : at + 2 ** (32 - length) - 1
    const record = recordOf(data, builder)
    if (record !== 0) builder.add(4, at, 0, Math.min(end, 0xffff_ffff), 0, record)
    at = end + 1
    if (++steps > MOST_STEPS) throw new Error('its tree has no end')
    if (steps % STEPS_PER_LOOK === 0) onProgress((at / 2 ** 32) * (reader.metadata.ipVersion === 6 ? 0.5 : 1))
  }
  if (reader.metadata.ipVersion === 6) walkIpv6(reader, builder, onProgress)
}

const MOST = (1n << 64n) - 1n
/** First 64 bits: ranges left out. */
const aliases: ReadonlyArray<readonly [bigint, bigint]> = [
  [0n, 0x0000_0000_ffff_ffffn],
  [0x2001_0000_0000_0000n, 0x2001_0000_ffff_ffffn],
  [0x2002_0000_0000_0000n, 0x2002_ffff_ffff_ffffn],
]

function walkIpv6(reader: Reader<Response>, builder: NetworkTableBuilder, onProgress: (share: number) => void): void {
  let steps = 0
  let at = 0n
  while (at <= MOST) {
    const alias = aliases.find(([from, to]) => at >= from && at <= to)
    if (alias !== undefined) {
      at = alias[1] + 1n
      continue
    }
    const [data, bits] = reader.getWithPrefixLength(ipv6Text(at))
    let end = bits >= 64 ? at : (at | ((1n << BigInt(64 - bits)) - 1n))
    for (const [from] of aliases) if (from > at && from <= end) end = from - 1n
    const record = recordOf(data, builder)
    if (record !== 0) builder.add(6, Number(at >> 32n), Number(at & 0xffff_ffffn), Number(end >> 32n), Number(end & 0xffff_ffffn), record)
    at = end + 1n
    if (++steps > MOST_STEPS) throw new Error('its tree has no end')
    if (steps % STEPS_PER_LOOK === 0) onProgress(0.5 + Number(at >> 32n) / 2 ** 33)
  }
}

function ipv6Text(high64: bigint): string {
  const groups = [48n, 32n, 16n, 0n].map((shift) => ((high64 >> shift) & 0xffffn).toString(16))
  return `${groups.join(':')}::`
}

/** 0 when the record says neither country nor number. */
function recordOf(data: unknown, builder: NetworkTableBuilder): number {
  if (typeof data !== 'object' || data === null) return 0
  const record = data as Record<string, unknown>
  const isoCode = (value: unknown): unknown => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['iso_code'] : value)
  const country = [isoCode(record['country']), record['country_code'], isoCode(record['registered_country'])].find((one): one is string => typeof one === 'string' && /^[A-Za-z]{2}$/.test(one)) ?? ''
  const asn = [record['autonomous_system_number'], record['asn']].map((one) => (typeof one === 'number' ? one : typeof one === 'string' ? Number(one.replace(/^AS/i, '')) : 0)).find((one) => one > 0 && one <= 0xffff_ffff) ?? 0
  const name = [record['autonomous_system_organization'], record['as_name'], record['name']].find((one): one is string => typeof one === 'string') ?? ''
  return country === '' && asn === 0 ? 0 : builder.recordOf(country, asn, name)
}
