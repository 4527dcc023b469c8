import type { HeaderList } from '../../kernel/header-list.ts'
import type { CachePolicy } from './policy.ts'

/**
 * What the cookies of a request mean for the cache: the one place where "personal" is guessed from names.
 * The guess decides only whether a visitor with a session is given the public copy; it never makes an answer storable
 * (that needs a request without any counted cookie, or an answer declared shared: cacheability.ts).
 */
export type CookieClass = 'none' | 'other' | 'session'

/** 'none' when there is no cookie but ignored ones. */
export function cookieClassOf(headers: HeaderList, policy: CachePolicy): CookieClass {
  let found: CookieClass = 'none'
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'cookie') continue
    const text = headers[i + 1]
    let at = 0
    while (at < text.length) {
      let end = text.indexOf(';', at)
      if (end === -1) end = text.length
      const from = at
      at = end + 1
      if (text.slice(from, end).trim() === '') continue
      const name = cookieName(text, from, end)
      if (policy.ignoredCookies.matches(name)) continue
      if (policy.sessionCookies.matches(name)) return 'session'
      found = 'other'
    }
  }
  return found
}

/** The Cookie value without ignored cookies, or '' when none is left. */
export function withoutIgnoredCookies(value: string, policy: CachePolicy): string {
  const kept: string[] = []
  for (const part of value.split(';')) {
    const pair = part.trim()
    if (pair === '') continue
    if (!policy.ignoredCookies.matches(cookieName(pair, 0, pair.length))) kept.push(pair)
  }
  return kept.join('; ')
}

function cookieName(text: string, from: number, to: number): string {
  let equals = text.indexOf('=', from)
  // A pair without "=" is a nameless cookie in some servers and a valueless one in others: its text stands as the name.
  if (equals === -1 || equals > to) equals = to
  return text.slice(from, equals).trim()
}
