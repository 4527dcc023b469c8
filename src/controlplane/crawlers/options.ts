import { isIP } from 'node:net'
import type { OptionTable, OptionValues } from '../../kernel/option.ts'

/**
 * Not `.google.com`: its `google-proxy-*` hosts fetch whatever anyone asks them to (Google's own list of user-triggered fetchers), and so can be turned into a flood.
 * Not those that publish ranges only (OpenAI, DuckDuckGo, Common Crawl): give their files.
 */
const WELL_KNOWN_SUFFIXES = ['.googlebot.com', '.search.msn.com', '.applebot.apple.com', '.yandex.com', '.crawl.baidu.com', '.seznam.cz', '.petalsearch.com', '.search.qwant.com'] as const

function dnsServerProblem(value: string): string | null {
  const [, host, port] = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(value) ?? /^([\d.]+)(?::(\d{1,5}))?$/.exec(value) ?? [null, value, undefined]
  if (isIP(host!) === 0) return 'is not the address of a name server'
  return port === undefined || (Number(port) >= 1 && Number(port) <= 65_535) ? null : 'has a port that does not exist'
}

/** How a search engine proves who it is. */
export const crawlerOptions = {
  rangeFiles: {
    kind: 'textList', default: [], maxItems: 32, form: 'files with published ranges: the JSON of Google or Bing ({"prefixes": [{"ipv4Prefix": ...}]}), or one prefix a line', applies: 'live',
    check: (value) => (value === '' ? 'is empty' : null),
    sentence: 'Address ranges of crawlers as their owners publish them, downloaded by you (a daily timer is enough). Read again when they change. At most 4096 prefixes together.',
  },
  reverseDns: {
    kind: 'flag', default: false, applies: 'live',
    sentence: 'Verify those who call themselves a crawler by reverse DNS, confirmed forward. Polder then asks your name server about their addresses, in the background, at most reverseDnsPerSecond times a second; off, it asks nobody.',
    source: 'Google, Bing, Apple and Yandex all document this way of verifying their crawlers',
  },
  reverseDnsSuffixes: {
    kind: 'textList', default: WELL_KNOWN_SUFFIXES, maxItems: 128, form: 'a domain that begins with a dot, like .googlebot.com', applies: 'live',
    check: (value) => (/^(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){2,}$/.test(value) ? null : 'is not a domain of at least two labels, in lower case and with a dot in front'),
    sentence: 'Domains whose hosts are crawlers. Only domains in which nobody else can rent a host.',
  },
  reverseDnsPerSecond: {
    kind: 'perSecond', min: 0.1, max: 100, default: 5, applies: 'live',
    sentence: 'Addresses verified per second at most: a flood under the name of a crawler must not become a flood of DNS questions.',
  },
  reverseDnsTimeoutMs: {
    kind: 'durationMs', min: 100, max: 30_000, default: 2_000, applies: 'live',
    sentence: 'Time for one DNS question.',
  },
  dnsServers: {
    kind: 'textList', default: [], maxItems: 4, form: 'addresses of name servers, like 192.0.2.53, 192.0.2.53:5353 or "[2001:db8::53]:53"', check: dnsServerProblem, applies: 'live',
    sentence: 'Name servers to ask instead of the system\'s (/etc/resolv.conf).',
  },
  verifiedForMs: {
    kind: 'durationMs', min: 60_000, max: 7 * 86_400_000, default: 12 * 3_600_000, applies: 'live',
    sentence: 'How long a verification by DNS holds; it is renewed before while the crawler keeps coming.',
  },
} as const satisfies OptionTable

export type CrawlerSettings = OptionValues<typeof crawlerOptions>
