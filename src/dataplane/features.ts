/**
 * What a request looks like, as 32-bit words: the same words go into rules (match) and samples (tap), so that a rule the control plane
 * writes from samples means the same thing here. Computed when first asked for, at most once per request; one reader per worker, no allocation.
 * Attribute groups (client, behaviour, content, network) and why they differ: decision 0004 and contract/plan.ts.
 */
import { combineHash, hashText } from '../kernel/hash.ts'
import type { Request } from './request.ts'

const UNSET = -1

export class Features {
  readonly #key: number
  #request: Request | null = null
  #userAgent = UNSET
  #userAgentShape = UNSET
  #headerOrder = UNSET
  #acceptCombo = UNSET
  #pathHash = UNSET
  #pathTemplate = UNSET
  #queryShape = UNSET
  #referer = UNSET
  #refererClass = UNSET

  constructor(key: number) {
    this.#key = key
  }

  /** Points the reader at a request; what was computed for the last one is forgotten. */
  read(request: Request): this {
    if (this.#request === request) return this
    this.#request = request
    this.#userAgent = this.#userAgentShape = this.#headerOrder = this.#acceptCombo = UNSET
    this.#pathHash = this.#pathTemplate = this.#queryShape = this.#referer = this.#refererClass = UNSET
    return this
  }

  header(name: string): string {
    const headers = this.#request!.headers
    for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1]!
    return ''
  }

  get userAgent(): number {
    if (this.#userAgent === UNSET) this.#userAgent = hashText(this.header('user-agent'), this.#key)
    return this.#userAgent
  }

  /** Digits collapsed to one mark: a tool that counts its versions up keeps its shape. */
  get userAgentShape(): number {
    if (this.#userAgentShape === UNSET) this.#userAgentShape = hashShape(this.header('user-agent'), this.#key, false)
    return this.#userAgentShape
  }

  /** Order of the header names, without those whose presence depends on the page and not on the program (cookie, referer, conditional, range). */
  get headerOrder(): number {
    if (this.#headerOrder === UNSET) {
      const headers = this.#request!.headers
      let h = this.#key
      for (let i = 0; i < headers.length; i += 2) {
        const name = headers[i]!
        if (!situational.has(name)) h = combineHash(h, hashText(name, this.#key))
      }
      this.#headerOrder = h >>> 0
    }
    return this.#headerOrder
  }

  /** Accept-Language and Accept-Encoding as sent, and Accept's first type: what a program is, not what it asks for. */
  get acceptCombo(): number {
    if (this.#acceptCombo === UNSET) {
      const language = hashText(this.header('accept-language'), this.#key)
      const encoding = hashText(this.header('accept-encoding'), this.#key)
      this.#acceptCombo = combineHash(combineHash(this.#key, language), encoding)
    }
    return this.#acceptCombo
  }

  get httpVersion(): number {
    return this.#request!.version
  }

  get tlsFingerprint(): number {
    return this.#request!.tls === null ? 0 : this.#request!.tls.ja4Hash
  }

  get method(): number {
    return hashText(this.#request!.method, this.#key)
  }

  get pathHash(): number {
    if (this.#pathHash === UNSET) this.#pathHash = hashText(this.#request!.path, this.#key)
    return this.#pathHash
  }

  get pathTemplate(): number {
    if (this.#pathTemplate === UNSET) this.#pathTemplate = hashShape(this.#request!.path, this.#key, true)
    return this.#pathTemplate
  }

  /** Shape of the query: keys as they are, values collapsed; 0 without a query. */
  get queryShape(): number {
    if (this.#queryShape === UNSET) {
      const query = this.#request!.query
      this.#queryShape = query === '' ? 0 : hashQueryShape(query, this.#key)
    }
    return this.#queryShape
  }

  /** Referer without its query; 0 when there is none. */
  get referer(): number {
    if (this.#referer === UNSET) {
      const text = this.header('referer')
      const mark = text.indexOf('?')
      this.#referer = text === '' ? 0 : hashText(mark === -1 ? text : text.slice(0, mark), this.#key)
    }
    return this.#referer
  }

  /** 0 none, 1 the same site, 2 another site. */
  get refererClass(): number {
    if (this.#refererClass === UNSET) {
      const text = this.header('referer')
      const host = this.#request!.host
      const start = text.indexOf('//')
      this.#refererClass = text === '' ? 0 : start !== -1 && text.startsWith(host, start + 2) && (text.length === start + 2 + host.length || text[start + 2 + host.length] === '/') ? 1 : 2
    }
    return this.#refererClass
  }
}

const situational: ReadonlySet<string> = new Set([
  'cookie', 'referer', 'if-none-match', 'if-modified-since', 'if-range', 'range', 'content-length', 'content-type', 'origin', 'cache-control', 'pragma',
  'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded', 'via', 'host', 'upgrade-insecure-requests', 'priority', 'dnt', 'sec-gpc', 'save-data',
  'sec-fetch-user', 'sec-fetch-dest', 'sec-fetch-mode', 'sec-fetch-site', 'te', 'expect', 'transfer-encoding', 'authorization',
])

/** A run of digits counts as one; in paths so does a run of eight or more letters and digits mixed, or of six capitals (tool-made names). */
function hashShape(text: string, key: number, collapseTokens: boolean): number {
  let h = (0x811c9dc5 ^ key) | 0
  let i = 0
  while (i < text.length) {
    const c = text.charCodeAt(i)
    if (collapseTokens && isAlphanumeric(c)) {
      const start = i
      let end = i
      let digits = 0
      let capitals = 0
      while (end < text.length && isAlphanumeric(text.charCodeAt(end))) {
        const d = text.charCodeAt(end)
        if (isDigit(d)) digits++
        else if (d < 91) capitals++
        end++
      }
      const length = end - start
      if ((length >= 8 && digits > 0 && digits < length) || (length >= 6 && capitals === length)) {
        h = Math.imul(h ^ 36, 0x01000193)
      } else {
        let inDigits = false
        for (let j = start; j < end; j++) {
          const d = text.charCodeAt(j)
          if (isDigit(d) && inDigits) continue
          inDigits = isDigit(d)
          h = Math.imul(h ^ (inDigits ? 35 : d), 0x01000193)
        }
      }
      i = end
      continue
    }
    if (isDigit(c)) {
      while (i < text.length && isDigit(text.charCodeAt(i))) i++
      h = Math.imul(h ^ 35, 0x01000193)
      continue
    }
    h = Math.imul(h ^ c, 0x01000193)
    i++
  }
  return h >>> 0
}

function hashQueryShape(query: string, key: number): number {
  let h = (0x811c9dc5 ^ key) | 0
  let inValue = false
  let kind = 0
  for (let i = 0; i < query.length; i++) {
    const c = query.charCodeAt(i)
    if (c === 38) {
      h = Math.imul(h ^ (kind + 256), 0x01000193)
      inValue = false
      kind = 0
      h = Math.imul(h ^ c, 0x01000193)
    } else if (!inValue && c === 61) {
      inValue = true
      h = Math.imul(h ^ c, 0x01000193)
    } else if (inValue) kind |= isDigit(c) ? 1 : 2
    else if (isDigit(c)) kind |= 4
    else h = Math.imul(h ^ c, 0x01000193)
  }
  return Math.imul(h ^ (kind + 256), 0x01000193) >>> 0 || 1
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57
}

function isAlphanumeric(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 97 && c <= 122) || (c >= 65 && c <= 90)
}
