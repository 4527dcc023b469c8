/**
 * Forward-confirmed reverse DNS: who owns an address says its name, and who owns the name says the address. Only both together prove anything:
 * the first alone can be written by anyone who rents an address.
 * Source: Google, "Verify requests from Google's crawlers"; Bing, Apple and Yandex say the same.
 */
export interface DnsQuestions {
  /** Names of an address (PTR). Rejects with a code of node:dns, or 'ETIMEOUT'. */
  namesOf(address: string): Promise<readonly string[]>
  /** Addresses of a name (A for 4, AAAA for 6). */
  addressesOf(name: string, family: 4 | 6): Promise<readonly string[]>
}

/** `unknown`: no answer; it says nothing about the address and is asked again later. */
export type CrawlerProof = { readonly verdict: 'verified'; readonly name: string } | { readonly verdict: 'refuted' | 'unknown'; readonly name: '' }

/** An honest crawler's address has one name; somebody else's may have thousands, to make us ask. */
const MOST_NAMES = 3
const REFUTED: CrawlerProof = Object.freeze({ verdict: 'refuted', name: '' })
const UNKNOWN: CrawlerProof = Object.freeze({ verdict: 'unknown', name: '' })
/** Answers that say: there is no such thing. Anything else is no answer. */
const NO_SUCH: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA'])

/** Never rejects. `suffixes`: lower case, with a dot in front. */
export async function confirmCrawler(address: string, family: 4 | 6, suffixes: readonly string[], dns: DnsQuestions): Promise<CrawlerProof> {
  let names: readonly string[]
  try {
    names = await dns.namesOf(address)
  } catch (error) {
    return isNoSuch(error) ? REFUTED : UNKNOWN
  }
  const credible = names.map(plainName).filter((name) => name !== '' && suffixes.some((suffix) => name.endsWith(suffix) && name.length > suffix.length))
  let unanswered = false
  for (const name of credible.slice(0, MOST_NAMES)) {
    try {
      const addresses = await dns.addressesOf(name, family)
      if (addresses.some((one) => sameAddress(one, address, family))) return { verdict: 'verified', name }
    } catch (error) {
      if (!isNoSuch(error)) unanswered = true
    }
  }
  return unanswered ? UNKNOWN : REFUTED
}

function isNoSuch(error: unknown): boolean {
  return NO_SUCH.has((error as NodeJS.ErrnoException).code ?? '')
}

/** Lower case, without the root dot; '' when it is no host name (a PTR can hold any bytes). */
function plainName(name: string): string {
  const plain = name.toLowerCase().replace(/\.$/, '')
  return /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+$/.test(plain) ? plain : ''
}

function sameAddress(a: string, b: string, family: 4 | 6): boolean {
  return family === 4 ? a === b : canonicalIpv6(a) === canonicalIpv6(b)
}

/** One spelling per address (RFC 5952), by the URL parser. '' when it is none. */
export function canonicalIpv6(text: string): string {
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1)
  } catch {
    return ''
  }
}
