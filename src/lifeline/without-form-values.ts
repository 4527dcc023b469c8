import { escapeHtml } from '../kernel/escape-html.ts'
import { attributeOf, hasAttribute, passOverHtml, Replacements } from './html-pass.ts'
import { withoutSessionIds } from './session-ids.ts'

/**
 * Why: a hidden field may hold a token that was made for one session; it must not lie on disk for months, nor be shown to everybody.
 * What: the value of every hidden and password field, and of meta fields named like a token, becomes empty before a copy is written. Nobody can send the
 * forms of a copy anyway. Ids of sessions leave the addresses of links and forms (session-ids.ts). What a script holds stays as it is: the crawl asks without
 * cookies, so a token in it was made for the crawl's own session and for no visitor's. Never: anything a reader sees.
 */
const TOKEN_NAME = /csrf|xsrf|token|nonce|session/i

const addressAttributes: ReadonlySet<string> = new Set(['href', 'src', 'action', 'formaction'])

export function withoutFormValues(html: string): string {
  const replacements = new Replacements()
  passOverHtml(html, {
    onTag(tag) {
      const type = attributeOf(tag, 'type').toLowerCase()
      const secretField = tag.name === 'input' && (type === 'hidden' || type === 'password') && hasAttribute(tag, 'value')
      const secretMeta = tag.name === 'meta' && TOKEN_NAME.test(attributeOf(tag, 'name')) && hasAttribute(tag, 'content')
      for (const one of tag.attributes) {
        if (one.from === -1 || !addressAttributes.has(one.name)) continue
        const address = withoutSessionIds(one.value)
        // Not ASCII: an entity and a byte of the page's own encoding cannot be told apart any more, so such an address is left as it is.
        // oxlint-disable-next-line no-control-regex -- ASCII is meant
        if (address !== one.value && /^[\u0000-\u007f]*$/.test(address)) replacements.add(one.from, one.to, `"${escapeHtml(address)}"`)
      }
      if (!secretField && !secretMeta) return
      for (const one of tag.attributes) if (one.name === (secretMeta ? 'content' : 'value') && one.from !== -1) replacements.add(one.from, one.to, '""')
    },
  })
  return replacements.applyTo(html)
}
