/**
 * What a visitor gets instead of an error: a copy in memory or from disk, with its date on it, or the lifeline's copy of the page. Acts only when the origin
 * fails, is overloaded or is spared; while it is well nothing here runs. A copy is made ready once and kept on a shelf of fixed size; Age changes once a second.
 * What can be asked for has no end (pages, languages), so making ready is rationed: beyond it a copy is shown as it is, with Age and Cache-Status.
 * Never: change a copy itself, or wait longer than the caller says.
 */
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib'
import type { LifelineCopy } from '../contract/lifeline.ts'
import { decodeContent } from '../kernel/content-coding.ts'
import type { Clock, MonotonicMs } from '../kernel/clock.ts'
import { firstValue, type HeaderList } from '../kernel/header-list.ts'
import { hitStatus } from './cache/cache-status.ts'
import type { CacheEntry } from './cache/stored-response.ts'
import { chooseLanguage } from './pages/choose-language.ts'
import { withNotice } from './pages/last-good-notice.ts'
import { PreparedAnswer, type Request } from './request.ts'

/** Of this worker, for prepared copies. */
const SHELF_BYTES = 24 * 1_048_576
/** Larger pages are shown as they are. */
const MOST_HTML_BYTES = 4 * 1_048_576
/**
 * Made ready a second, and at once after a pause. Opening, dating and pressing 100 KB of HTML takes about 1.5 ms (measured): this is at most a tenth of a worker,
 * whoever asks for every page in 24 languages while the origin is down.
 */
const WORK_BYTES_PER_SECOND = 6 * 1_048_576
const MOST_WORK_BYTES = 8 * 1_048_576
/** A level of 6 takes twice the time to save an eighth of the bytes. */
const GZIP_LEVEL = 3
const BROTLI_QUALITY = 3
/** What HTML is taken to need when it is opened. */
const PRESSED_BY = 6
/** Smaller text is not worth pressing. */
const LEAST_PRESSED_BYTES = 1_024
const MAX_WAITING = 1_024
const ASK_AGAIN_MS = 60_000
/** Queries that only say where a reader came from: the page is the same without them. */
const TRACKING_KEY = /^(?:utm_[a-z]+|fbclid|gclid|dclid|msclkid|mtm_[a-z]+|pk_[a-z]+|mc_[ce]id|igshid)$/i

interface Shelved {
  readonly status: number
  /** Without Age and Cache-Status. */
  readonly headers: readonly string[]
  readonly body: Uint8Array | null
  readonly bornMs: number
  readonly detail: string
  /** When the lifeline is asked again: it may have renewed its copy. */
  readonly untilMs: number
  answer: PreparedAnswer | null
  ageS: number
}

interface WaitingCopy {
  readonly key: string
  readonly untilMs: number
  /** `answered` false: the lifeline said nothing in time. */
  readonly callback: (copy: LifelineCopy | null, answered: boolean) => void
}

export class LastGoodDesk {
  noticeAfterMs: number
  /** Sends the question to the lifeline; false: there is no line to it. */
  askLifeline: (ticket: number, key: string) => boolean = () => false
  readonly #clock: Clock
  readonly #shelf = new Map<string, Shelved | null>()
  #shelfBytes = 0
  readonly #waiting = new Map<number, WaitingCopy>()
  #ticket = 0
  #workBytes = MOST_WORK_BYTES
  #workAtMs: number

  constructor(clock: Clock, noticeAfterMs: number) {
    this.#clock = clock
    this.#workAtMs = clock.monotonicMs()
    this.noticeAfterMs = noticeAfterMs
  }

