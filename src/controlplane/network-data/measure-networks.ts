/**
 * Which countries and network operators the suspicious requests of the window come from, and what the heaviest prefixes are.
 * Beside each stands its share of the visitors' requests: a country that sends most of the flood often sends most of the readers too.
 * For people to read; nothing here decides. Bounded: only the newest ticks are looked at, 4,096 rows at most, about 3 ms on a busy machine.
 */
import type { NetworkPicture, NetworkShare, PrefixOrigin } from '../../contract/control.ts'
import { hasBit } from '../../kernel/bitset.ts'
import { type HeavyRange, type WindowRows, fieldIndex } from '../evidence.ts'
import type { NetworkLookup } from './network-data.ts'

const MOST_SHOWN = 8
const NEWEST_TICKS = 4

interface Weighed {
  suspicious: number
  visitors: number
  name: string
}

/** Rows count alike: a tick's weight differs little within the ten seconds of a window. Null when there is no suspicious row. */
export function measureNetworks(window: WindowRows, ranges: readonly HeavyRange[], data: NetworkLookup): NetworkPicture | null {
  const [families, highs, lows] = [window.columns[fieldIndex.family], window.columns[fieldIndex.addressHigh], window.columns[fieldIndex.addressLow]]
  const countries = new Map<string, Weighed>()
  const networks = new Map<string, Weighed>()
  const inRange = ranges.map(() => 0)
  let suspicious = 0
  let visitors = 0
  let unknown = 0
  const newest = window.newest(NEWEST_TICKS)
  for (let word = 0; word < newest.length; word++) {
    for (let bits = newest[word] & ~window.protected[word] & (window.suspicious[word] | window.proven[word]); bits !== 0; bits &= bits - 1) {
      const row = word * 32 + (31 - Math.clz32(bits & -bits))
      const isSuspicious = hasBit(window.suspicious, row)
      const facts = data.lookup(highs[row], lows[row], families[row])
      if (facts.country !== '') count(countries, facts.country, '', isSuspicious)
      if (facts.asn !== 0) count(networks, `AS${facts.asn}`, facts.name, isSuspicious)
      if (!isSuspicious) {
        visitors++
        continue
      }
      suspicious++
      if (facts.country === '' && facts.asn === 0) unknown++
      for (let i = 0; i < ranges.length; i++) if (contains(ranges[i], families[row], highs[row], lows[row])) inRange[i]++
    }
  }
  if (suspicious === 0) return null
  return {
    countries: heaviest(countries, suspicious, visitors),
    networks: heaviest(networks, suspicious, visitors),
    prefixes: annotatePrefixes(ranges.map((range, i) => ({ range, share: inRange[i] / suspicious })), data),
    unknownShare: unknown / suspicious,
  }
}

/** Prefixes with their shares, heaviest first, and who their first address belongs to. */
function annotatePrefixes(prefixes: ReadonlyArray<{ readonly range: HeavyRange; readonly share: number }>, data: NetworkLookup): PrefixOrigin[] {
  return prefixes
    .filter(({ share }) => share > 0)
    .toSorted((a, b) => b.share - a.share || b.range.bits - a.range.bits)
    .slice(0, MOST_SHOWN)
    .map(({ range, share }) => ({ cidr: range.cidr, share, ...data.lookup(range.high, range.low, range.family) }))
}

function count(into: Map<string, Weighed>, code: string, name: string, isSuspicious: boolean): void {
  let weighed = into.get(code)
  if (weighed === undefined) into.set(code, (weighed = { suspicious: 0, visitors: 0, name }))
  if (isSuspicious) weighed.suspicious++
  else weighed.visitors++
}

function heaviest(weighed: ReadonlyMap<string, Weighed>, suspicious: number, visitors: number): NetworkShare[] {
  return [...weighed]
    .filter(([, one]) => one.suspicious > 0)
    .toSorted(([a, one], [b, other]) => other.suspicious - one.suspicious || (a < b ? -1 : 1))
    .slice(0, MOST_SHOWN)
    .map(([code, one]) => ({ code, name: one.name, share: one.suspicious / suspicious, visitorShare: visitors === 0 ? 0 : one.visitors / visitors }))
}

function contains(range: HeavyRange, family: number, high: number, low: number): boolean {
  if (range.family !== family) return false
  const { bits } = range
  if (bits <= 32) return bits === 0 || high >>> (32 - bits) === range.high >>> (32 - bits)
  return high === range.high && low >>> (64 - bits) === range.low >>> (64 - bits)
}
