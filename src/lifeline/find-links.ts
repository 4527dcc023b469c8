/**
 * What a page names: other pages, and what it needs to look right. HTML (with its inline CSS), style sheets, sitemaps. Pure; addresses are still as written.
 * Scripts are not run: what only a script asks for is not found (docs/operator/lifeline.md says so).
 */
import { attributeOf, hasAttribute, passOverHtml, type HtmlTag } from './html-pass.ts'

export interface FoundLink {
  readonly reference: string
  /** Asset: the page that names it does not look right without it. */
  readonly kind: 'page' | 'asset'
}

export interface FoundOnPage {
  readonly links: readonly FoundLink[]
  /** <base href>, or ''. */
  readonly base: string
  /** <meta name="robots" content="noarchive">: its author wants no copy shown. */
  readonly noArchive: boolean
}

/** More are not taken from one page. */
const MOST_LINKS = 20_000

const needed: ReadonlySet<string> = new Set(['stylesheet', 'icon', 'apple-touch-icon', 'mask-icon', 'preload', 'modulepreload', 'manifest'])
const pages: ReadonlySet<string> = new Set(['alternate', 'next', 'prev', 'canonical', 'help', 'author', 'license', 'index', 'up'])

/** Attributes that hold the address of something the page needs. */
const assetAttributes: Readonly<Record<string, readonly string[]>> = {
  img: ['src'], source: ['src'], video: ['src', 'poster'], audio: ['src'], track: ['src'], script: ['src'], embed: ['src'], object: ['data'],
  input: ['src'], image: ['href', 'xlink:href'], use: ['href', 'xlink:href'], body: ['background'], td: ['background'], table: ['background'],
}
const pageAttributes: Readonly<Record<string, readonly string[]>> = { a: ['href'], area: ['href'], iframe: ['src'], frame: ['src'] }

export function findInHtml(text: string): FoundOnPage {
  const links: FoundLink[] = []
  let base = ''
  let noArchive = false
  let follow = true
  const add = (reference: string, kind: FoundLink['kind']): void => {
    if (reference !== '' && links.length < MOST_LINKS) links.push({ reference, kind })
  }
  passOverHtml(text, {
    onTag(tag) {
      if (tag.name === 'base' && base === '') base = attributeOf(tag, 'href')
      if (tag.name === 'meta') {
        const content = attributeOf(tag, 'content')
        if (/^(robots|polder-lifeline)$/i.test(attributeOf(tag, 'name'))) {
          noArchive ||= /\bnoarchive\b|\bnone\b/i.test(content)
          follow &&= !/\bnofollow\b|\bnone\b/i.test(content)
        }
        if (attributeOf(tag, 'http-equiv').toLowerCase() === 'refresh') add(refreshTarget(content), 'page')
      }
      if (tag.name === 'link') addLink(tag, add)
      for (const name of pageAttributes[tag.name] ?? []) if (!/\bnofollow\b/i.test(attributeOf(tag, 'rel'))) add(attributeOf(tag, name), 'page')
      for (const name of assetAttributes[tag.name] ?? []) add(attributeOf(tag, name), 'asset')
      for (const name of ['srcset', 'imagesrcset']) if (hasAttribute(tag, name)) for (const { reference } of srcsetParts(attributeOf(tag, name))) add(reference, 'asset')
      const style = attributeOf(tag, 'style')
      if (style !== '') for (const { reference } of cssReferences(style)) add(reference, 'asset')
    },
    onText(piece, _from, inside) {
      if (inside === 'style') for (const { reference } of cssReferences(piece)) add(reference, 'asset')
    },
  })
  return { links: follow ? links : links.filter((link) => link.kind === 'asset'), base, noArchive }
}

function addLink(tag: HtmlTag, add: (reference: string, kind: FoundLink['kind']) => void): void {
  const relations = attributeOf(tag, 'rel').toLowerCase().split(/\s+/)
  const href = attributeOf(tag, 'href')
  if (relations.some((one) => needed.has(one))) add(href, 'asset')
  else if (relations.some((one) => pages.has(one))) add(href, 'page')
}

