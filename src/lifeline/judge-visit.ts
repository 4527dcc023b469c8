import { decodeContent } from '../kernel/content-coding.ts'
import type { LifelineAnswer } from '../contract/lifeline.ts'
import { firstValue } from '../kernel/header-list.ts'
import { keptHeaders } from './copy-row.ts'
import type { FrontierPage, VisitResult } from './crawl-store.ts'
import { cssReferences, findInHtml, findInSitemap, type FoundLink } from './find-links.ts'
import { addressText, bytesAsText, isHtml, mediaTypeOf, textAsBytes } from './page-text.ts'
import { withoutSessionIds } from './session-ids.ts'
import { withoutFormValues } from './without-form-values.ts'

/**
 * What one answer means for the copy of its page, and which addresses it names. Pure. The edge worker has already judged whether the answer is public by its
 * headers; here the page itself may still object (noarchive). A copy that the origin says is gone or no longer public is dropped: at once when it says so
 * plainly (410, 401, 403, private …), at the second pass for a 404, which a half-finished deployment answers too.
 */
export interface Judged {
  readonly result: VisitResult
  readonly links: readonly FoundLink[]
  /** What relative addresses start from: <base>, or ''. */
  readonly base: string
}

const NO_LINKS: readonly FoundLink[] = Object.freeze([])
const notPublic: ReadonlySet<string> = new Set(['no-store', 'private', 'set-cookie', 'route-off', 'noarchive', 'status-401', 'status-403', 'status-410', 'status-451'])

export function judgeVisit(page: FrontierPage, answer: LifelineAnswer, nowWallMs: number, maxBytes: number): Judged {
  if (answer.outcome === 'not-modified') return { result: { kind: 'unchanged' }, links: NO_LINKS, base: '' }
  if (answer.outcome === 'not-kept') {
    const dropCopy = notPublic.has(answer.why) || (answer.why === 'status-404' && page.fails >= 1)
    return { result: missing(answer.why, dropCopy), links: NO_LINKS, base: '' }
  }
  const { headers, status } = answer
  const location = firstValue(headers, 'location') ?? ''
  if (status >= 300) {
    // A page that only wants a session begun would lead to itself for ever.
    if (location === '' || leadsToItself(page, location)) return { result: missing('redirect-without-place', false), links: NO_LINKS, base: '' }
    return { result: kept(page, status, headers, new Uint8Array(0), nowWallMs), links: [{ reference: location, kind: page.isAsset ? 'asset' : 'page' }], base: '' }
  }
  const body = decodeContent(answer.body ?? new Uint8Array(0), firstValue(headers, 'content-encoding') ?? '', maxBytes)
  if (body === null) return { result: missing('content-coding', false), links: NO_LINKS, base: '' }
  if (/\b(noarchive|none)\b/i.test(firstValue(headers, 'x-robots-tag') ?? '')) return { result: missing('noarchive', true), links: NO_LINKS, base: '' }
  const mediaType = mediaTypeOf(headers)
  if (isHtml(mediaType)) {
    const text = bytesAsText(body)
    const found = findInHtml(text)
    const links = found.links.map((link) => ({ kind: link.kind, reference: addressText(link.reference) }))
    if (found.noArchive) return { result: missing('noarchive', true), links, base: found.base }
    return { result: kept(page, status, headers, textAsBytes(withoutFormValues(text)), nowWallMs), links, base: found.base }
  }
  return { result: kept(page, status, headers, body, nowWallMs), links: linksOf(mediaType, page, body, maxBytes), base: '' }
}

function leadsToItself(page: FrontierPage, location: string): boolean {
  const plain = withoutSessionIds(location)
  const url = plain === location ? null : URL.parse(plain, `http://${page.key}`)
  return url !== null && `${url.host}${url.pathname}${url.search}` === page.key
}

function linksOf(mediaType: string, page: FrontierPage, body: Uint8Array, maxBytes: number): readonly FoundLink[] {
  if (mediaType === 'text/css') return cssReferences(bytesAsText(body)).map(({ reference }) => ({ reference: addressText(reference), kind: 'asset' }))
  const zipped = /\.xml\.gz$/i.test(page.target)
  if (!zipped && !/[/+]xml$/.test(mediaType)) return NO_LINKS
  const plain = zipped ? (decodeContent(body, 'gzip', maxBytes) ?? body) : body
  return (findInSitemap(bytesAsText(plain)) ?? []).map((reference) => ({ reference: addressText(reference), kind: 'page' }))
}

function kept(page: FrontierPage, status: number, headers: readonly string[], body: Uint8Array, nowWallMs: number): VisitResult {
  return {
    kind: 'kept', copy: { key: page.key, status, storedAtWallMs: nowWallMs, headers: keptHeaders(headers), body },
    etag: firstValue(headers, 'etag') ?? '', lastModified: firstValue(headers, 'last-modified') ?? '',
  }
}

function missing(why: string, dropCopy: boolean): VisitResult {
  return { kind: 'missing', why, dropCopy }
}
