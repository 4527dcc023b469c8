import type { OptionTable, OptionValues } from '../../kernel/option.ts'

const formats = 'iptoasn TSV (also .gz), a MaxMind-format .mmdb, Debian\'s tor-geoipdb text, or CSV lines of prefix,country,asn,name'

/** Files that say which country and which network operator an address belongs to. */
export const networkDataOptions = {
  countryFile: {
    kind: 'text', default: '', form: `the path of a file: ${formats}`, applies: 'live',
    sentence: `Countries by address: ${formats}. Read in the background and again when it changes. Only for reading reports: no country is ever blocked by itself.`,
  },
  asnFile: {
    kind: 'text', default: '', form: `the path of a file: ${formats}`, applies: 'live',
    sentence: 'Network operators (AS numbers) by address, in one of the same formats. May be the same file as countryFile.',
  },
} as const satisfies OptionTable

export type NetworkDataSettings = OptionValues<typeof networkDataOptions>
