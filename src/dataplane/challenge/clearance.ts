/**
 * Who has passed already. A clearance comes back as a cookie; where cookies are refused it stands in the address, and a click from such a page names it
 * in the Referer, so that reading works without cookies too. Read once per request, before any rule; what is ours is taken out of the request here.
 * It must never refuse anybody: a clearance that is not valid is as good as none. Verifying one costs two hashes; none costs a look at three fields.
 */
import type { Request } from '../request.ts'
import type { ClearanceBudget } from './clearance-budget.ts'
import type { ChallengeSettings } from './options.ts'
import { cookieName, refererPath, refererQuery, SECOND_CLEARANCE_AT, takeFromCookie, takeFromQuery } from './own-marks.ts'
import { TOKEN_CHARACTERS } from './token-text.ts'
import type { Tokens } from './tokens.ts'

/** Told of a clearance never seen before that was got by work: it raises the weight of a shared address (source table). */
export type NewClearance = (sourceSlot: number) => void

export class Clearances {
  readonly #tokens: Tokens
  readonly #budget: ClearanceBudget
  readonly #onNew: NewClearance

  constructor(tokens: Tokens, budget: ClearanceBudget, onNew: NewClearance) {
    this.#tokens = tokens
    this.#budget = budget
    this.#onNew = onNew
  }

  /** Takes our marks out of the request, and sets `clearedBy` when one of them is a valid clearance. */
  read(request: Request, nowWallMs: number): void {
    const headers = request.headers
    let referer = ''
    let cookie = ''
    for (let i = 0; i < headers.length; i += 2) {
      if (headers[i] === 'referer') referer = headers[i + 1]
      else if (headers[i] === 'cookie' && cookie === '' && headers[i + 1].includes('polder=')) cookie = takeCookie(request)
    }
    if (request.query !== '') takeQuery(request, referer)
    const named = referer.includes('polder') ? takeReferer(request, referer) : ''
    if (cookie !== '') {
      request.clearanceCookie = cookie
      if (this.#isCleared(request, cookie, 0, nowWallMs) || (cookie[TOKEN_CHARACTERS] === '.' && this.#isCleared(request, cookie, SECOND_CLEARANCE_AT, nowWallMs))) {
        request.clearedBy = 'cookie'
        return
      }
    }
    if (request.ticket !== '' && this.#isCleared(request, request.ticket, 0, nowWallMs)) request.clearedBy = 'address'
    else if (named !== '') {
      if (request.ticket === '') request.ticket = named
      if (this.#isCleared(request, named, 0, nowWallMs)) request.clearedBy = 'referer'
    }
  }

  #isCleared(request: Request, text: string, from: number, nowWallMs: number): boolean {
    const tokens = this.#tokens
    if (tokens.read('clearance', text, from, request.client, nowWallMs) !== 'valid') return false
    const spent = this.#budget.spend(tokens.nonceHigh, tokens.nonceLow, tokens.budget, nowWallMs)
    if (spent === 'over') return false
    request.worked = tokens.difficultyBits > 0
    if (spent === 'first' && request.worked) this.#onNew(request.sourceSlot)
    return true
  }
}

/** Returns our cookie's value, or ''; the request goes on without it. */
function takeCookie(request: Request): string {
  const name = cookieName(request.scheme)
  const kept: string[] = []
  let value = ''
  for (let i = 0; i < request.headers.length; i += 2) {
    const own = request.headers[i] === 'cookie' ? takeFromCookie(request.headers[i + 1], name) : null
    if (own === null) kept.push(request.headers[i], request.headers[i + 1])
    else {
      if (value === '') value = own.value
      if (own.rest !== '') kept.push('cookie', own.rest)
    }
  }
  if (kept.length !== request.headers.length || value !== '') request.headers = kept
  return value
}

/** Returns the ticket of the page a click came from, or ''; the site behind sees that page's address without our marks. */
function takeReferer(request: Request, referer: string): string {
  const own = takeFromQuery(refererQuery(referer, request.host))
  if (own === null) return ''
  const page = referer.slice(0, referer.indexOf('?'))
  const clean = own.query === '' ? page : `${page}?${own.query}`
  request.headers = request.headers.map((value, i) => (i % 2 === 1 && request.headers[i - 1] === 'referer' ? clean : value))
  return own.ticket
}

function takeQuery(request: Request, referer: string): void {
  const own = takeFromQuery(request.query)
  if (own === null) return
  request.ticket = own.ticket
  request.language = own.language
  // The language form replaces the whole query; the page it stood on says what that was.
  const before = own.query === '' && own.ticket === '' && refererPath(referer, request.host) === request.path ? refererQuery(referer, request.host) : ''
  const query = before === '' ? own.query : (takeFromQuery(before)?.query ?? before)
  request.setTarget(request.path, query)
}

/** The Set-Cookie value for a new clearance; one of the other address family that came with the request is kept beside it. */
export function clearanceCookie(request: Request, clearance: string, keepOther: string, settings: ChallengeSettings): string {
  const secure = request.scheme === 'https' ? '; Secure' : ''
  const value = keepOther === '' ? clearance : `${clearance}.${keepOther}`
  return `${cookieName(request.scheme)}=${value}; Path=/; Max-Age=${Math.floor(settings.clearanceMs / 1_000)}; HttpOnly; SameSite=Lax${secure}`
}

/** The part of a clearance cookie that was given to the other address family; '' when there is none. It cannot be verified from here, only kept. */
export function otherFamilyPart(request: Request): string {
  const wanted = request.client.family === 4 ? 'E' : 'A'
  for (const part of request.clearanceCookie.split('.')) {
    // The first six bits hold the family (0x10) and the kind (0x02): 000000 is 'A', 000100 is 'E'.
    if (part.length === TOKEN_CHARACTERS && part[0] === wanted) return part
  }
  return ''
}
