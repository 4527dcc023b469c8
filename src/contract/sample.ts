/**
 * What the data plane tells the control plane about requests, before any mitigation acted on them.
 * Records are u32 words in one transferable array; strings travel once each as [hash, text] pairs, so that no object is made per request.
 */
export const sampleFields = [
  'atMs', // ms since the batch's fromWallMs
  'clientKey', // keyed hash of the client key (IPv4 /32, IPv6 /64)
  'addressHigh', // IPv4 address, or first 32 bits of the IPv6 address
  'addressLow', // 0, or bits 32 to 63 of the IPv6 address
  'family', // 4 or 6
  'userAgent',
  'userAgentShape', // digits collapsed: Mozilla/# (X; rv:#)
  'headerOrder',
  'acceptCombo', // Accept, Accept-Language, Accept-Encoding together
  'httpVersion', // 10, 11, 20
  'tlsFingerprint', // JA4 hash, 0 when clear text
  'method',
  'path',
  'pathTemplate', // numbers and long random parts collapsed
  'queryShape', // keys and value shapes; 0 when there is no query
  'referer', // hash of the referer's host and path
  'refererClass', // 0 none, 1 same site, 2 other site
  'pathClass', // 0 page, 1 static, 2 api, 3 feed, 4 search (routeClasses)
  'flags', // sampleFlags
  'clientRequests', // this client's counters at that moment, from the source table
  'clientPages', // page and search requests answered, by origin or cache, with a status below 500: a refused or failed page proves nothing against its reader
  'clientStatics', // sub-resources asked for, answered or not
  'clientErrors', // answers 400 to 499 of the origin; never our own refusals, never 5xx
  'clientEchoes', // requests that echoed a cookie or a clearance
] as const

export const SAMPLE_WORDS = sampleFields.length

export const sampleFlags = Object.freeze({
  hasCookie: 1,
  /** Got by work; one got by waiting says nothing about its bearer. */
  validClearance: 2,
  allowListed: 4,
  verifiedCrawler: 8,
  exemptPath: 16,
  /** Set by the control plane alone, with hindsight: this client went on to behave like a visitor. */
  provenLater: 32,
  /** Learned from an access log: header order, languages and TLS are not known (0), which is not the same as different. */
  fromLog: 64,
})

/**
 * Positive behaviour, the same on both planes: at least one page, and sub-resources or echoed cookies in proportion to the pages,
 * so that a tool which fetches one style sheet does not buy the freedom to ask for a thousand pages. Echoed cookies prove only when there are fewer
 * of them than requests: a visitor comes without one and brings back what it was given; a tool with a made-up Cookie line sends it from the first request on.
 */
export const positiveBehaviour = Object.freeze({ staticsPerPage: 0.25, echoesPerPage: 0.5 })

export interface SampleBatch {
  readonly worker: number
  readonly fromWallMs: number
  readonly toWallMs: number
  /** Every request seen in that time, sampled or not. */
  readonly seen: number
  /** seen / records: how many requests one record stands for. */
  readonly weight: number
  /** records × SAMPLE_WORDS. */
  readonly words: Uint32Array
  /** Strings not sent before, by hash. */
  readonly strings: ReadonlyArray<readonly [hash: number, text: string]>
  /** Who says it is a crawler, when the plan asks: the whole address, because reverse DNS needs all of an IPv6 address. A few dozen at most. */
  readonly crawlerClaims?: ReadonlyArray<readonly [address: string, userAgent: string]>
}
