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
import { languageByForm, languageByReload, PageFrame, sourceHash } from './page-frame.ts'
import type { SiteSettings } from './options.ts'
import { acceptsGzip } from './refusal-page.ts'
import { pageScript } from './solver-script.ts'
import { SplicedPage } from './spliced-gzip.ts'
import { type Language, languages } from './words/languages.ts'

/** A form as it was sent; a value of null is a file field in which nothing was chosen. */
export interface FormAsked {
  readonly multipart: boolean
  readonly fields: ReadonlyArray<readonly [name: string, value: string | null]>
}

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
  readonly form: FormAsked | null | undefined
  /** It is known that cookies do not come back. */
  readonly withoutCookies: boolean
  /** For the operator: `polder explain`. */
  readonly supportCode: string
}

const scriptHash = sourceHash(pageScript)
/** 24 languages and a handful of waits and forms. */
const MOST_PARTS = 1_024
/** The list of languages names the address 24 times; a longer one goes without. */
const MOST_LISTED_REFERENCE = 1_000
/** Where the list of languages stands when it belongs to this one page. */
const LIST_HERE = '\0'

interface Parts {
  readonly page: SplicedPage
  /** Between what is this visitor's alone and the list of languages, when that is theirs alone too. */
  readonly between: string
}

export class ChallengePages {
  readonly #frame: PageFrame
  readonly #policy: string
  readonly #parts = new Map<string, Parts>()
  #date = ''
  #second = -1

  constructor(site: SiteSettings) {
    this.#frame = new PageFrame(site)
    this.#policy = this.#frame.policy(scriptHash)
  }

  write(request: Request, asked: ChallengeAsked, nowWallMs: number): PreparedAnswer {
    const language = chooseLanguage(request.language === '' ? (firstValue(request.headers, 'accept-language') ?? '') : request.language)
    const gzip = acceptsGzip(request.headers)
    const { page, between } = this.#partsFor(language, asked)
    const own = middleOf(asked, languages[language].go, languages[language].code)
    const kept = isKept(asked)
    const middle = kept ? own + between + (asked.reference.length > MOST_LISTED_REFERENCE ? '' : languageByForm(language, asked.reference)) : own
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
    if (asked.form === undefined) headers.push('refresh', `${asked.waitSeconds}; url=${asked.reference}`)
    return new PreparedAnswer(429, headers, gzip ? page.gzip(middle, kept) : page.plain(middle))
  }

  #partsFor(language: Language, asked: ChallengeAsked): Parts {
    const sent = asked.form === undefined ? '-' : asked.form === null ? 'lost' : 'kept'
    const key = `${language} ${asked.waitSeconds} ${asked.clearanceMinutes} ${sent} ${asked.withoutCookies ? 'c' : '-'}`
    let parts = this.#parts.get(key)
    if (parts === undefined) {
      if (this.#parts.size >= MOST_PARTS) this.#parts.clear()
      const words = languages[language]
      const seconds = `${asked.waitSeconds} s`
      const note = sent === 'kept' ? words.kept : sent === 'lost' ? words.resend : ''
      const before =
        this.#frame.top(language, words.checkTitle) +
        `<p>${words.check.replace('{s}', seconds)}${sent === 'lost' ? '' : ` ${words.idle}`}</p>${note === '' ? '' : sent === 'lost' ? `<p><strong>${note}</strong></p>` : `<p>${note}</p>`}${asked.withoutCookies ? `<p>${words.noCookie}</p>` : ''}` +
        `<progress id="b" max="100" value="0" aria-label="${words.checkTitle}" hidden></progress><p id="s" role="status" data-done="${words.done}">${sent === 'lost' ? '' : words.nothing.replace('{s}', seconds)}</p>`
      const list = sent === 'kept' ? LIST_HERE : languageByReload(language, sent === 'lost' ? '-lost' : '')
      const after = `<p><small>${words.cookie.replace('{m}', `${asked.clearanceMinutes} min`)}</small></p>` + this.#frame.bottom(language, list, pageScript)
      const at = after.indexOf(LIST_HERE)
      parts = { page: new SplicedPage(before, after.slice(at + 1)), between: after.slice(0, Math.max(0, at)) }
      this.#parts.set(key, parts)
    }
    return parts
  }
}

function isKept({ form }: ChallengeAsked): boolean {
  return form !== undefined && form !== null
}

function middleOf({ form, token, difficultyBits, reference, supportCode }: ChallengeAsked, go: string, code: string): string {
  const address = escapeHtml(reference)
  const work = `id="go" data-t="${token}" data-z="${difficultyBits}"`
  const on =
    form === undefined || form === null
      ? `<p><a class="go" ${work}${form === null ? ' data-stay' : ''} href="${address}">${go}</a></p>`
      : `<form ${work} method="post"${form.multipart ? ' enctype="multipart/form-data"' : ''} action="${address}">${form.fields.map(inputOf).join('')}<p><button class="go">${go}</button></p></form>`
  return `${on}<p><small>${code}: rule-challenge ${supportCode}</small></p>`
}

function inputOf([name, value]: readonly [name: string, value: string | null]): string {
  // Only a field of this type is sent as a file that was not chosen.
  if (value === null) return `<input type="file" name="${escapeHtml(name)}" hidden>`
  return `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`
}
