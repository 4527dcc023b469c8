/**
 * What all our pages have in common: one style, the institution's name and contact, the choice of language. No script but one, no picture but the logo,
 * nothing fetched from anywhere: such a page must work when nothing else does. WCAG 2.2 AA in light and dark, at 400 %, with forced colours, without CSS.
 */
import { createHash } from 'node:crypto'
import { escapeHtml } from '../../kernel/escape-html.ts'
import { DARK_BACKGROUND, LIGHT_BACKGROUND, type SiteSettings } from './options.ts'
import { type Language, languageCodes, languages } from './words/languages.ts'

export class PageFrame {
  readonly #site: SiteSettings
  readonly #style: string
  readonly #styleHash: string

  constructor(site: SiteSettings) {
    this.#site = site
    this.#style = styleOf(site)
    this.#styleHash = sourceHash(this.#style)
  }

  /** Everything before the content of <main>. */
  top(language: Language, title: string): string {
    const { name, logo } = this.#site
    const picture = logo === '' ? '' : `<img src="${logo}" alt="" height="48">`
    const header = name === '' && logo === '' ? '' : `<header><p>${picture}${escapeHtml(name)}</p></header>`
    return (
      `<!doctype html><html lang="${language}" dir="ltr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">` +
      `<title>${escapeHtml(name === '' ? title : `${title} – ${name}`)}</title><style>${this.#style}</style></head><body>${header}<main><h1>${escapeHtml(title)}</h1>`
    )
  }

  /** Everything behind the content of <main>. `choice`: of the language, or ''. */
  bottom(language: Language, choice: string, script: string): string {
    const { contact } = this.#site
    const where = contact === '' ? '' : `<p>${languages[language].contact}: ${contactLink(contact)}</p>`
    const footer = choice === '' && where === '' ? '' : `<footer>${where}${choice}</footer>`
    return `</main>${footer}${script === '' ? '' : `<script>${script}</script>`}</body></html>`
  }

  /** Content-Security-Policy of a page with this script ('' for none). By hash: stricter than a nonce, which a page that is sent twice would repeat. */
  policy(scriptHash: string): string {
    const script = scriptHash === '' ? '' : `; script-src ${scriptHash}; worker-src blob:`
    return `default-src 'none'; style-src ${this.#styleHash}; img-src data:; form-action 'self'; base-uri 'none'${script}`
  }
}

/** The same address is asked again; its query, which a form sent by GET replaces, comes back from the Referer (challenge/clearance.ts). `mark` stands behind the language. */
export function languageByReload(language: Language, mark: string): string {
  const { language: word, name } = languages[language]
  const buttons = languageCodes.map((code) => `<button name="polder-lang" value="${code}${mark}" lang="${code}"${code === language ? ' aria-current="true"' : ''}>${languages[code].name}</button>`)
  return `<details><summary>${word}: ${name}</summary><form method="get"><p>${buttons.join(' ')}</p></form></details>`
}

/** The form `#go` is sent, with all that it holds, to the same address in another language. */
export function languageByForm(language: Language, reference: string): string {
  const { language: word, name } = languages[language]
  const action = escapeHtml(`${reference}&polder-lang=`)
  const buttons = languageCodes.map((code) => `<button form="go" formaction="${action}${code}" lang="${code}"${code === language ? ' aria-current="true"' : ''}>${languages[code].name}</button>`)
  return `<details><summary>${word}: ${name}</summary><p>${buttons.join(' ')}</p></details>`
}

export function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

function contactLink(contact: string): string {
  const text = escapeHtml(contact)
  if (/^https:\/\/\S+$/.test(contact)) return `<a href="${text}">${text}</a>`
  if (/^[^\s@<>"]+@[^\s@<>"]+$/.test(contact)) return `<a href="mailto:${text}">${text}</a>`
  if (/^\+?[0-9][0-9 ()/-]{4,}$/.test(contact)) return `<a href="tel:${contact.replace(/[^0-9+]/g, '')}">${text}</a>`
  return text
}

function styleOf({ accentColour, accentDarkColour }: SiteSettings): string {
  return (
    `:root{color-scheme:light dark;--a:${accentColour};--t:#1b1f24;--b:${LIGHT_BACKGROUND};--m:#545b64}` +
    `@media(prefers-color-scheme:dark){:root{--a:${accentDarkColour};--t:#e8eaed;--b:${DARK_BACKGROUND};--m:#a9b1bb}}` +
    '*{box-sizing:border-box}body{font:1.1rem/1.6 system-ui,sans-serif;color:var(--t);background:var(--b);max-width:36rem;margin:0 auto;padding:6vh 1.2rem 2rem;overflow-wrap:anywhere}' +
    'header p{display:flex;align-items:center;gap:.8rem;font-weight:600;margin:0 0 2rem}h1{font-size:1.6rem;line-height:1.25}a{color:var(--a)}' +
    '.go{display:inline-block;font:inherit;background:var(--a);color:var(--b);border:2px solid var(--a);border-radius:.3rem;padding:.5rem 1.2rem;text-decoration:none;cursor:pointer}' +
    'progress{width:100%;height:1rem;accent-color:var(--a)}footer,small{color:var(--m)}footer{margin-top:3rem;border-top:1px solid;padding-top:1rem;font-size:1rem}' +
    'summary{cursor:pointer;padding:.3rem 0}footer button{font:inherit;color:var(--t);background:var(--b);border:1px solid var(--m);border-radius:.3rem;padding:.3rem .6rem;margin:.1rem 0;cursor:pointer}footer [aria-current]{border:2px solid;font-weight:600}' +
    ':focus-visible{outline:3px solid var(--a);outline-offset:3px}'
  )
}