/** The address in `5; url=/there`, or ''. Linear, as below: each part begins where the one before it ended, and none can end in more than one place. */
export function refreshTarget(content: string): string {
  const text = content.slice(0, LONGEST_REFERENCE).trim()
  let at = 0
  while (at < text.length && ((text[at] >= '0' && text[at] <= '9') || text[at] === '.')) at++
  while (at < text.length && isSpace(text, at)) at++
  if (text[at] === ';' || text[at] === ',') at++
  while (at < text.length && isSpace(text, at)) at++
  if (text.slice(at, at + 3).toLowerCase() !== 'url') return ''
  at += 3
  while (at < text.length && isSpace(text, at)) at++
  if (text[at] !== '=') return ''
  at++
  while (at < text.length && isSpace(text, at)) at++
  const quote = text[at]
  const quoted = (quote === '"' || quote === "'") && at < text.length - 1 && text.endsWith(quote)
  const found = quoted ? text.slice(at + 1, -1) : text.slice(at)
  return /[\n\r]/.test(found) ? '' : found
}

export interface Span {
  readonly reference: string
  /** Of the address in the text. */
  readonly from: number
  readonly to: number
}

/** Addresses in `a.png 1x, b.png 2x` (HTML standard, parse a srcset attribute). Linear: what writes a page also writes this. */
export function srcsetParts(text: string): readonly Span[] {
  const found: Span[] = []
  let at = 0
  while (at < text.length) {
    while (at < text.length && (isSpace(text, at) || text[at] === ',')) at++
    const from = at
    while (at < text.length && !isSpace(text, at)) at++
    let to = at
    while (to > from && text[to - 1] === ',') to--
    if (to > from) found.push({ reference: text.slice(from, to), from, to })
    // Commas behind the address end the candidate; otherwise its descriptors follow, up to the next comma.
    if (to === at) {
      const comma = text.indexOf(',', at)
      at = comma === -1 ? text.length : comma
    }
  }
  return found
}

/** Addresses in url(…) and @import; comments may hold some too, which costs one request for nothing. Linear, as above. */
export function cssReferences(text: string): readonly Span[] {
  const found: Span[] = []
  const opening = /url\(|@import(?=[\s"'])/gi
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const isUrl = match[0].length === 4
    let from = opening.lastIndex
    while (from < text.length && isSpace(text, from)) from++
    const quote = text[from] === '"' || text[from] === "'" ? text[from] : ''
    if (quote === '' && !isUrl) {
      opening.lastIndex = from
      continue
    }
    if (quote !== '') from++
    let to = from
    while (to < text.length && to - from < LONGEST_REFERENCE && !(quote === '' ? endsBareUrl(text, to) : text[to] === quote || text[to] === '\n')) to += text[to] === '\\' ? 2 : 1
    // A data: address may be longer; what follows it is looked at all the same.
    opening.lastIndex = Math.min(to, text.length)
    if (to >= text.length || to - from >= LONGEST_REFERENCE || text[to] === '\n') continue
    const reference = text.slice(from, to).replaceAll(/\\(.)/g, '$1')
    if (reference !== '' && !/^data:/i.test(reference)) found.push({ reference, from, to })
  }
  return found
}

/** Longer ones are data or no address. */
const LONGEST_REFERENCE = 4_096

function endsBareUrl(text: string, at: number): boolean {
  const char = text[at]
  return char === ')' || char === '(' || char === '"' || char === "'" || isSpace(text, at)
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d || code === 0x0c
}

/** Addresses in the <loc> of a sitemap or an index of sitemaps; null when the text is neither. */
export function findInSitemap(text: string): readonly string[] | null {
  if (!/<(?:\w+:)?(?:urlset|sitemapindex)[\s>]/.test(text.slice(0, 2_000))) return null
  const found: string[] = []
  let loc = ''
  let open = false
  passOverHtml(text, {
    onTag(tag) {
      open = tag.name === 'loc'
      loc = ''
    },
    onText(piece) {
      if (open && loc.length < LONGEST_REFERENCE) loc += piece
    },
    onEntity(char) {
      if (open) loc += char
    },
    onClose(name) {
      if (name === 'loc' && loc.trim() !== '' && found.length < MOST_LINKS * 3) found.push(loc.trim())
      open = false
    },
  }, true)
  return found
}
