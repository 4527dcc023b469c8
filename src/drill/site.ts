/**
 * The site that a drill's visitors and attackers know their way about: its paths, and how one of its answers is told from a page of the program in front.
 * The suite's figures are those of `mockSite` (mock-origin.ts), whose front page is made for each visitor. The sample site's front page may be kept by any
 * cache, and a flood of it would never reach the origin: there the flood goes for the search.
 */
import type { SeededRandom } from '../kernel/random.ts'

export interface DrillSite {
  /** A page, like those that people ask for. */
  readonly page: (random: SeededRandom) => string
  /** The new page that a crowd comes for. */
  readonly news: string
  /** What a browser fetches with each page. */
  readonly parts: readonly string[]
  readonly feed: string
  readonly api: string
  /** A page for a crawler that takes one after the other. */
  readonly crawled: (random: SeededRandom) => string
  /** What a flood of one fingerprint asks for: it costs the origin something each time. */
  readonly costly: (random: SeededRandom) => string
  /** An answer with status 200 that begins so is the site's own. */
  readonly isOwn: (path: string, start: string) => boolean
}

/** What people of a town's or a parliament's site look for: news most, the home page, a few others, a search now and then. */
function pageOf(random: SeededRandom, news: (random: SeededRandom) => string, others: readonly string[]): string {
  const kind = random.next()
  if (kind < 0.55) return news(random)
  if (kind < 0.8) return '/'
  if (kind < 0.96) return others[random.below(others.length)]
  return `/search?q=${words[random.below(words.length)]}`
}

const words = ['budget', 'school', 'water', 'minutes', 'permit', 'road', 'elections', 'waste', 'housing', 'energy']

export const mockSite: DrillSite = Object.freeze({
  page: (random) => pageOf(random, (one) => `/news/${1 + Math.floor(one.next() ** 2 * 120)}`, ['/agenda', '/contact', '/members', '/votes']),
  news: '/news/vote-night',
  parts: ['/style.css', '/site.js', '/emblem.png', '/text.woff2'],
  feed: '/feed.xml',
  api: '/api/votes',
  crawled: (random) => `/law/${1 + random.below(5_000)}`,
  costly: () => '/',
  isOwn: (path, start) => start.startsWith(`ok ${path}\n`),
} satisfies DrillSite)

/** Written by hand, so there on every day (sample-site/content/news-stories.ts). */
const stories = [
  'tonight-final-vote-lake-crossings-bill', 'resolution-on-detained-ferry-crews-adopted', 'crews-families-received-by-president', 'dykes-report-third-of-pumps-past-design-life',
  'written-questions-record-year', 'library-opens-debates-since-1871', 'ferry-timetable-winter-hearing', 'budget-office-opens-its-model', 'night-nursing-bill-sent-back', 'school-visits-return',
]

/** sample-site/, with at least 200 documents. */
export const sampleSite: DrillSite = Object.freeze({
  page: (random) => pageOf(random, (one) => `/news/${stories[Math.floor(one.next() ** 2 * stories.length)]}`, ['/plenary', '/contact', '/members', '/votes', '/documents']),
  news: `/news/${stories[0]}`,
  parts: ['/assets/site.css', '/assets/print.css', '/images/emblem.svg', '/favicon.ico'],
  feed: '/rss.xml',
  api: '/api/v1/votes',
  crawled: (random) => `/documents/${1 + random.below(200)}`,
  costly: (random) => `/search?q=${Math.floor(random.next() * 2 ** 40).toString(36)}`,
  // Every page of the shield's own comes with another status.
  isOwn: () => true,
} satisfies DrillSite)

export const drillSites = Object.freeze({ mock: mockSite, sample: sampleSite })
export type DrillSiteName = keyof typeof drillSites
