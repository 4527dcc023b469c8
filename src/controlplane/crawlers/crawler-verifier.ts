/**
 * Asks, in the background, whether those who call themselves a crawler are one, and remembers the answers for a while.
 * Acts on claims that samples bring; never on the request path. Until an address is proven it has no privilege, and being refuted is no punishment.
 * A flood under a crawler's name must cost nothing: the queue is bounded, a full one gives each claim the same chance (so that the real crawler, which keeps coming,
 * gets its turn), questions go out at a fixed rate, answers are kept in fixed numbers. Those proven are asked about again before their time is up, first in line.
 */
import type { Random } from '../../kernel/random.ts'
import type { CrawlerProof } from './forward-confirm.ts'

export interface VerifierLimits {
  readonly perSecond: number
  readonly verifiedForMs: number
}

/** Claims that wait. At 5 a second the last waits less than a minute. */
const MOST_WAITING = 256
const MOST_ASKED_AT_ONCE = 16
const MOST_REMEMBERED = 8_192
/** Half of what a plan may carry: the rest is for published ranges. */
const MOST_VERIFIED = 2_048
/** A refuted address may be handed to a crawler later, hardly within the hour. */
const REFUTED_FOR_MS = 3_600_000
/** No answer: the name server's trouble, soon over. */
const UNKNOWN_FOR_MS = 60_000
/** Asked again when this share of the time is left. */
const RENEW_SHARE = 0.25

interface Remembered {
  readonly proof: CrawlerProof
  readonly untilMs: number
  readonly askAgainMs: number
}

export class CrawlerVerifier {
  readonly #random: Random
  readonly #confirm: (address: string) => Promise<CrawlerProof>
  readonly #waiting: string[] = []
  readonly #waitingSet = new Set<string>()
  readonly #asking = new Set<string>()
  readonly #known = new Map<string, Remembered>()
  readonly #verified = new Map<string, Remembered>()
  #tokens = 1
  #filledAtMs = Number.NaN
  #changes = 0

  /** `confirm` never rejects. Times given to the methods are of one clock that does not go back. */
  constructor(random: Random, confirm: (address: string) => Promise<CrawlerProof>) {
    this.#random = random
    this.#confirm = confirm
  }

  /** Grows whenever the list of verified addresses changed. */
  get changes(): number {
    return this.#changes
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** An address that calls itself a crawler. `text`: a whole address in its one spelling. */
  claim(text: string, nowMs: number): void {
    const old = this.#verified.get(text) ?? this.#known.get(text)
    if (this.#waitingSet.has(text) || this.#asking.has(text) || (old !== undefined && old.askAgainMs > nowMs)) return
    if (this.#waiting.length < MOST_WAITING) {
      // Whoever was proven goes first: its time runs out.
      if (this.#verified.has(text)) this.#waiting.unshift(text)
      else this.#waiting.push(text)
    } else {
      const at = Math.floor(this.#random.next() * (MOST_WAITING + 1))
      if (at === MOST_WAITING || this.#verified.has(this.#waiting[at]!)) return
      this.#waitingSet.delete(this.#waiting[at]!)
      this.#waiting[at] = text
    }
    this.#waitingSet.add(text)
  }

  /** Sends what may be sent now and forgets what is over. `settled` is called after each answer. */
  work(nowMs: number, limits: VerifierLimits, settled?: (address: string, proof: CrawlerProof) => void): void {
    const burst = Math.max(1, limits.perSecond)
    this.#tokens = Number.isNaN(this.#filledAtMs) ? burst : Math.min(burst, this.#tokens + ((nowMs - this.#filledAtMs) / 1_000) * limits.perSecond)
    this.#filledAtMs = nowMs
    for (const [address, { untilMs }] of this.#verified) {
      if (untilMs > nowMs) continue
      this.#verified.delete(address)
      this.#changes++
    }
    while (this.#tokens >= 1 && this.#waiting.length > 0 && this.#asking.size < MOST_ASKED_AT_ONCE) {
      this.#tokens--
      const address = this.#waiting.shift()!
      this.#waitingSet.delete(address)
      this.#asking.add(address)
      void this.#confirm(address).then((proof) => {
        this.#asking.delete(address)
        this.#remember(address, proof, nowMs, limits)
        settled?.(address, proof)
      })
    }
  }

  /** Verified now, oldest first. */
  verified(): string[] {
    return [...this.#verified.keys()]
  }

  /** What is known of an address; null when it was never asked about, or long ago. */
  proofOf(address: string): CrawlerProof | null {
    return (this.#verified.get(address) ?? this.#known.get(address))?.proof ?? null
  }

  /** `nowMs`: when it was asked, so that a slow answer does not live longer. */
  #remember(address: string, proof: CrawlerProof, nowMs: number, limits: VerifierLimits): void {
    const before = this.#verified.get(address)
    if (proof.verdict === 'verified') {
      const untilMs = nowMs + limits.verifiedForMs
      this.#known.delete(address)
      this.#verified.delete(address)
      if (before === undefined) {
        this.#changes++
        if (this.#verified.size >= MOST_VERIFIED) this.#verified.delete(this.#verified.keys().next().value as string)
      }
      this.#verified.set(address, { proof, untilMs, askAgainMs: untilMs - limits.verifiedForMs * RENEW_SHARE })
      return
    }
    if (before !== undefined) {
      // No answer takes nothing away before its time; a clear no does.
      if (proof.verdict === 'unknown') {
        this.#verified.set(address, { ...before, askAgainMs: nowMs + UNKNOWN_FOR_MS })
        return
      }
      this.#verified.delete(address)
      this.#changes++
    }
    const untilMs = nowMs + (proof.verdict === 'refuted' ? REFUTED_FOR_MS : UNKNOWN_FOR_MS)
    this.#known.delete(address)
    if (this.#known.size >= MOST_REMEMBERED) this.#known.delete(this.#known.keys().next().value as string)
    this.#known.set(address, { proof, untilMs, askAgainMs: untilMs })
  }
}
