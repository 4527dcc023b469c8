/** The shield's state; order matters, a step up or down moves by one. */
export const shieldStates = ['NORMAL', 'WATCH', 'STRAIN', 'ATTACK', 'EMERGENCY'] as const
export type ShieldState = (typeof shieldStates)[number]

/** What a rule does, mildest first. `allow` stands outside the ladder: it wins over every other rule. */
export const ruleActions = ['observe', 'tag', 'cache-only', 'challenge', 'limit', 'block'] as const
export type RuleAction = (typeof ruleActions)[number] | 'allow'

/** One condition of a rule; all conditions of a rule must hold. Text is matched as said, numbers are hashes or words of contract/sample.ts. */
export type Condition =
  | { readonly attribute: 'path'; readonly glob: string }
  | { readonly attribute: 'method'; readonly oneOf: readonly string[] }
  | { readonly attribute: 'prefix'; readonly cidrs: readonly string[] }
  | { readonly attribute: 'host'; readonly glob: string }
  | { readonly attribute: FeatureAttribute; readonly equals: number; readonly text?: string }
  /** Negative behaviour: at least `pages` page requests and not one sub-resource fetched and not one cookie echoed. */
  | { readonly attribute: 'page-only'; readonly pages: number }
  /** The client has shown no positive behaviour (contract/sample.ts): spares those who proved themselves, and is no reason to act by itself. */
  | { readonly attribute: 'unproven' }
  | { readonly attribute: 'query-present' }

export type FeatureAttribute =
  | 'userAgent'
  | 'userAgentShape'
  | 'headerOrder'
  | 'acceptCombo'
  | 'httpVersion'
  | 'tlsFingerprint'
  | 'pathTemplate'
  | 'queryShape'
  | 'referer'
  | 'refererClass'

export interface Rule {
  readonly id: string
  readonly origin: 'operator' | 'automatic'
  readonly action: RuleAction
  readonly when: readonly Condition[]
  /** Only counts what it would have done. */
  readonly dryRun: boolean
  /** Wall ms; null only for an operator's rule. The data plane drops an expired rule by itself, also when the control plane is dead. */
  readonly expiresAtWallMs: number | null
  /** For `limit`: requests per second let through, over all matches. */
  readonly limitPerSecond?: number
  /**
   * Share of matching clients let through, to measure harm (0 to 0.05): those with fallsInShare(clientKey, hashText(id, 0), canaryShare), at most
   * 5 requests a second over all of them, so that a single source that falls in it wins nothing.
   */
  readonly canaryShare?: number
}

/** What the control plane wants of the data plane: immutable, replaced whole, harmless when it grows old. */
export interface Plan {
  readonly version: number
  readonly publishedAtWallMs: number
  readonly state: ShieldState
  readonly rules: readonly Rule[]
  /** Share of requests sampled (0 to 1]. */
  readonly sampleShare: number
  /** Serve stale copies at once and refresh behind (STRAIN and above). */
  readonly preferStale: boolean
  /** After this the posture above falls back to calm by itself. */
  readonly postureExpiresAtWallMs: number
  /** Single sources for a kernel back end to drop; without one they are ignored, as the rules refuse them anyway. */
  readonly drops?: readonly SourceDrop[]
  /** Who proved to be a search engine's crawler. */
  readonly crawlers?: KnownCrawlers
}

/** Addresses of verified crawlers (published ranges, forward-confirmed reverse DNS): no automatic rule touches them, no detector counts them. */
export interface KnownCrawlers {
  /** Changes with the prefixes, and only with them: compiling them costs milliseconds. */
  readonly version: number
  /** At most 4,096. */
  readonly prefixes: readonly string[]
  /** The privilege ends by itself when nobody renews it. */
  readonly expiresAtWallMs: number
  /** Whether samples should say who claims to be a crawler, so that it can be verified. */
  readonly wantClaims: boolean
}

/** One IPv4 /32 or IPv6 /64 that kept asking, refused more than 20 times a second, and never behaved like a visitor. */
export interface SourceDrop {
  readonly cidr: string
  /** At most 10 minutes away. */
  readonly expiresAtWallMs: number
  readonly ruleId: string
}

export const calmPlan: Plan = Object.freeze({
  version: 0,
  publishedAtWallMs: 0,
  state: 'NORMAL',
  rules: Object.freeze([]),
  sampleShare: 1,
  preferStale: false,
  postureExpiresAtWallMs: 0,
})
