import type { OptionTable, OptionValues } from '../../kernel/option.ts'
import { contrastRatio } from './contrast.ts'

/** Backgrounds of our pages; an accent colour must be readable on its own. */
export const LIGHT_BACKGROUND = '#ffffff'
export const DARK_BACKGROUND = '#16181d'
/** WCAG 2.2, success criterion 1.4.3. */
const LEAST_CONTRAST = 4.5
/** Part of every page we send, also in a flood. */
const LONGEST_LOGO = 4_096
const LONGEST_LINE = 120

/** How the pages look that Polder itself shows: check, overload, error. */
export const siteOptions = {
  name: {
    kind: 'text', default: '', applies: 'live', form: `up to ${LONGEST_LINE} characters on one line`,
    check: (value: string) => lineProblem(value),
    sentence: 'The name of the institution, at the top of every page that Polder itself shows.',
  },
  contact: {
    kind: 'text', default: '', applies: 'live', form: 'an e-mail address, a telephone number, an https:// address on another server, or a short text',
    check: (value: string) => lineProblem(value),
    sentence: 'Where a visitor can turn who cannot get in. It should be reachable when this site is not.',
  },
  logo: {
    kind: 'text', default: '', applies: 'live', form: `a data: URL of an SVG or PNG picture (data:image/svg+xml;base64,... or data:image/png;base64,...), up to ${LONGEST_LOGO} characters`,
    check: (value: string) =>
      value === '' || (value.length <= LONGEST_LOGO && /^data:image\/(?:svg\+xml|png);base64,[A-Za-z0-9+/]+={0,2}$/.test(value)) ? null : value.length > LONGEST_LOGO ? 'is too large: every page carries it' : 'is not a data: URL of an SVG or PNG picture in base64',
    sentence: 'A small picture beside the name. It is part of the page, so that nothing else has to be fetched.',
  },
  accentColour: {
    kind: 'text', default: '#1a4f8b', applies: 'live', form: `#rrggbb, with a contrast of at least ${LEAST_CONTRAST} to white`,
    check: (value: string) => colourProblem(value, LIGHT_BACKGROUND, 'white'),
    sentence: 'Colour of buttons and links where the visitor prefers a light page.',
    source: 'WCAG 2.2, 1.4.3',
  },
  accentDarkColour: {
    kind: 'text', default: '#9ec5ff', applies: 'live', form: `#rrggbb, with a contrast of at least ${LEAST_CONTRAST} to ${DARK_BACKGROUND}`,
    check: (value: string) => colourProblem(value, DARK_BACKGROUND, `the dark background ${DARK_BACKGROUND}`),
    sentence: 'The same where the visitor prefers a dark page.',
    source: 'WCAG 2.2, 1.4.3',
  },
} as const satisfies OptionTable

export type SiteSettings = OptionValues<typeof siteOptions>

function lineProblem(value: string): string | null {
  return value.length > LONGEST_LINE ? `is longer than ${LONGEST_LINE} characters` : /\p{Cc}/u.test(value) ? 'holds a line break or another control character' : null
}

function colourProblem(value: string, background: string, name: string): string | null {
  if (!/^#[0-9a-f]{6}$/i.test(value)) return 'is not a colour of the form #rrggbb'
  const ratio = contrastRatio(value, background)
  return ratio >= LEAST_CONTRAST ? null : `has a contrast of ${ratio.toFixed(1)} to ${name}: hard to read for many people`
}
