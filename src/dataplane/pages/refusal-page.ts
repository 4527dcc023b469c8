/**
 * What a visitor sees when the shield cannot serve the request now: one small page, no script, no third party, in the visitor's language,
 * with a code that the operator can look up (docs/operator/errors.md). It says what happened and what to do, and never blames the visitor.
 * A flood of refusals must cost one small write each: pages are made once, their heads once a second because of Date, and only who asks for a page
 * (Accept names text/html, as every browser's navigation does) gets one; programs get two lines of text.
 */
import { gzipSync } from 'node:zlib'
import type { Reason } from '../../contract/reason.ts'
import { firstValue, type HeaderList } from '../../kernel/header-list.ts'
import { PreparedAnswer } from '../request.ts'
import { chooseLanguage } from './choose-language.ts'
import { languageByReload, PageFrame } from './page-frame.ts'
import type { SiteSettings } from './options.ts'
import { type Language, languages } from './words/languages.ts'

/** What each refusal is: its status, what the page says, and whether trying again helps. */
const refusals: Readonly<Partial<Record<Reason, readonly [status: number, kind: 'busy' | 'down' | 'refused' | 'bad']>>> = Object.freeze({
  'rule-block': [403, 'refused'],
  'rule-limit': [429, 'busy'],
  'rule-challenge': [429, 'busy'],
  'source-limit': [429, 'busy'],
  'queue-full': [503, 'busy'],
  'queue-timeout': [503, 'busy'],
  'queue-superseded': [503, 'busy'],
  'limit-shed': [503, 'busy'],
  'posture-shed': [503, 'busy'],
  'waiting-room': [503, 'busy'],
  draining: [503, 'busy'],
  'origin-refused': [502, 'down'],
  'origin-reset': [502, 'down'],
  'origin-bad-answer': [502, 'down'],
  'origin-down': [503, 'down'],
  'origin-timeout': [504, 'down'],
  'bad-request': [400, 'bad'],
  'body-too-large': [413, 'bad'],
  'body-timeout': [408, 'bad'],
  'body-too-slow': [408, 'bad'],
  'length-required': [411, 'bad'],
  'method-not-allowed': [405, 'refused'],
  'unknown-host': [421, 'refused'],
  'range-refused': [416, 'bad'],
  'loop-detected': [508, 'down'],
  'upgrade-refused': [501, 'refused'],
  'only-if-cached': [504, 'down'],
  'shield-error': [500, 'down'],
})

export function statusOf(reason: Reason): number {
  return refusals[reason]?.[0] ?? 500
}

/** 24 languages, some 30 reasons, a few waits: far more than ever occur at once. */
const MOST_PAGES = 2_048

interface Asker {
  readonly method: string
  readonly headers: HeaderList
  readonly language: string
}

interface Made {
  readonly body: Uint8Array
  second: number
  answer: PreparedAnswer
}

export class RefusalPages {
  readonly #frame: PageFrame
  readonly #policy: string
  readonly #made = new Map<string, Made>()
  #date = ''
  #second = -1

  constructor(site: SiteSettings) {
    this.#frame = new PageFrame(site)
    this.#policy = this.#frame.policy('')
  }

  /** `retryAfterSeconds` 0: no Retry-After. */
  find(reason: Reason, asker: Asker, retryAfterSeconds: number, nowWallMs: number): PreparedAnswer {
    const second = Math.floor(nowWallMs / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#date = new Date(nowWallMs).toUTCString()
    }
    const page = asksForPage(asker.headers)
    const language = chooseLanguage(asker.language === '' ? (firstValue(asker.headers, 'accept-language') ?? '') : asker.language)
    const canReload = asker.method === 'GET' || asker.method === 'HEAD'
    const gzip = page && acceptsGzip(asker.headers)
    const key = page ? `${reason} ${language} ${retryAfterSeconds} ${canReload ? 'r' : '-'}${gzip ? 'z' : '-'}` : `${reason} ${language} ${retryAfterSeconds}`
    let made = this.#made.get(key)
    if (made === undefined || made.second !== second) {
      const body = made?.body ?? (page ? this.#write(reason, language, canReload, gzip) : plainText(reason, language))
      const head = page ? this.#head(reason, language, retryAfterSeconds, canReload, gzip) : this.#plainHead(reason, language, retryAfterSeconds)
      const answer = new PreparedAnswer(statusOf(reason), head, body)
      if (made === undefined) {
        if (this.#made.size >= MOST_PAGES) this.#made.clear()
        made = { body, second, answer }
        this.#made.set(key, made)
      } else {
        made.second = second
        made.answer = answer
      }
    }
    return made.answer
  }

  #write(reason: Reason, language: Language, canReload: boolean, gzip: boolean): Uint8Array {
    const kind = refusals[reason]?.[1] ?? 'down'
    const words = languages[language]
    const again = canReload && (kind === 'busy' || kind === 'down') ? `<p><a class="go" href="">${words.again}</a></p>` : ''
    const text =
      this.#frame.top(language, words[`${kind}Title`]) + `<p>${words[kind]}</p>${again}<p><small>${words.code}: ${reason}</small></p>` + this.#frame.bottom(language, canReload ? languageByReload(language, '') : '', '')
    return gzip ? gzipSync(text, { level: 9 }) : Buffer.from(text)
  }

  #plainHead(reason: Reason, language: Language, retryAfterSeconds: number): string[] {
    const headers = ['date', this.#date, 'content-type', 'text/plain; charset=utf-8', 'cache-control', 'no-store', 'content-language', language, 'x-robots-tag', 'noindex', 'polder-reason', reason]
    return withReasonFields(headers, reason, retryAfterSeconds)
  }

  #head(reason: Reason, language: Language, retryAfterSeconds: number, canReload: boolean, gzip: boolean): string[] {
    const headers = [
      'date', this.#date, 'content-type', 'text/html; charset=utf-8', 'cache-control', 'no-store', 'content-language', language,
      'x-robots-tag', 'noindex', 'polder-reason', reason, 'content-security-policy', this.#policy, 'x-content-type-options', 'nosniff',
    ]
    if (gzip) headers.push('content-encoding', 'gzip')
    // Who is in line, and shares a place that was asked for too often this second, must not have to press anything to keep it.
    if (reason === 'waiting-room' && canReload && retryAfterSeconds > 0) headers.push('refresh', String(retryAfterSeconds))
    return withReasonFields(headers, reason, retryAfterSeconds)
  }
}

function withReasonFields(headers: string[], reason: Reason, retryAfterSeconds: number): string[] {
  if (retryAfterSeconds > 0) headers.push('retry-after', String(retryAfterSeconds))
  if (statusOf(reason) === 405) headers.push('allow', 'GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE')
  return headers
}

function plainText(reason: Reason, language: Language): Uint8Array {
  const words = languages[language]
  return Buffer.from(`${words[`${refusals[reason]?.[1] ?? 'down'}Title`]}\n${words.code}: ${reason}\n`)
}

function asksForPage(headers: HeaderList): boolean {
  const accept = firstValue(headers, 'accept')
  return accept !== undefined && accept.includes('text/html')
}

/** A coding named with weight 0 is refused (RFC 9110 12.5.3); anything unusual is answered plainly. */
export function acceptsGzip(headers: HeaderList): boolean {
  const text = firstValue(headers, 'accept-encoding')
  return text !== undefined && text.includes('gzip') && !text.includes('gzip;q=0')
}
