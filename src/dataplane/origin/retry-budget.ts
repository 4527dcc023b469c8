/**
 * How often a failed request may be sent a second time.
 * Why: retries multiply load exactly when the origin has least to give; a share of the traffic bounds them (Google SRE book, "Handling Overload": 10 % per client).
 * Acts on every request (earns) and every retry (spends). Must never let retries exceed `share` of the requests plus the burst.
 */
export class RetryBudget {
  readonly #share: number
  readonly #burst: number
  #tokens: number

  /** @param share retries per request, 0 to 1. @param burst retries allowed beyond that after quiet times: the keep-alive races of an origin's restart. */
  constructor(share: number, burst: number) {
    this.#share = share
    this.#burst = burst
    this.#tokens = share > 0 ? burst : 0
  }

  earn(): void {
    if (this.#share === 0) return
    const tokens = this.#tokens + this.#share
    this.#tokens = tokens > this.#burst ? this.#burst : tokens
  }

  /** True when a retry may be sent; it is then paid for. */
  spend(): boolean {
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
