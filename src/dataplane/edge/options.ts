import type { OptionTable, OptionValues } from '../../kernel/option.ts'

/** Limits towards the visitor. Defaults: design note algorithms (c), protocol attacks. */
export const edgeOptions = {
  headerDeadlineMs: {
    kind: 'durationMs', min: 1_000, max: 120_000, default: 10_000, applies: 'live',
    sentence: 'Absolute time from the first byte of a request to the end of its header section; slowloris connections end here.',
    source: 'Apache reqtimeout header=10-20; nginx 60 s and Node 60 s leave room for slowloris',
  },
  headerDeadlineCrowdedMs: {
    kind: 'durationMs', min: 500, max: 120_000, default: 3_000, applies: 'live',
    sentence: 'The same deadline when more than 80 % of the allowed connections are in use.',
  },
} as const satisfies OptionTable

export type EdgeSettings = OptionValues<typeof edgeOptions>
