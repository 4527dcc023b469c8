import type { OptionTable, OptionValues } from '../../kernel/option.ts'
import { DAY_MS, MIB, MINUTE_MS, SECOND_MS } from '../../kernel/units.ts'

/** How long, and how closely, what happened is kept. */
export const journalOptions = {
  keepMs: {
    kind: 'durationMs', min: DAY_MS, max: 3_660 * DAY_MS, default: 400 * DAY_MS, applies: 'live',
    sentence: 'How long the journal is kept. Older segments are deleted; an entry in the journal says which, so that what is left can still be proved.',
    source: 'a year and a month: an incident can be compared with the same event of the year before',
  },
  keepBytes: {
    kind: 'bytes', min: 16 * MIB, max: 1_048_576 * MIB, default: 1_024 * MIB, applies: 'live',
    sentence: 'Room on disk for the journal; the oldest segments go first. A calm site writes about 1 MiB a day.',
  },
  calmMeasureMs: {
    kind: 'durationMs', min: 10 * SECOND_MS, max: 60 * MINUTE_MS, default: 60 * SECOND_MS, applies: 'live',
    sentence: 'How often figures of the traffic are written down while all is calm.',
  },
  closeMeasureMs: {
    kind: 'durationMs', min: SECOND_MS, max: 60 * SECOND_MS, default: 10 * SECOND_MS, applies: 'live',
    sentence: 'How often they are written down while the state is not NORMAL or an incident is open.',
  },
  sampleBytes: {
    kind: 'bytes', min: 0, max: 4_096 * MIB, default: 64 * MIB, applies: 'live',
    sentence: 'Room for the samples of one incident, with which polder replay --incident lives through its decisions again; addresses in them are blinded. 0: none are kept.',
    source: 'about 25 KB a second in the first ten minutes and a fifth of it later: three hours',
  },
  samplesKeepBytes: {
    kind: 'bytes', min: 0, max: 65_536 * MIB, default: 512 * MIB, applies: 'live',
    sentence: 'Room for the samples of all incidents; the oldest go first.',
  },
} as const satisfies OptionTable

export type JournalSettings = OptionValues<typeof journalOptions>
