import type { OptionTable, OptionValues } from '../../kernel/option.ts'

/** The line in front of a full origin: docs/decisions/0011-waiting-room.md. */
export const waitingRoomOptions = {
  enabled: {
    kind: 'flag', default: true, applies: 'live',
    sentence: 'Whether visitors who open a page while the origin is full get a place in a line. Without it they get an error page and try their luck again.',
  },
  placesMax: {
    kind: 'count', min: 256, max: 1_048_576, default: 65_536, applies: 'restart',
    sentence: 'How many visitors may wait at once for a page (50 bytes each), and a quarter as many for a search; rounded up to a power of two. Beyond it a newcomer gets the error page until a place is free.',
  },
  placesPerClient: {
    kind: 'count', min: 1, max: 64, default: 4, applies: 'live',
    sentence: 'How many places of one address may wait at once. Further visitors behind it share its newest place. Multiplied by the weight of addresses shared by several validated visitors.',
    source: 'as many as its requests that may wait for the origin (admission.waitingPerClient)',
  },
  keepMs: {
    kind: 'durationMs', min: 30_000, max: 1_800_000, default: 120_000, applies: 'live',
    sentence: 'How long the place, or the turn, of somebody who went away waits for them to come back.',
  },
  insideMs: {
    kind: 'durationMs', min: 60_000, max: 3_600_000, default: 600_000, applies: 'live',
    sentence: 'How long somebody whose turn has come may pause between two pages before they would have to wait again.',
    source: 'WCAG 2.2, 2.2.1: time to read and to fill in a form',
  },
  insideRequests: {
    kind: 'count', min: 1, max: 10_000, default: 60, applies: 'live',
    sentence: 'How many pages one turn is good for while others wait; then the visitor goes to the end of the line.',
  },
  ticketMs: {
    kind: 'durationMs', min: 600_000, max: 86_400_000, default: 14_400_000, applies: 'live',
    sentence: 'How long a place ticket is good at most, from arrival to the last page. The cookie lives as long.',
  },
} as const satisfies OptionTable

export type WaitingRoomSettings = OptionValues<typeof waitingRoomOptions>
