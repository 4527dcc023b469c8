import type { OptionTable, OptionValues } from '../../kernel/option.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/units.ts'

const sourceForm = 'NAME=FILE or NAME=URL, like plenary=https://www.parliament.example/agenda.ics'

/** `plenary=…`: the name and where the iCalendar file is; null when it is neither. A relative file starts at the folder of the settings file. */
export function readSource(text: string): { readonly name: string; readonly from: string } | null {
  const match = /^([a-z0-9][a-z0-9-]{0,30})=(\S.*)$/i.exec(text.trim())
  if (match === null) return null
  const from = match[2]!.replace(/^webcals?:\/\//i, 'https://')
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(from) && !(/^https?:\/\//i.test(from) && URL.canParse(from))) return null
  return { name: match[1]!, from }
}

function zoneProblem(value: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone === '' ? 'is not a time zone' : null
  } catch {
    return 'is not a time zone'
  }
}

const wordProblem = (value: string): string | null => (/[\p{L}\p{N}]/u.test(value) && value.length <= 100 ? null : 'has no letter or digit, or more than 100 characters')

/** Events that make the shield more watchful for a while. */
export const calendarOptions = {
  sources: {
    kind: 'textList', default: [], maxItems: 16, form: sourceForm, check: (value) => (readSource(value) === null ? `is not ${sourceForm}` : null), applies: 'live',
    sentence: 'iCalendar files of the plenary and of what else draws attention: a file, or a URL that is read in the background. A file that cannot be read leaves the events of the last good reading in force.',
  },
  alertWords: {
    kind: 'textList', default: [], maxItems: 200, form: 'words or phrases, * at the end of a word for any ending: vote*, state budget', check: wordProblem, applies: 'live',
    sentence: 'Events whose title or categories hold one of these put the shield on alert.',
  },
  watchWords: {
    kind: 'textList', default: [], maxItems: 200, form: 'as alertWords', check: wordProblem, applies: 'live',
    sentence: 'Events whose title or categories hold one of these make the shield watchful: between calm and alert.',
  },
  beforeMs: {
    kind: 'durationMs', min: 0, max: 7 * DAY_MS, default: 6 * HOUR_MS, applies: 'live',
    sentence: 'How long before an event its posture begins.',
  },
  afterMs: {
    kind: 'durationMs', min: 0, max: 7 * DAY_MS, default: 12 * HOUR_MS, applies: 'live',
    sentence: 'How long after the end of an event its posture ends by itself.',
  },
  alertThresholdShare: {
    kind: 'share', min: 0.25, max: 1, default: 0.5, applies: 'live',
    sentence: 'On alert, the thresholds from which the origin counts as strained are this share of the usual ones: 50 % reacts about twice as early. What visitors may be put through does not change.',
  },
  watchThresholdShare: {
    kind: 'share', min: 0.25, max: 1, default: 0.75, applies: 'live',
    sentence: 'As alertThresholdShare, for watchful.',
  },
  timeZone: {
    kind: 'text', default: 'UTC', form: 'a name of the IANA time zone database, like Europe/Brussels', check: zoneProblem, applies: 'live',
    sentence: 'For whole-day events and times without a zone. Events with a zone of their own keep it.',
  },
  refreshMs: {
    kind: 'durationMs', min: MINUTE_MS, max: DAY_MS, default: 15 * MINUTE_MS, applies: 'live',
    sentence: 'How often the sources are read again.',
  },
  fetchTimeoutMs: {
    kind: 'durationMs', min: SECOND_MS, max: 2 * MINUTE_MS, default: 20 * SECOND_MS, applies: 'live',
    sentence: 'Time for reading one source from its URL.',
  },
  maxFileBytes: {
    kind: 'bytes', min: 10_000, max: 64 * 1_048_576, default: 8 * 1_048_576, applies: 'live',
    sentence: 'Largest calendar file that is taken.',
  },
  aheadDays: {
    kind: 'count', min: 2, max: 366, default: 35, applies: 'live',
    sentence: 'How many days ahead repeated events are worked out.',
  },
} as const satisfies OptionTable

export type CalendarSettings = OptionValues<typeof calendarOptions>
