/**
 * The place tickets that a request carries, and the request without them: in a cookie, in the address, or in the address of the page a click came from.
 * As with clearances, the site behind and the cache must see none of it (own-marks.ts). Read after the clearances, before any rule; judged in waiting-door.ts.
 */
import type { Request } from '../request.ts'
import { PLACE_KEY, placeCookieName, refererQuery, takeFromCookie, takePlaceFromQuery } from './own-marks.ts'

export function takePlaceMarks(request: Request): void {
  let inCookie = false
  let referer = -1
  const { headers } = request
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'cookie') inCookie ||= headers[i + 1].includes(PLACE_KEY)
    else if (headers[i] === 'referer' && headers[i + 1].includes(PLACE_KEY)) referer = i + 1
  }
  if (referer !== -1) takeReferer(request, referer)
  const own = request.query === '' ? null : takePlaceFromQuery(request.query)
  if (own !== null) {
    request.place = own.place
    request.placeInAddress = true
    request.setTarget(request.path, own.query)
  }
  if (inCookie) takeCookie(request)
}

function takeReferer(request: Request, at: number): void {
  const referer = request.headers[at]
  const own = takePlaceFromQuery(refererQuery(referer, request.host))
  if (own === null) return
  const page = referer.slice(0, referer.indexOf('?'))
  const clean = own.query === '' ? page : `${page}?${own.query}`
  request.headers = request.headers.map((value, i) => (i === at ? clean : value))
  request.place = own.place
}

function takeCookie(request: Request): void {
  const name = placeCookieName(request.scheme)
  const kept: string[] = []
  for (let i = 0; i < request.headers.length; i += 2) {
    const own = request.headers[i] === 'cookie' ? takeFromCookie(request.headers[i + 1], name) : null
    if (own === null) kept.push(request.headers[i], request.headers[i + 1])
    else {
      if (request.placeCookie === '') request.placeCookie = own.value
      if (own.rest !== '') kept.push('cookie', own.rest)
    }
  }
  request.headers = kept
}
