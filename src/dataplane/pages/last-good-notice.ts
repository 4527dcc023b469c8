import { chooseLanguage } from './choose-language.ts'
import { HtmlTags } from './html-tags.ts'
import { lastGoodWords } from './last-good-words.ts'
import { type Language, languages } from './words/languages.ts'

/**
 * Puts the date on a copy of a page, and says at each form that it does not work.
 * Why so plain: the page's own Content-Security-Policy may forbid every style and script, and its own style sheet must still look right around us. So: a labelled
 * section at the top of the body, a table for its background (bgcolor is markup, no style), text in ASCII with character references, which reads the same in
 * every encoding that holds ASCII. A form keeps its looks; its fields are disabled and it sends nothing (the first of two equal attributes counts).
 * A site that keeps its tables narrow gets the notice in the middle.
 * Never: touch anything else of the page; a page in UTF-16, a frameset or a piece of HTML without a head stays as it is.
 */

export interface NoticeFacts {
  /** When the origin last vouched for the copy. */
  readonly wallMs: number
  /** The reader's Accept-Language, for pages that do not name their own language. */
  readonly acceptLanguage: string
  /** The origin cannot take what a form would send. */
  readonly closed: boolean
  /** application/xhtml+xml: no attribute may occur twice. */
  readonly xhtml: boolean
  /** IANA name; left out: the machine's. */
  readonly timeZone?: string
}

/** Dark text on a light ground, 13:1, in light and dark pages alike. */
const BACKGROUND = '#fff4cc'
const TEXT = '#1b1f24'
const inHead: ReadonlySet<string> = new Set(['html', 'head', 'title', 'meta', 'link', 'base', 'style', 'script', 'noscript', 'template'])
const controls: ReadonlySet<string> = new Set(['input', 'button', 'select', 'textarea'])
const formats = new Map<string, Intl.DateTimeFormat>()

/** `html`: one character per byte. Null: no page that could carry a notice. */
export function withNotice(html: string, facts: NoticeFacts): string | null {
  if (html.startsWith('\xff\xfe') || html.startsWith('\xfe\xff')) return null
  const tags = new HtmlTags(html)
  const { tag } = tags
  const parts: string[] = []
  let copied = 0
  let language: Language | null = null
  let whole = /^[\s\xef\xbb\xbf]*<!doctype/i.test(html.slice(0, 200))
  let noticed = false
  let inForm = false
  const put = (at: number, text: string): void => {
    parts.push(html.slice(copied, at), text)
    copied = at
  }
  const words = () => lastGoodWords[(language ??= chooseLanguage(facts.acceptLanguage))]

  while (tags.next()) {
    if (tag.name === 'html' && !tag.isEnd) {
      whole = true
      language ??= languageOf(html.slice(tag.nameTo, tag.to))
    }
    if (tag.name === 'frameset') return null
    if (!noticed) {
      const at = tag.name === 'body' && !tag.isEnd ? tag.to : tag.name === 'head' && tag.isEnd ? -1 : !tag.isEnd && !inHead.has(tag.name) ? tag.from : -1
      if (at !== -1) {
        if (!whole && tag.name !== 'body') return null
        language ??= chooseLanguage(facts.acceptLanguage)
        put(at, noticeHtml(language, facts))
        noticed = true
      }
    }
    if (!facts.closed) continue
    if (tag.name === 'form') {
      inForm = !tag.isEnd
      if (tag.isEnd) continue
      if (!facts.xhtml) put(tag.nameTo, ' method="dialog" action=""')
      put(tag.to, `<small lang="${language}" dir="ltr">${ascii(words().form)}&#160;</small>`)
    } else if (!tag.isEnd && controls.has(tag.name)) {
      const attributes = html.slice(tag.nameTo, tag.to)
      if ((inForm || /\sform\s*=/i.test(attributes)) && !/\sdisabled[\s=/>]/i.test(attributes)) put(tag.nameTo, ' disabled="disabled"')
    }
  }
  if (!noticed) return null
  parts.push(html.slice(copied))
  return parts.join('')
}

function noticeHtml(language: Language, facts: NoticeFacts): string {
  const { title, notice } = lastGoodWords[language]
  const [before, after] = notice.split('{t}')
  const time = `<time datetime="${new Date(facts.wallMs).toISOString()}">${ascii(formatOf(language, facts.timeZone).format(facts.wallMs))}</time>`
  return (
    `<section role="region" aria-label="${ascii(title)}" lang="${language}" dir="ltr" id="polder-saved-copy"><table role="presentation" width="100%" align="center" border="0" cellspacing="0" cellpadding="12" bgcolor="${BACKGROUND}">` +
    `<tbody><tr><td bgcolor="${BACKGROUND}"><font color="${TEXT}"><strong>${ascii(title)}.</strong> ${ascii(before)}${time}${ascii(after ?? '')}</font></td></tr></tbody></table></section>`
  )
}

/** The primary language that the page names, when we speak it. */
function languageOf(attributes: string): Language | null {
  const code = /\s(?:xml:)?lang\s*=\s*["']?([a-z]{2})\b/i.exec(attributes)?.[1].toLowerCase()
  return code !== undefined && Object.hasOwn(languages, code) ? (code as Language) : null
}

function formatOf(language: Language, timeZone: string | undefined): Intl.DateTimeFormat {
  const name = `${language} ${timeZone ?? ''}`
  let format = formats.get(name)
  if (format === undefined) {
    // As it is written in the Union: English of Ireland, Portuguese of Portugal.
    format = new Intl.DateTimeFormat(language === 'en' ? 'en-IE' : language === 'pt' ? 'pt-PT' : language, { year: 'numeric', month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short', timeZone })
    formats.set(name, format)
  }
  return format
}

/** As it can stand in any page: ASCII, and nothing that is markup. */
function ascii(text: string): string {
  let out = ''
  for (const char of text) {
    const code = char.codePointAt(0)!
    out += code > 0x7e || code < 0x20 || char === '&' || char === '<' || char === '>' || char === '"' ? `&#${code};` : char
  }
  return out
}
