/** What kind of asker a challenge meets: only a page that a person opens can show one. */
import { firstValue } from '../../kernel/header-list.ts'
import type { Request } from '../request.ts'

const pageDestinations: ReadonlySet<string> = new Set(['document', 'iframe', 'frame', 'embed', 'object'])

/** True for the opening of a page: by the browser's own word (Fetch Metadata), else by what is accepted. A script's request would not know what to do with a page. */
export function opensPage(request: Request): boolean {
  if (request.method !== 'GET' && request.method !== 'POST') return false
  const destination = firstValue(request.headers, 'sec-fetch-dest')
  if (destination !== undefined) return pageDestinations.has(destination)
  const accept = firstValue(request.headers, 'accept')
  return accept !== undefined && accept.includes('text/html') && firstValue(request.headers, 'x-requested-with') === undefined
}

/**
 * Whether a form was sent from this very site. Only such a form may wait in our page: sent again from there it would look like one of this site's own,
 * and a form that another site made up would gain what the visitor's browser withheld from it (cross-site request forgery).
 */
export function fromSameSite(request: Request): boolean {
  const site = firstValue(request.headers, 'sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const origin = firstValue(request.headers, 'origin')
  if (origin !== undefined) return origin === `${request.scheme}://${request.host}`
  const referer = firstValue(request.headers, 'referer')
  return referer !== undefined && referer.startsWith(`${request.scheme}://${request.host}/`)
}

/** Answers to scripts and tools: small, and in a form they may read. */
export function wantsJson(request: Request): boolean {
  return (firstValue(request.headers, 'accept') ?? '').includes('json')
}
