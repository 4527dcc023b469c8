import type { OptionTable, OptionValues } from '../../kernel/option.ts'
import { statusLanguageCodes } from './words/languages.ts'

const listenForm = 'HOST:PORT, like 127.0.0.1:8082 or [::1]:8082, or nothing'

/** `127.0.0.1:8082` in its parts; null when it is none. */
export function readListen(text: string): { readonly host: string; readonly port: number } | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i.exec(text)
  if (match === null || Number(match[3]) > 65_535) return null
  return { host: (match[1] ?? match[2])!, port: Number(match[3]) }
}

function zoneProblem(value: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone === '' ? 'is not a time zone' : null
  } catch {
    return 'is not a time zone'
  }
}

const languageProblem = (value: string): string | null => (/^[a-z]{2}$/.test(value) ? null : 'is not a language code of two letters, like en')

/** The public status page: what people are told while the site is in trouble. */
export const statementOptions = {
  listen: {
    kind: 'text', default: '', form: listenForm, check: (value) => (value === '' || readListen(value) !== null ? null : `is not ${listenForm}`), applies: 'live',
    sentence: 'Where Polder itself serves the status page; empty: not at all. Best behind another name and another way into the net than the site it speaks of.',
  },
  exportFolder: {
    kind: 'text', default: '', form: 'the path of a folder', applies: 'live',
    sentence: 'Where the status page is written as plain files at every change, for any static server, so that it stands when everything else is down. Empty: statement/public in dataDir.',
  },
  languages: {
    kind: 'textList', default: ['en'], maxItems: 24, form: `codes of two letters; the page's own words are in ${statusLanguageCodes.join(', ')}, others get them in English`, check: languageProblem, applies: 'live',
    sentence: 'Languages of the page, the first is the one people see who did not choose.',
  },
  timeZone: {
    kind: 'text', default: 'UTC', form: 'a name of the IANA time zone database, like Europe/Brussels', check: zoneProblem, applies: 'live',
    sentence: 'Times on the page are those of the clocks there.',
  },
  automaticState: {
    kind: 'flag', default: true, applies: 'live',
    sentence: 'Whether the page may say by itself "being investigated" for a part of the site that has been in trouble for half a minute. Everything else on it was approved by a person.',
  },
  fourEyes: {
    kind: 'flag', default: false, applies: 'live',
    sentence: 'Whether a statement must be approved by somebody else than its writer.',
  },
  historyDays: {
    kind: 'count', min: 1, max: 3_650, default: 90, applies: 'live',
    sentence: 'How many days back statements are shown.',
  },
} as const satisfies OptionTable

/** The institution comes from the section `site`. */
export type StatementSettings = OptionValues<typeof statementOptions> & { readonly site: { readonly name: string; readonly contact: string } }
