/** Where the suspicious requests come from, by the operator's files of countries and networks. To read, and to call somebody; it decides nothing. */
import type { NetworkPicture, NetworkShare } from '../../contract/control.ts'
import { percent } from './plain-words.ts'

const SHOWN = 4
/** Less than this of the suspicious requests is not worth a word. */
const LEAST_SHARE = 0.02

/** One line each for countries, networks and prefixes; none without files or without suspicion. */
export function networkLines(picture: NetworkPicture | undefined): string[] {
  if (picture === undefined) return []
  const unknown = picture.unknownShare < LEAST_SHARE ? '' : `${percent(picture.unknownShare)} in no file`
  const countries = heaviest(picture.countries)
  const networks = heaviest(picture.networks)
  const prefixes = picture.prefixes.filter((one) => one.share >= LEAST_SHARE).slice(0, SHOWN).map((one) => `${one.cidr} ${percent(one.share)}${inside([one.country, one.asn === 0 ? '' : `AS${one.asn}`, one.name])}`)
  return [
    ...line('countries', countries.length === 0 && unknown === '' ? [] : [...countries, ...(unknown === '' ? [] : [unknown])]),
    ...line('networks', networks),
    ...line('prefixes', prefixes),
  ]
}

function heaviest(shares: readonly NetworkShare[]): string[] {
  return shares.filter((one) => one.share >= LEAST_SHARE).slice(0, SHOWN).map((one) => `${one.code}${one.name === '' ? '' : ` ${one.name}`} ${percent(one.share)} (visitors ${percent(one.visitorShare)})`)
}

function line(name: string, parts: readonly string[]): string[] {
  return parts.length === 0 ? [] : [`  ${name.padEnd(12)} ${parts.join('; ')}`]
}

function inside(parts: readonly string[]): string {
  const known = parts.filter((part) => part !== '')
  return known.length === 0 ? '' : ` (${known.join(', ')})`
}
