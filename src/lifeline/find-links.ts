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

/** The address in `5; url=/there`, or ''. */
export function refreshTarget(content: string): string {
  return /^\s*[\d.]*\s*[;,]?\s*url\s*=\s*(["']?)(.*?)\1\s*$/i.exec(content)?.[2] ?? ''
}

export interface Span {
  readonly reference: string
  /** Of the address in the text. */
  readonly from: number
  readonly to: number
}

/** Addresses in `a.png 1x, b.png 2x`. */
export function srcsetParts(text: string): readonly Span[] {
  const found: Span[] = []
  for (const match of text.matchAll(/(?:^|,)?\s*([^\s,](?:[^\s]*[^\s,])?)(?:\s+[\d.]+[wxh])*\s*(?=,|$)/g)) {
    const from = match.index + match[0].indexOf(match[1])
    found.push({ reference: match[1], from, to: from + match[1].length })
  }
  return found
}

/** Addresses in url(…) and @import; comments may hold some too, which costs one request for nothing. */
export function cssReferences(text: string): readonly Span[] {
  const found: Span[] = []
  for (const match of text.matchAll(/url\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^"'()\s]*))\s*\)|@import\s+(?:"([^"\n]*)"|'([^'\n]*)')/gdi)) {
    for (let group = 1; group <= 5; group++) {
      const span = match.indices![group]
      if (span === undefined) continue
      const reference = match[group].replaceAll(/\\(.)/g, '$1')
      if (reference !== '' && !/^data:/i.test(reference)) found.push({ reference, from: span[0], to: span[1] })
    }
  }
  return found
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
      if (open) loc += piece
    },
    onClose(name) {
      if (name === 'loc' && loc.trim() !== '' && found.length < MOST_LINKS * 3) found.push(withoutEntities(loc.trim()))
      open = false
    },
  }, true)
  return found
}

/** The five entities that XML has. */
function withoutEntities(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|apos|#38|#x26);/gi, (_whole, name: string) => ({ lt: '<', gt: '>', quot: '"', apos: "'" })[name.toLowerCase()] ?? '&')
}
