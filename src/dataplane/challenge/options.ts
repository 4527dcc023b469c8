import type { OptionTable, OptionValues } from '../../kernel/option.ts'

/** The short check that a rule may put before a page. Defaults: algorithms (e) Challenge; times measured in a browser slowed six times. */
export const challengeOptions = {
  difficultyBits: {
    kind: 'count', min: 12, max: 18, default: 15, applies: 'live',
    sentence: 'How much a browser computes to go on at once: about 2 to this power hashes. One more doubles it. Under attack it rises by one, in an emergency by two, never above 18.',
    source: 'algorithms (e): 12 to 18 bits by load',
  },
  waitMs: {
    kind: 'durationMs', min: 1_000, max: 30_000, default: 5_000, applies: 'live',
    sentence: 'How long a browser waits that does not compute: without JavaScript, or when its script fails. Also the longest wait of anybody.',
  },
  clearanceMs: {
    kind: 'durationMs', min: 60_000, max: 86_400_000, default: 1_800_000, applies: 'live',
    sentence: 'How long somebody who passed is not asked again. The cookie lives as long.',
    source: 'algorithms (e): 30 minutes',
  },
  clearanceRequests: {
    kind: 'count', min: 10, max: 60_000, default: 600, applies: 'live',
    sentence: 'How many requests one clearance is good for; then the check comes again.',
    source: 'algorithms (e): 600 requests',
  },
  epoch: {
    kind: 'count', min: 0, max: 65_535, default: 0, applies: 'live',
    sentence: 'Change this number to revoke every clearance given so far.',
  },
} as const satisfies OptionTable

export type ChallengeSettings = OptionValues<typeof challengeOptions>
