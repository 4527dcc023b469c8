/**
 * The page of the waiting room: why one waits, the place in line, an honest estimate, and that nothing needs to be done. It asks again by its Refresh header,
 * so it works without a script, and without cookies because the next address carries the place. Refresh opens the next page; it takes nothing from a
 * reader (WCAG 2.2.1 is about time limits), and asks the less often the longer the wait is. The same answers by hand: a link.
 * Must never: be stored or indexed, load anything, promise a time that was not measured. Status 503 with Retry-After (RFC 9110 15.6.4), as an overload is:
 * 429 would say that this visitor asked too much.
 */
import { firstValue } from '../../kernel/header-list.ts'
import { PreparedAnswer, type Request } from '../request.ts'
import { chooseLanguage } from './choose-language.ts'
import { escapeHtml } from '../../kernel/escape-html.ts'
import { languageByReload, PageFrame } from './page-frame.ts'
import type { SiteSettings } from './options.ts'
import { acceptsGzip } from './refusal-page.ts'
import { SplicedPage } from './spliced-gzip.ts'
import { type Language, languages } from './words/languages.ts'

export interface PlaceShown {
  /** Who waits before this visitor. */
  readonly ahead: number
  /** The same when they came: how far the bar has got. */
  readonly aheadAtFirst: number
  /** Their turn has come, and the origin was full all the same for a moment. */
  readonly called: boolean
  readonly estimateSeconds: number
  readonly refreshSeconds: number
  readonly keepSeconds: number
  /** Path and query on this host to ask again. */
  readonly reference: string
  /** The Set-Cookie value that keeps the place, or ''. */
  readonly cookie: string
  readonly supportCode: string
}

/** 24 languages, and the few values one setting has had. */
const MOST_PARTS = 256

export class WaitingPages {
  readonly #frame: PageFrame
  readonly #policy: string
  readonly #parts = new Map<string, SplicedPage>()
  #date = ''
  #second = -1

  constructor(site: SiteSettings) {
    this.#frame = new PageFrame(site)
    this.#policy = this.#frame.policy('')
  }

  write(request: Request, shown: PlaceShown, nowWallMs: number): PreparedAnswer {
    const language = chooseLanguage(request.language === '' ? (firstValue(request.headers, 'accept-language') ?? '') : request.language)
    const gzip = acceptsGzip(request.headers)
    const page = this.#partsFor(language, shown.keepSeconds)
    const middle = middleOf(language, shown)
    const second = Math.floor(nowWallMs / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#date = new Date(nowWallMs).toUTCString()
    }
    const wait = String(shown.refreshSeconds)
    const headers = [
      'date', this.#date, 'content-type', 'text/html; charset=utf-8', 'cache-control', 'no-store', 'content-language', language, 'x-robots-tag', 'noindex',
      'polder-reason', 'waiting-room', 'content-security-policy', this.#policy, 'x-content-type-options', 'nosniff', 'retry-after', wait,
      'refresh', `${wait}; url=${shown.reference}`,
    ]
    if (gzip) headers.push('content-encoding', 'gzip')
    if (shown.cookie !== '') headers.push('set-cookie', shown.cookie)
    return new PreparedAnswer(503, headers, gzip ? page.gzip(middle) : page.plain(middle))
  }

  #partsFor(language: Language, keepSeconds: number): SplicedPage {
    const key = `${language} ${keepSeconds}`
    let page = this.#parts.get(key)
    if (page === undefined) {
      if (this.#parts.size >= MOST_PARTS) this.#parts.clear()
      const words = languages[language]
      const before = `${this.#frame.top(language, words.roomTitle)}<p>${words.room}</p>`
      page = new SplicedPage(before, `<p>${words.roomKeep.replace('{m}', timeText(keepSeconds))}</p>${this.#frame.bottom(language, languageByReload(language, ''), '')}`)
      this.#parts.set(key, page)
    }
    return page
  }
}

/** `30 s`, `5 min`, as in every language. */
export function timeText(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}

function middleOf(language: Language, { ahead, aheadAtFirst, called, estimateSeconds, reference, supportCode }: PlaceShown): string {
  const words = languages[language]
  const said = called ? words.roomTurn : words.roomPlace.replace('{n}', String(ahead + 1)).replace('{t}', timeText(estimateSeconds))
  const done = called ? 100 : Math.max(0, Math.min(99, Math.floor((100 * (aheadAtFirst - ahead)) / (aheadAtFirst + 1))))
  return (
    `<p role="status" aria-live="polite"><strong>${said}</strong></p><progress max="100" value="${done}" aria-label="${words.roomTitle}"></progress>` +
    `<p><a class="go" href="${escapeHtml(reference)}">${words.again}</a></p><p><small>${words.code}: waiting-room ${supportCode}</small></p>`
  )
}