  /** The copy with its date on it; null when it needs none (young, no page) or can carry none. `closed`: what a form sends would be lost. */
  dated(request: Request, entry: CacheEntry, closed: boolean, nowMs: MonotonicMs): PreparedAnswer | null {
    const { stored } = entry
    if (stored.status !== 200 || entry.ageMs(nowMs) < this.noticeAfterMs || !isHtml(stored.headers)) return null
    const name = `${stored.id} ${closed ? 1 : 0} ${languageKey(request)}`
    let shelved = this.#shelf.get(name)
    if (shelved === undefined) {
      const coding = firstValue(stored.headers, 'content-encoding') ?? ''
      if (!this.#mayWork(coding === '' ? stored.body.length : stored.body.length * PRESSED_BY)) return null
      const body = this.#noticed(stored.body, stored.headers, coding, stored.bornAtWallMs, request, closed)
      shelved = body === null ? null : { status: 200, headers: headersOfDated(stored.headers, body.length), body, bornMs: entry.bornMs, detail: 'dated', untilMs: Number.POSITIVE_INFINITY, answer: null, ageS: -1 }
      this.#keep(name, shelved)
    }
    return shelved === null ? null : this.#answerOf(shelved, nowMs)
  }

  /** The lifeline's copy; `callback` gets null at the latest after `waitMs`. A lifeline that is busy or dead does not take away what is on the shelf. */
  recall(request: Request, closed: boolean, nowMs: MonotonicMs, waitMs: number, callback: (answer: PreparedAnswer | null) => void): void {
    const keys = keysOf(request)
    const zipped = /\bgzip\b/i.test(firstValue(request.headers, 'accept-encoding') ?? '')
    // Named by the page that was found: a made-up fbclid must not cost a copy of its own.
    const kind = `L${zipped ? 'z' : ''}${closed ? 1 : 0} ${languageKey(request)} `
    let old: Shelved | null = null
    for (const key of keys) {
      const shelved = this.#shelf.get(kind + key) ?? null
      if (shelved !== null && shelved.untilMs > nowMs) {
        callback(this.#answerOf(shelved, nowMs))
        return
      }
      old ??= shelved
    }
    const unheard = (): void => callback(old === null ? null : this.#answerOf(old, this.#clock.monotonicMs()))
    const ask = (index: number): void => {
      const key = keys[index]
      if (key === undefined) {
        callback(null)
        return
      }
      const sent = this.#ask(key, nowMs + waitMs, (copy, answered) => {
        if (copy !== null) callback(this.#fromLifeline(kind + key, copy, request, closed, zipped))
        else if (!answered) unheard()
        else {
          // It is public no more, or never was there.
          this.#drop(kind + key)
          ask(index + 1)
        }
      })
      if (!sent) unheard()
    }
    ask(0)
  }

  /** From the lifeline thread. */
  heard(ticket: number, copy: LifelineCopy | null): void {
    this.#end(ticket, copy, true)
  }

  /** Call about ten times a second. */
  tick(nowMs: MonotonicMs): void {
    for (const [ticket, waiting] of this.#waiting) if (waiting.untilMs <= nowMs) this.#end(ticket, null, false)
  }

  get shelfBytes(): number {
    return this.#shelfBytes
  }

  #end(ticket: number, copy: LifelineCopy | null, answered: boolean): void {
    const waiting = this.#waiting.get(ticket)
    if (waiting === undefined) return
    this.#waiting.delete(ticket)
    waiting.callback(copy, answered)
  }

  #ask(key: string, untilMs: number, callback: WaitingCopy['callback']): boolean {
    if (this.#waiting.size >= MAX_WAITING) return false
    const ticket = ++this.#ticket
    this.#waiting.set(ticket, { key, untilMs, callback })
    if (this.askLifeline(ticket, key)) return true
    this.#waiting.delete(ticket)
    return false
  }

  #fromLifeline(name: string, copy: LifelineCopy, request: Request, closed: boolean, zipped: boolean): PreparedAnswer {
    const nowMs = this.#clock.monotonicMs()
    const headers: string[] = []
    const html = copy.status === 200 && isHtml(copy.headers)
    for (let i = 0; i < copy.headers.length; i += 2) if (copy.headers[i] !== 'etag' && !(html && copy.headers[i] === 'last-modified')) headers.push(copy.headers[i], copy.headers[i + 1])
    let { body } = copy
    const pressed = zipped && body.length >= LEAST_PRESSED_BYTES && isText(copy.headers)
    const ready = (!html && !pressed) || this.#mayWork(body.length)
    if (html && ready) body = this.#noticed(body, copy.headers, '', copy.storedAtWallMs, request, closed) ?? body
    if (pressed && ready) {
      body = gzipSync(body, { level: GZIP_LEVEL })
      headers.push('content-encoding', 'gzip')
    }
    headers.push('date', new Date(copy.storedAtWallMs).toUTCString(), 'vary', 'accept-encoding', 'cache-control', 'no-cache', 'content-length', String(body.length))
    const shelved: Shelved = { status: copy.status, headers, body, bornMs: nowMs - Math.max(0, this.#clock.wallMs() - copy.storedAtWallMs), detail: 'lifeline', untilMs: nowMs + ASK_AGAIN_MS, answer: null, ageS: -1 }
    if (ready) this.#keep(name, shelved)
    return this.#answerOf(shelved, nowMs)
  }

  #mayWork(bytes: number): boolean {
    const nowMs = this.#clock.monotonicMs()
    this.#workBytes = Math.min(MOST_WORK_BYTES, this.#workBytes + ((nowMs - this.#workAtMs) * WORK_BYTES_PER_SECOND) / 1_000)
    this.#workAtMs = nowMs
    if (this.#workBytes < Math.min(bytes, MOST_HTML_BYTES)) return false
    this.#workBytes -= Math.min(bytes, MOST_HTML_BYTES)
    return true
  }

  #noticed(body: Uint8Array, headers: HeaderList, coding: string, wallMs: number, request: Request, closed: boolean): Uint8Array | null {
    const plain = body.length > MOST_HTML_BYTES ? null : decodeContent(body, coding, MOST_HTML_BYTES)
    if (plain === null) return null
    const html = withNotice(Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString('latin1'), {
      wallMs, closed, acceptLanguage: firstValue(request.headers, 'accept-language') ?? '', xhtml: (firstValue(headers, 'content-type') ?? '').startsWith('application/xhtml'),
    })
    return html === null ? null : encoded(Buffer.from(html, 'latin1'), coding)
  }

  #answerOf(shelved: Shelved, nowMs: MonotonicMs): PreparedAnswer {
    const ageS = Math.max(0, Math.floor((nowMs - shelved.bornMs) / 1_000))
    if (shelved.answer === null || shelved.ageS !== ageS) {
      shelved.answer = new PreparedAnswer(shelved.status, [...shelved.headers, 'age', String(ageS), 'cache-status', hitStatus(-ageS, shelved.detail)], shelved.body)
      shelved.ageS = ageS
    }
    return shelved.answer
  }

  /** Null: the copy is to be shown as it is; remembered too, or a page without a body would be looked at for every visitor. */
  #keep(name: string, shelved: Shelved | null): void {
    const bytes = bytesOf(name, shelved)
    this.#drop(name)
    while (this.#shelfBytes + bytes > SHELF_BYTES && this.#shelf.size > 0) {
      const [oldest, gone] = this.#shelf.entries().next().value!
      this.#shelf.delete(oldest)
      this.#shelfBytes -= bytesOf(oldest, gone)
    }
    if (bytes > SHELF_BYTES) return
    this.#shelf.set(name, shelved)
    this.#shelfBytes += bytes
  }

