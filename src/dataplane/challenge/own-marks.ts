/**
 * What of ours a request carries, and the request without it. The site behind must see neither our cookie nor our query keys: the cache would take
 * a visitor with only our cookie for one with a session, and a made-up ticket in the query would be a new page to the cache.
 * Only text of exactly our form is taken out; a site that has a query key `polder` of its own keeps it.
 */
import { TOKEN_CHARACTERS } from './token-text.ts'

export const TICKET_KEY = 'polder'
export const PLACE_KEY = 'polder-place'
/** Two clearances may stand in one cookie: somebody whose line changes between IPv4 and IPv6 needs both. */
const ticketForm = /^[A-Za-z0-9_-]{52}(?:\.[0-9]{1,10})?$/
const placeForm = /^[A-Za-z0-9_-]{52}$/
/** Behind a language: the page in which it was chosen says that a form was not sent. */
export const LOST_FORM = '-lost'
const languageForm = /^[a-z]{2}(?:-lost)?$/

export interface OwnQuery {
  /** The query without our keys. */
  readonly query: string
  readonly ticket: string
  readonly language: string
}

/** Null when there is nothing of ours in the query. */
export function takeFromQuery(query: string): OwnQuery | null {
  if (!query.includes(TICKET_KEY)) return null
  let ticket = ''
  let language = ''
  const kept: string[] = []
  for (const pair of query.split('&')) {
    if (pair.startsWith('polder=') && ticketForm.test(pair.slice(7))) ticket = pair.slice(7)
    else if (pair.startsWith('polder-lang=') && languageForm.test(pair.slice(12))) language = pair.slice(12)
    else kept.push(pair)
  }
  return ticket === '' && language === '' ? null : { query: kept.join('&'), ticket, language }
}

/** `__Host-` ties the cookie to this host and to TLS (RFC 6265bis 4.1.3.2); a browser refuses it on a clear-text connection. */
export function cookieName(scheme: 'http' | 'https'): string {
  return scheme === 'https' ? '__Host-polder' : 'polder'
}

export interface OwnCookie {
  /** The Cookie field without ours; '' when nothing is left. */
  readonly rest: string
  /** One or two clearances joined by a dot, as sent. */
  readonly value: string
}

/** Null when our cookie is not in this Cookie field. The first one of that name counts; all go. */
export function takeFromCookie(field: string, name: string): OwnCookie | null {
  if (!field.includes(name)) return null
  let value: string | null = null
  const kept: string[] = []
  for (const pair of field.split(';')) {
    const text = pair.trim()
    if (text.startsWith(name) && text[name.length] === '=') value ??= text.slice(name.length + 1)
    else if (text !== '') kept.push(text)
  }
  return value === null ? null : { rest: kept.join('; '), value }
}

/** The query of a Referer that is a page of this very site; '' when it is none. */
export function refererQuery(referer: string, host: string): string {
  const start = referer.indexOf('//')
  if (start === -1 || !referer.startsWith(host, start + 2) || referer[start + 2 + host.length] !== '/') return ''
  const mark = referer.indexOf('?', start)
  return mark === -1 ? '' : referer.slice(mark + 1)
}

export function refererPath(referer: string, host: string): string {
  const start = referer.indexOf('//')
  if (start === -1 || !referer.startsWith(host, start + 2) || referer[start + 2 + host.length] !== '/') return ''
  const mark = referer.indexOf('?', start)
  return referer.slice(start + 2 + host.length, mark === -1 ? undefined : mark)
}

/** Where a clearance of the other family begins in a cookie that holds two. */
export const SECOND_CLEARANCE_AT = TOKEN_CHARACTERS + 1

/** A reference to this same host and nowhere else: `//other.example/` and `/\other.example` are hosts to a browser. */
export function sameHostReference(path: string, query: string): string {
  const safe = path[1] === '/' || path[1] === '\\' ? `/.${path}` : path
  const whole = query === '' ? safe : `${safe}?${query}`
  return /[^!-~]|["<>\\^`{|}]/.test(whole) ? escapeReference(whole) : whole
}

function escapeReference(text: string): string {
  return text.replace(/[^!-~]|["<>\\^`{|}]/g, (c) => {
    const code = c.charCodeAt(0)
    return code < 256 ? `%${code.toString(16).toUpperCase().padStart(2, '0')}` : encodeURIComponent(c)
  })
}

/** Null when there is no place ticket in the query. */
export function takePlaceFromQuery(query: string): { readonly query: string; readonly place: string } | null {
  if (!query.includes(PLACE_KEY)) return null
  let place = ''
  const kept: string[] = []
  for (const pair of query.split('&')) {
    if (pair.startsWith('polder-place=') && placeForm.test(pair.slice(13))) place = pair.slice(13)
    else kept.push(pair)
  }
  return place === '' ? null : { query: kept.join('&'), place }
}

export function placeCookieName(scheme: 'http' | 'https'): string {
  return scheme === 'https' ? '__Host-polder-place' : PLACE_KEY
}

/** The query for the next address: who does not send our cookie back carries the place in it. */
export function keptQuery(request: { readonly query: string; readonly place: string; readonly placeCookie: string }): string {
  return request.place === '' || request.placeCookie !== '' ? request.query : withPlace(request.query, request.place)
}

export function withPlace(query: string, place: string): string {
  return query === '' ? `${PLACE_KEY}=${place}` : `${query}&${PLACE_KEY}=${place}`
}

export function withTicket(query: string, ticket: string): string {
  return query === '' ? `${TICKET_KEY}=${ticket}` : `${query}&${TICKET_KEY}=${ticket}`
}

/** `language` '': none was chosen. */
export function withLanguage(query: string, language: string): string {
  if (language === '') return query
  return query === '' ? `polder-lang=${language}` : `${query}&polder-lang=${language}`
}
