import { attributeOf, hasAttribute, passOverHtml, Replacements } from './html-pass.ts'

/**
 * Why: a hidden field may hold a token that was made for one session; it must not lie on disk for months, nor be shown to everybody.
 * What: the value of every hidden and password field, and of meta fields named like a token, becomes empty before a copy is written. Nobody can send the
 * forms of a copy anyway. Never: anything a reader sees.
 */
const TOKEN_NAME = /csrf|xsrf|token|nonce|session/i

export function withoutFormValues(html: string): string {
  const replacements = new Replacements()
  passOverHtml(html, {
    onTag(tag) {
      const type = attributeOf(tag, 'type').toLowerCase()
      const secretField = tag.name === 'input' && (type === 'hidden' || type === 'password') && hasAttribute(tag, 'value')
      const secretMeta = tag.name === 'meta' && TOKEN_NAME.test(attributeOf(tag, 'name')) && hasAttribute(tag, 'content')
      if (!secretField && !secretMeta) return
      for (const one of tag.attributes) if (one.name === (secretMeta ? 'content' : 'value') && one.from !== -1) replacements.add(one.from, one.to, '""')
    },
  })
  return replacements.applyTo(html)
}
