import type { OptionTable } from '../../kernel/option.ts'
import { DAY_MS, MINUTE_MS, MIB } from '../../kernel/units.ts'

/** When an incident begins and ends by itself, and how long what belongs to it is kept. */
export const incidentOptions = {
  openAfterStrainMs: {
    kind: 'durationMs',
    min: 10_000,
    max: DAY_MS,
    default: 5 * MINUTE_MS,
    sentence: 'An incident is opened when the state has been STRAIN this long. ATTACK and EMERGENCY open one at once.',
    applies: 'live',
    source: 'a slow evening of the origin is no incident; five minutes of it are',
  },
  closeAfterCalmMs: {
    kind: 'durationMs',
    min: 5_000,
    max: 7 * DAY_MS,
    default: 30 * MINUTE_MS,
    sentence: 'An incident that Polder opened is closed after this long in state NORMAL. What a person opened, a person closes.',
    applies: 'live',
    source: 'floods come in waves with pauses of minutes',
  },
  keepClosedMs: {
    kind: 'durationMs',
    min: DAY_MS,
    max: 3_700 * DAY_MS,
    default: 400 * DAY_MS,
    sentence: 'Closed incidents, with their evidence, are deleted after this long. Export what must be kept longer.',
    applies: 'live',
    source: 'a year of reports and reviews, and a month to notice',
  },
  maxEvidenceBytes: {
    kind: 'bytes',
    min: 1_024,
    max: 1_024 * MIB,
    default: 64 * MIB,
    sentence: 'The largest file that may be taken in as evidence.',
    applies: 'live',
  },
  maxAddressEvidenceMs: {
    kind: 'durationMs',
    min: 60_000,
    max: 90 * DAY_MS,
    default: 14 * DAY_MS,
    sentence: 'The longest time for which a named person may have whole addresses kept as evidence; after it the switch turns itself off.',
    applies: 'live',
    source: 'data minimisation (GDPR Art. 5(1)(c) and (e)); a complaint to the police takes days, not months',
  },
} as const satisfies OptionTable