  #drop(name: string): void {
    const before = this.#shelf.get(name)
    if (before !== undefined && this.#shelf.delete(name)) this.#shelfBytes -= bytesOf(name, before)
  }
}

function bytesOf(name: string, shelved: Shelved | null): number {
  return 256 + name.length * 2 + (shelved === null ? 0 : 1_024 + (shelved.body?.length ?? 0) * 2)
}

/** As the lifeline knows the page; then without what only says where the reader came from. */
function keysOf(request: Request): readonly string[] {
  const key = request.host + request.target
  if (request.query === '') return [key]
  const kept = request.query.split('&').filter((pair) => !TRACKING_KEY.test(pair.split('=')[0]))
  const without = request.host + request.path + (kept.length === 0 ? '' : `?${kept.join('&')}`)
  return without === key ? [key] : [key, without]
}

/** What of the reader decides the notice; the page's own language is asked first, so this only matters where a page does not name it. */
function languageKey(request: Request): string {
  return chooseLanguage(firstValue(request.headers, 'accept-language') ?? '')
}

function isHtml(headers: HeaderList): boolean {
  return /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(firstValue(headers, 'content-type') ?? '')
}

function isText(headers: HeaderList): boolean {
  return /^\s*(?:text\/|application\/(?:json|javascript|xml|xhtml\+xml|rss\+xml|atom\+xml|manifest\+json)|image\/svg\+xml)/i.test(firstValue(headers, 'content-type') ?? '')
}

/** Fields that speak of the bytes as they were, or would let a browser keep the copy beyond the outage. */
const notOfDated: ReadonlySet<string> = new Set([
  'content-length', 'etag', 'last-modified', 'cache-control', 'expires', 'pragma', 'digest', 'repr-digest', 'content-digest', 'content-md5', 'accept-ranges', 'age', 'cache-status',
])

function headersOfDated(headers: HeaderList, bytes: number): string[] {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) if (!notOfDated.has(headers[i])) kept.push(headers[i], headers[i + 1])
  kept.push('cache-control', 'no-cache', 'content-length', String(bytes))
  return kept
}

/** In the coding it had, because that is what its readers asked for. */
function encoded(body: Uint8Array, coding: string): Uint8Array | null {
  switch (coding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return body
    case 'gzip':
      return gzipSync(body, { level: GZIP_LEVEL })
    case 'br':
      return brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } })
    case 'zstd':
      return zstdCompressSync(body)
    default:
      return null
  }
}
