import type { OptionTable, OptionValues } from '../kernel/option.ts'
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS } from '../kernel/units.ts'

/** Settings of the lifeline: the last good copy of the public site. */
export const lifelineOptions = {
  enabled: {
    kind: 'flag', default: true, applies: 'restart',
    sentence: 'Keep a copy of the whole public site on disk, gathered in calm times, to be shown while the origin fails. Off: only what visitors read is kept (cache.diskBytes).',
  },
  sites: {
    kind: 'textList', default: [], form: 'addresses such as https://www.example.org', maxItems: 16, applies: 'restart',
    sentence: 'The sites to gather, as visitors write them. Empty: every name under hosts that has no *, over https if any listener has TLS. Nothing else is ever asked for.',
    check: siteProblem,
  },
  refreshEveryMs: {
    kind: 'durationMs', min: 10 * MINUTE_MS, max: 30 * DAY_MS, default: 6 * HOUR_MS, applies: 'live',
    sentence: 'A new pass over the site begins this long after the last one began. Pages that did not change cost the origin a 304.',
  },
  maxPerSecond: {
    kind: 'perSecond', min: 0.1, max: 1_000, default: 10, applies: 'live',
    sentence: 'Most requests a second to the origin. The crawl starts at a tenth of it, asks one page at a time, and gives way as soon as the origin answers slower than in its own calm.',
  },
  busyShare: {
    kind: 'share', min: 0.01, max: 1, default: 0.25, applies: 'live',
    sentence: 'Of the time, the most that the origin may be busy with the crawl: after an answer that took 100 ms the crawl rests 300 ms.',
  },
  maxPages: {
    kind: 'count', min: 100, max: 1_000_000, default: 50_000, applies: 'live',
    sentence: 'Most addresses known, pages and what they need together. What does not fit is counted.',
  },
  maxQueriesPerPath: {
    kind: 'count', min: 0, max: 10_000, default: 250, applies: 'live',
    sentence: 'How many addresses that differ only behind the question mark are gathered (page=2, sort=name): an endless calendar stops here.',
  },
  maxObjectBytes: {
    kind: 'bytes', min: 65_536, max: 256 * MIB, default: 8 * MIB, applies: 'live',
    sentence: 'Larger answers are not kept.',
  },
  diskBytes: {
    kind: 'bytes', min: 4 * MIB, max: 1_024 * 1_024 * MIB, default: 1_024 * MIB, applies: 'restart',
    sentence: 'Room on disk for the copies; the file never grows beyond it.',
  },
  robots: {
    kind: 'choice', choices: ['honour', 'ignore'], default: 'honour', applies: 'live',
    sentence: 'Whether pages that robots.txt forbids to "polder-lifeline" or to everyone are left out. Crawl-delay is not read: the pace follows the origin itself.',
    source: 'RFC 9309',
  },
  excludePaths: {
    kind: 'textList', default: [], form: 'paths, * for any text', maxItems: 256, applies: 'live',
    sentence: 'Pages that are never gathered.',
    check: pathProblem,
  },
  publicPaths: {
    kind: 'textList', default: [], form: 'paths, * for any text', maxItems: 256, applies: 'live',
    sentence: 'Pages that are public although they say no-store or private, or set a cookie for everyone. The copy is made without cookies, keeps no cookie and no hidden form value, and is shown only while the origin fails. Name no page that shows anything about its reader.',
    check: pathProblem,
  },
  neverOlderThanMs: {
    kind: 'durationMs', min: HOUR_MS, max: 366 * DAY_MS, default: 30 * DAY_MS, applies: 'live',
    sentence: 'A copy that the origin has not vouched for in this time is deleted.',
  },
  noticeAfterMs: {
    kind: 'durationMs', min: 0, max: DAY_MS, default: MINUTE_MS, applies: 'live',
    sentence: 'A copy older than this is shown with its date at the top when the origin fails or is overloaded.',
  },
} as const satisfies OptionTable

export type LifelineSettings = OptionValues<typeof lifelineOptions>

function siteProblem(text: string): string | null {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '') return 'must start with http:// or https:// and a host'
  return url.pathname === '/' && url.search === '' && url.hash === '' ? null : 'has a path; the whole site is gathered (excludePaths leaves parts out)'
}

function pathProblem(text: string): string | null {
  return text.startsWith('/') || text.startsWith('*') ? null : 'must start with / or *'
}
