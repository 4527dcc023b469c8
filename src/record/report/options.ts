import type { OptionTable, OptionValues } from '../../kernel/option.ts'

const LONGEST_LINE = 200

/** Who reports, under which law, to whom. Polder derives deadlines from this; whether a law applies to you is for your lawyers to say. */
export const reportOptions = {
  institution: {
    kind: 'text', default: '', applies: 'live', form: `a name, up to ${LONGEST_LINE} characters on one line`,
    check: (value: string) => lineProblem(value),
    sentence: 'The full name of the institution, as it stands in every report and export.',
  },
  site: {
    kind: 'text', default: '', applies: 'live', form: 'a host name, as www.example.eu',
    check: (value: string) => (value === '' || /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i.test(value) ? null : 'is not a host name'),
    sentence: 'The public host name of the site that reports are about.',
  },
  contact: {
    kind: 'text', default: '', applies: 'live', form: `a person or a desk with telephone or mail, up to ${LONGEST_LINE} characters on one line`,
    check: (value: string) => lineProblem(value),
    sentence: 'Whom the authority can reach about an incident, day and night.',
  },
  regime: {
    kind: 'choice', choices: ['none', 'nis2-essential', 'nis2-important', 'eu-body'], default: 'none', applies: 'live',
    sentence: 'Which law sets your deadlines: NIS2 as an essential or important entity, Regulation (EU, Euratom) 2023/2841 for bodies of the Union, or none. Ask your lawyers.',
    source: 'Directive (EU) 2022/2555, Article 23(4); Regulation (EU, Euratom) 2023/2841, Article 21',
  },
  country: {
    kind: 'text', default: '', applies: 'live', form: 'two letters, as BE (ISO 3166-1)',
    check: (value: string) => (value === '' || /^[A-Z]{2}$/.test(value) ? null : 'is not a country code of two capital letters'),
    sentence: 'The country whose authority you report to.',
  },
  authority: {
    kind: 'text', default: '', applies: 'live', form: `a name, up to ${LONGEST_LINE} characters on one line`,
    check: (value: string) => lineProblem(value),
    sentence: 'The CSIRT or authority that receives your reports. Empty with regime eu-body: CERT-EU.',
  },
  timeZone: {
    kind: 'text', default: 'UTC', applies: 'live', form: 'a name of the IANA time zone database, as Europe/Brussels',
    check: (value: string) => timeZoneProblem(value),
    sentence: 'Reports give every time in UTC and in this time zone.',
  },
  language: {
    kind: 'text', default: 'en', applies: 'live', form: 'a language tag of BCP 47, as fr or pt-PT',
    check: (value: string) => (/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/.test(value) ? null : 'is not a language tag'),
    sentence: 'The language in which your people write answers, claims and notes: screen readers and exports are told. The words of Polder itself are English.',
  },
} as const satisfies OptionTable

export type ReportSettings = OptionValues<typeof reportOptions>
export type LegalRegime = ReportSettings['regime']

function lineProblem(value: string): string | null {
  return value.length > LONGEST_LINE ? `is longer than ${LONGEST_LINE} characters` : /\p{Cc}/u.test(value) ? 'holds a line break or another control character' : null
}

function timeZoneProblem(value: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone === '' ? 'names no time zone' : null
  } catch {
    return 'is not a time zone this machine knows'
  }
}
