/** A page or a style sheet with its addresses replaced, and nothing else touched. Pure; texts have one character per byte (page-text.ts). */
import { cssReferences, refreshTarget, srcsetParts } from './find-links.ts'
import { attributeOf, hasAttribute, passOverHtml, Replacements } from './html-pass.ts'

/** The new address (ASCII) for one as written, or null: leave it. */
export type Readdress = (reference: string) => string | null

const addresses: ReadonlySet<string> = new Set(['href', 'src', 'poster', 'data', 'background', 'xlink:href', 'cite', 'longdesc'])

/** `charset`: what the answer's header said, '' for nothing; written into a page that does not say it itself, because a static server will not. */
export function rewriteHtml(text: string, readdress: Readdress, charset: string): string {
  const replacements = new Replacements()
  let headEnd = -1
  let saysCharset = false
  passOverHtml(text, {
    onTag(tag) {
      if (tag.name === 'head' && headEnd === -1) headEnd = tag.to
      if (tag.name === 'meta' && (hasAttribute(tag, 'charset') || attributeOf(tag, 'http-equiv').toLowerCase() === 'content-type')) saysCharset = true
      if (tag.name === 'base') {
        replacements.add(tag.from, tag.to, '')
        return
      }
      for (const one of tag.attributes) {
        if (one.from === -1) continue
        const put = (value: string): void => replacements.add(one.from, one.to, `"${escaped(value)}"`)
        if (addresses.has(one.name) && (one.name !== 'data' || tag.name === 'object')) {
          const next = readdress(one.value)
          if (next !== null) put(next)
        } else if (one.name === 'srcset' || one.name === 'imagesrcset') put(replaced(one.value, srcsetParts(one.value), readdress))
        else if (one.name === 'style') put(rewriteCss(one.value, readdress))
        else if (one.name === 'integrity' && tag.name === 'link') put('')
        else if (one.name === 'content' && tag.name === 'meta' && attributeOf(tag, 'http-equiv').toLowerCase() === 'refresh') {
          const to = refreshTarget(one.value)
          const next = to === '' ? null : readdress(to)
          if (next !== null) put(`${Number.parseFloat(one.value) || 0};url=${next}`)
        }
      }
    },
    onText(piece, from, inside) {
      if (inside !== 'style') return
      const next = rewriteCss(piece, readdress)
      if (next !== piece) replacements.add(from, from + piece.length, next)
    },
  })
  if (charset !== '' && !saysCharset && headEnd !== -1) replacements.add(headEnd, headEnd, `<meta charset="${escaped(charset)}">`)
  return replacements.applyTo(text)
}

export function rewriteCss(text: string, readdress: Readdress): string {
  return replaced(text, cssReferences(text), readdress)
}

function replaced(text: string, spans: ReturnType<typeof cssReferences>, readdress: Readdress): string {
  const replacements = new Replacements()
  for (const { reference, from, to } of spans) {
    const next = readdress(reference)
    if (next !== null) replacements.add(from, to, next)
  }
  return replacements.applyTo(text)
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
