/**
 * The page of the short check. It says beforehand how long it takes, opens what was asked for by itself, and has three ways on, none of which depends on
 * another: the script's proof of work (most visitors: under a second), the Refresh header (no script: after the wait), and a link or button to press.
 * Refresh stands in the head of the answer, not in the page: it opens the next page, it takes nothing away from a reader (WCAG 2.2.1 is about time limits).
 * Must never: be stored or indexed, load anything, blame the visitor, lose what they sent. Status 429 with Retry-After, so that a search engine comes back.
 */
import { firstValue } from '../../kernel/header-list.ts'
import { PreparedAnswer, type Request } from '../request.ts'
import { chooseLanguage } from './choose-language.ts'
import { escapeHtml } from '../../kernel/escape-html.ts'
import { PageFrame, sourceHash } from './page-frame.ts'
import type { SiteSettings } from './options.ts'
import { acceptsGzip } from './refusal-page.ts'
import { pageScript } from './solver-script.ts'
import { SplicedPage } from './spliced-gzip.ts'
import { type Language, languages } from './words/languages.ts'

export interface ChallengeAsked {
  /** The challenge as it stands in the address. */
  readonly token: string
  readonly difficultyBits: number
  /** Until the challenge is over by waiting alone. */
  readonly waitSeconds: number
  readonly clearanceMinutes: number
  /** Where to go on: path and query on this host, with the challenge, ready for an attribute once escaped. */
  readonly reference: string
  /** What a form sent, to be sent again from the page; null when it cannot be kept; undefined when nothing was sent. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]> | null | undefined
  /** It is known that cookies do not come back. */
  readonly withoutCookies: boolean
  /** For the operator: `polder explain`. */
  readonly supportCode: string
}

const scriptHash = sourceHash(pageScript)
/** 24 languages and a handful of waits and forms. */
const MOST_PARTS = 1_024

export class ChallengePages {
  readonly #frame: PageFrame
  readonly #policy: string
  readonly #parts = new Map<string, SplicedPage>()
  #date = ''
  #second = -1

  constructor(site: SiteSettings) {
    this.#frame = new PageFrame(site)
    this.#policy = this.#frame.policy(scriptHash)
  }

  write(request: Request, asked: ChallengeAsked, nowWallMs: number): PreparedAnswer {
    const language = chooseLanguage(request.language === '' ? (firstValue(request.headers, 'accept-language') ?? '') : request.language)
    const gzip = acceptsGzip(request.headers)
    const page = this.#partsFor(language, asked)
    const middle = middleOf(asked, languages[language].go, languages[language].code)
    const second = Math.floor(nowWallMs / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#date = new Date(nowWallMs).toUTCString()
    }
    const headers = [
      'date', this.#date, 'content-type', 'text/html; charset=utf-8', 'cache-control', 'no-store', 'content-language', language, 'x-robots-tag', 'noindex',
      'polder-reason', 'rule-challenge', 'content-security-policy', this.#policy, 'x-content-type-options', 'nosniff', 'retry-after', String(asked.waitSeconds),
    ]
    if (gzip) headers.push('content-encoding', 'gzip')
    if (asked.fields === undefined) headers.push('refresh', `${asked.waitSeconds}; url=${asked.reference}`)
    return new PreparedAnswer(429, headers, gzip ? page.gzip(middle) : page.plain(middle))
  }

  #partsFor(language: Language, asked: ChallengeAsked): SplicedPage {
    const sent = asked.fields === undefined ? '-' : asked.fields === null ? 'lost' : 'kept'
    const key = `${language} ${asked.waitSeconds} ${asked.clearanceMinutes} ${sent} ${asked.withoutCookies ? 'c' : '-'}`
    let page = this.#parts.get(key)
    if (page === undefined) {
      if (this.#parts.size >= MOST_PARTS) this.#parts.clear()
      const words = languages[language]
      const seconds = `${asked.waitSeconds} s`
      const note = sent === 'kept' ? words.kept : sent === 'lost' ? words.resend : ''
      const before =
        this.#frame.top(language, words.checkTitle) +
        `<p>${words.check.replace('{s}', seconds)}</p>${note === '' ? '' : `<p>${note}</p>`}${asked.withoutCookies ? `<p>${words.noCookie}</p>` : ''}` +
        `<progress id="b" max="100" value="0" aria-label="${words.checkTitle}" hidden></progress><p id="s" role="status" data-done="${words.done}">${words.nothing.replace('{s}', seconds)}</p>`
      const after = `<p><small>${words.cookie.replace('{m}', `${asked.clearanceMinutes} min`)}</small></p>` + this.#frame.bottom(language, sent === '-', pageScript)
      page = new SplicedPage(before, after)
      this.#parts.set(key, page)
    }
    return page
  }
}

function middleOf(asked: ChallengeAsked, go: string, code: string): string {
  const reference = escapeHtml(asked.reference)
  const work = `id="go" data-t="${asked.token}" data-z="${asked.difficultyBits}"`
  const on =
    asked.fields === undefined || asked.fields === null
      ? `<p><a class="go" ${work} href="${reference}">${go}</a></p>`
      : `<form ${work} method="post" action="${reference}">${asked.fields.map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`).join('')}<p><button class="go">${go}</button></p></form>`
  return `${on}<p><small>${code}: rule-challenge ${asked.supportCode}</small></p>`
}
