/**
 * Tells the control plane what is asked, before anything acts on it, so that a limit never hides what it limits.
 * A share of the requests (the plan's, lowered by itself above a fixed number per second) becomes records of 24 words in one array;
 * strings travel once each. Never waits: when the batch is full, requests are only counted.
 */
import { sampleFlags, type SampleBatch, SAMPLE_WORDS } from '../../contract/sample.ts'
import { routeClasses, type RouteClass } from '../../contract/route-class.ts'
import type { Random } from '../../kernel/random.ts'
import { hasHeader } from '../../kernel/header-list.ts'
import type { Features } from '../features.ts'
import type { Request } from '../request.ts'

/** Records per batch (four batches a second): bounds what a flood costs here. 2,000 a second describe any mix to a few percent. */
const BATCH_RECORDS = 500
/** Strings remembered as sent; then forgotten all at once and sent again. */
const KNOWN_STRINGS = 8_192
const MAX_TEXT = 200
/** Names of crawlers as they call themselves. It only asks for a proof; no name gives or takes anything. */
const CRAWLER_NAME = /bot\b|bot[/;+ ]|crawl|spider|slurp/i
/** Claims told per batch: verification goes a few a second anyhow. */
const CLAIMS = 32

export interface SourceCounts {
  requests(slot: number): number
  pages(slot: number): number
  statics(slot: number): number
  errors(slot: number): number
  echoes(slot: number): number
}

export class Tap {
  readonly #worker: number
  readonly #random: Random
  #words = new Uint32Array(BATCH_RECORDS * SAMPLE_WORDS)
  #records = 0
  #seen = 0
  #fromWallMs: number
  #strings: Array<readonly [number, string]> = []
  #claims: Array<readonly [string, string]> = []
  readonly #known = new Set<number>()
  #seenLastBatch = 0
  share = 1
  /** Whether to tell who claims to be a crawler. */
  wantClaims = false

  constructor(worker: number, random: Random, nowWallMs: number) {
    this.#worker = worker
    this.#random = random
    this.#fromWallMs = nowWallMs
  }

  /** Counts the request and, if the dice say so, records it. */
  see(request: Request, features: Features, counts: SourceCounts, nowWallMs: number, flags: number): void {
    this.#seen++
    if (this.#records === BATCH_RECORDS) return
    // Thin by last batch's volume so that the records spread over the whole quarter second.
    const share = this.#seenLastBatch * this.share > BATCH_RECORDS ? BATCH_RECORDS / this.#seenLastBatch : this.share
    if (share < 1 && this.#random.next() >= share) return
    const words = this.#words
    const slot = request.sourceSlot
    let at = this.#records++ * SAMPLE_WORDS
    words[at++] = nowWallMs - this.#fromWallMs
    words[at++] = request.client.key
    words[at++] = request.client.high
    words[at++] = request.client.low
    words[at++] = request.client.family
    words[at++] = this.#text(features.userAgent, features.header('user-agent'))
    words[at++] = features.userAgentShape
    words[at++] = features.headerOrder
    words[at++] = features.acceptCombo
    words[at++] = features.httpVersion
    words[at++] = request.tls === null ? 0 : this.#text(features.tlsFingerprint, request.tls.ja4)
    words[at++] = this.#text(features.method, request.method)
    words[at++] = this.#text(features.pathHash, request.path)
    words[at++] = features.pathTemplate
    words[at++] = features.queryShape
    words[at++] = features.referer === 0 ? 0 : this.#text(features.referer, features.header('referer'))
    words[at++] = features.refererClass
    words[at++] = classIndex[request.routeClass]
    words[at++] = flags | (hasHeader(request.headers, 'cookie') ? sampleFlags.hasCookie : 0)
    words[at++] = slot < 0 ? 0 : counts.requests(slot)
    words[at++] = slot < 0 ? 0 : counts.pages(slot)
    words[at++] = slot < 0 ? 0 : counts.statics(slot)
    words[at++] = slot < 0 ? 0 : counts.errors(slot)
    words[at] = slot < 0 ? 0 : counts.echoes(slot)
    if (this.wantClaims && (flags & (sampleFlags.verifiedCrawler | sampleFlags.allowListed)) === 0) this.#noteClaim(request, features)
  }

  /** The batch since the last call; its words are ours no more (transfer them). */
  take(nowWallMs: number): SampleBatch {
    const records = this.#records
    const batch: SampleBatch = {
      worker: this.#worker,
      fromWallMs: this.#fromWallMs,
      toWallMs: nowWallMs,
      seen: this.#seen,
      weight: records === 0 ? 1 : this.#seen / records,
      words: this.#words.slice(0, records * SAMPLE_WORDS),
      strings: this.#strings,
      crawlerClaims: this.#claims,
    }
    this.#seenLastBatch = this.#seen
    this.#records = 0
    this.#seen = 0
    this.#fromWallMs = nowWallMs
    this.#strings = []
    this.#claims = []
    return batch
  }

  /** A sample of a flood of made-up names holds few real crawlers; a crawler asks again and is told then. */
  #noteClaim(request: Request, features: Features): void {
    if (this.#claims.length < CLAIMS && CRAWLER_NAME.test(features.header('user-agent'))) this.#claims.push([request.client.text, clipped(features.header('user-agent'))])
  }

  /** A new control plane listens: it has heard none of the strings yet. */
  tellAllAgain(): void {
    this.#known.clear()
  }

  #text(hash: number, text: string): number {
    if (!this.#known.has(hash)) {
      if (this.#known.size >= KNOWN_STRINGS) this.#known.clear()
      this.#known.add(hash)
      this.#strings.push([hash, clipped(text)])
    }
    return hash
  }
}

function clipped(text: string): string {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text
}

const classIndex = Object.freeze(Object.fromEntries(routeClasses.map((name, index) => [name, index]))) as Readonly<Record<RouteClass, number>>
