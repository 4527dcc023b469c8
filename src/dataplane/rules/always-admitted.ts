/**
 * Who is let through whatever the automatic rules say: health probes, verified crawlers, paths the operator exempts (allow rules: match.ts).
 * Asked for every request before the tap, so that the detector knows whom it must not count and writes no rule against them.
 * It gives no more than that: who is exempt or a verified crawler still waits in the fair queue, and an operator's own rule still applies to them;
 * only probes and allow rules stand above those too. What it does not know for sure it does not privilege: a name in a User-Agent is no proof.
 * Source: algorithms (e), invariant 1; pains: "the allow-list does not help once banned".
 */
import { hash, timingSafeEqual } from 'node:crypto'
import type { KnownCrawlers } from '../../contract/plan.ts'
import { sampleFlags } from '../../contract/sample.ts'
import { CidrSet } from '../../kernel/cidr-set.ts'
import { firstValue } from '../../kernel/header-list.ts'
import type { ClientAddress, Request } from '../request.ts'
import type { AdmitSettings } from './options.ts'

/** The header in which a probe shows its secret; not handed on to the origin. */
const PROBE_HEADER = 'polder-probe'
/** A longer value is no secret of ours: bounds what hashing it costs. */
const LONGEST_SECRET = 256

export class AlwaysAdmitted {
  readonly #probes: CidrSet | null
  readonly #secretHash: Buffer | null

  /** @throws RangeError for a prefix that is none. */
  constructor(settings: AdmitSettings) {
    this.#probes = settings.probes.length === 0 ? null : new CidrSet(settings.probes)
    this.#secretHash = settings.probeSecretSha256 === '' ? null : Buffer.from(settings.probeSecretSha256, 'hex')
  }

  isProbe(request: Request): boolean {
    const { client } = request
    if (this.#probes !== null && this.#probes.has(client.family, client.high, client.text)) return true
    return this.#secretHash !== null && this.#showsSecret(request, this.#secretHash)
  }

  /** Compared as hashes of equal length and in constant time, so that neither length nor a common beginning can be felt. */
  #showsSecret(request: Request, wanted: Buffer): boolean {
    const shown = firstValue(request.headers, PROBE_HEADER)
    return shown !== undefined && shown.length <= LONGEST_SECRET && timingSafeEqual(hash('sha256', shown, 'buffer'), wanted)
  }
}

/** The plan's verified crawlers, compiled when their version changes and not with every plan. */
export class CrawlerSet {
  #version = -1
  #set: CidrSet | null = null
  #expiresAtWallMs = 0

  /** A list with a prefix that cannot be read changes nothing: a plan must never end a worker. */
  replace(crawlers: KnownCrawlers | undefined): void {
    this.#expiresAtWallMs = crawlers?.expiresAtWallMs ?? 0
    if (crawlers === undefined || crawlers.version === this.#version) return
    this.#version = crawlers.version
    try {
      this.#set = crawlers.prefixes.length === 0 ? null : new CidrSet(crawlers.prefixes)
    } catch {
      // The set of the plan before stays; the control plane checks its prefixes, so this is a mistake of ours.
    }
  }

  has(client: ClientAddress, nowWallMs: number): boolean {
    return this.#set !== null && this.#expiresAtWallMs > nowWallMs && this.#set.has(client.family, client.high, client.text)
  }
}

/** Under these an automatic rule never acts; `allowListed` stands above an operator's rules as well. */
export const ALWAYS_ADMITTED = sampleFlags.allowListed | sampleFlags.verifiedCrawler | sampleFlags.exemptPath
