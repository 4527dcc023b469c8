/**
 * The status page as files: one page a language, earlier statements on pages of their own, an Atom feed a language, and JSON. No script, no picture, nothing
 * fetched; each page at most 30 kB, so that it can be read over a bad line while everybody reads it. Pure: the same board gives the same bytes.
 */
import { createHash } from 'node:crypto'
import type { ComponentState, Statement, StatusBoard } from '../../contract/statement.ts'
import { escapeHtml } from '../../kernel/escape-html.ts'
import { minuteText } from '../../kernel/zoned-time.ts'
import { pageWordsOf } from './page-words.ts'

export const LARGEST_PAGE_BYTES = 30_000
/** What stands around the statements of a page takes at most this much (measured: 4 kB). */
const FRAME_BYTES = 6_000
const FEED_ENTRIES = 20

export interface StatusSite {
  readonly name: string
  readonly contact: string
  /** In which times are written. */
  readonly timeZone: string
}

export interface StatusFile {
  readonly contentType: string
  readonly body: string
}

const STYLE = `:root{color-scheme:light dark;--t:#1b1f24;--b:#fff;--m:#545b64;--a:#1a4f8b;--l:#c9ced4}
@media(prefers-color-scheme:dark){:root{--t:#e8eaed;--b:#16181d;--m:#a9b1bb;--a:#9ec5ff;--l:#444b54}}
body{font:1.1rem/1.6 system-ui,sans-serif;color:var(--t);background:var(--b);max-width:44rem;margin:0 auto;padding:1.5rem 1rem;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.25}h2{font-size:1.3rem;margin-top:2.2rem}h3{font-size:1.15rem;margin-bottom:.2rem}h4{font-size:1rem;margin:.8rem 0 0}
table{border-collapse:collapse;width:100%;overflow-wrap:break-word}caption{text-align:left;color:var(--m)}th,td{text-align:left;padding:.4rem .6rem .4rem 0;border-bottom:1px solid var(--l);vertical-align:top}
p{margin:.2rem 0 .6rem}a{color:var(--a)}article{border-top:1px solid var(--l);padding-top:.4rem}footer,time{color:var(--m)}footer{margin-top:3rem;border-top:1px solid var(--l);padding-top:1rem}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1rem}nav a{padding:.2rem 0;display:inline-block}[aria-current]{font-weight:600;color:var(--t);text-decoration:none}small{display:block}.ok::before{content:"\\2713\\00a0"}.bad::before{content:"!\\00a0";font-weight:700}:focus-visible{outline:3px solid var(--a);outline-offset:3px}`
/** Sent as a header by Polder and kept as a tag for servers that know nothing of it. */
export const STATUS_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`

/** By file name; `index.html` is the page of the first language. Published statements only, newest first. */
export function statusFiles(board: StatusBoard, site: StatusSite, nowWallMs: number): ReadonlyMap<string, StatusFile> {
  const files = new Map<string, StatusFile>()
  const published = board.statements.filter((one) => one.stage === 'published').toSorted((a, b) => b.publishedAtWallMs! - a.publishedAtWallMs!)
  for (const [index, language] of board.languages.entries()) {
    for (const [page, statements] of pagesOf(published, language, site.timeZone).entries()) {
      const body = pageHtml({ board, site, nowWallMs, language, statements, page, pages: pagesOf(published, language, site.timeZone).length })
      files.set(pageName(language, page), { contentType: 'text/html; charset=utf-8', body })
      if (index === 0 && page === 0) files.set('index.html', { contentType: 'text/html; charset=utf-8', body })
    }
    files.set(`feed-${language}.atom`, { contentType: 'application/atom+xml; charset=utf-8', body: atomFeed(published.slice(0, FEED_ENTRIES), site, language, nowWallMs) })
  }
  files.set('status.json', { contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(statusJson(board, published, site, nowWallMs), null, 1)}\n` })
  return files
}

function pageName(language: string, page: number): string {
  return page === 0 ? `${language}.html` : `${language}-${page + 1}.html`
}

/** As many statements on each page as fit; at least one. */
function pagesOf(statements: readonly Statement[], language: string, timeZone: string): Array<readonly Statement[]> {
  const pages: Statement[][] = [[]]
  let bytes = 0
  for (const statement of statements) {
    const size = Buffer.byteLength(articleHtml(statement, language, timeZone))
    if (pages.at(-1)!.length > 0 && bytes + size > LARGEST_PAGE_BYTES - FRAME_BYTES) {
      pages.push([])
      bytes = 0
    }
    pages.at(-1)!.push(statement)
    bytes += size
  }
  return pages
}

interface PageParts {
  readonly board: StatusBoard
  readonly site: StatusSite
  readonly nowWallMs: number
  readonly language: string
  readonly statements: readonly Statement[]
  readonly page: number
  readonly pages: number
}

function pageHtml({ board, site, nowWallMs, language, statements, page, pages }: PageParts): string {
  const { words, language: own } = pageWordsOf(language)
  const title = site.name === '' ? words.title : `${words.title}: ${site.name}`
  const heading = page === 0 ? words.statements : words.earlier
  const others = board.languages.length < 2 ? '' : `<nav aria-label="${escapeHtml(words.languages)}"><ul>${board.languages
    .map((code) => `<li><a href="${code}.html" hreflang="${code}" lang="${code}"${code === language ? ' aria-current="true"' : ''}>${escapeHtml(languageName(code))}</a></li>`).join('')}</ul></nav>`
  const parts = page > 0 ? '' : `<h2>${escapeHtml(words.parts)}</h2>
<table><thead><tr><th scope="col">${escapeHtml(words.part)}</th><th scope="col">${escapeHtml(words.state)}</th></tr></thead><tbody>
${board.components.map(({ name, state, sinceWallMs }) => `<tr><th scope="row">${escapeHtml(words.components[name])}</th><td class="${state === 'works' ? 'ok' : 'bad'}">${escapeHtml(words.states[state])}${sinceWallMs === 0 ? '' : `<small>${escapeHtml(words.since)}: ${timeHtml(sinceWallMs, site.timeZone)}</small>`}</td></tr>`).join('\n')}
</tbody></table>
`
  const links = [
    page > 0 ? `<p><a href="${pageName(language, 0)}">${escapeHtml(words.back)}</a></p>` : '',
    page + 1 < pages ? `<p><a href="${pageName(language, page + 1)}" rel="next">${escapeHtml(words.earlier)}</a></p>` : '',
  ].join('')
  return `<!doctype html>
<html lang="${own}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${STATUS_POLICY}">
<title>${escapeHtml(title)}</title>
<link rel="alternate" type="application/atom+xml" title="${escapeHtml(words.feed)}" href="feed-${language}.atom">
<style>${STYLE}</style>
</head>
<body>
<header>${site.name === '' ? '' : `<p>${escapeHtml(site.name)}</p>`}${others}</header>
<main>
<h1>${escapeHtml(words.title)}</h1>
${parts}<h2>${escapeHtml(heading)}</h2>
${statements.length === 0 ? `<p>${escapeHtml(words.none)}</p>` : statements.map((one) => articleHtml(one, language, site.timeZone)).join('\n')}
${links}
</main>
<footer>
<p>${escapeHtml(words.updated)}: ${timeHtml(nowWallMs, site.timeZone)}. <a href="feed-${language}.atom">${escapeHtml(words.feed)}</a></p>
${site.contact === '' ? '' : `<p>${escapeHtml(words.contact)}: ${escapeHtml(site.contact)}</p>`}
</footer>
</body>
</html>
`
}

/** In the language asked for, or as it was written, marked as such. */
function textIn(statement: Statement, language: string): Statement['texts'][number] {
  return statement.texts.find((one) => one.language === language) ?? statement.texts[0]!
}

function articleHtml(statement: Statement, language: string, timeZone: string): string {
  const { words } = pageWordsOf(language)
  const text = textIn(statement, language)
  const lang = text.language === language ? (pageWordsOf(language).language === language ? '' : ` lang="${language}"`) : ` lang="${escapeHtml(text.language)}"`
  const note = text.language === language ? '' : `<p>${escapeHtml(words.onlyIn)}</p>`
  const rows: ReadonlyArray<readonly ['know' | 'notKnown' | 'doing' | 'next', string]> = [['know', text.know], ['notKnown', text.notKnown], ['doing', text.doing], ['next', text.next]]
  return `<article id="s-${escapeHtml(statement.id)}">
<h3${lang}>${escapeHtml(text.title)}</h3>
<p>${escapeHtml(words.published)}: ${timeHtml(statement.publishedAtWallMs!, timeZone)}</p>${note}
${rows.filter(([, said]) => said !== '').map(([name, said]) => `<h4>${escapeHtml(words[name])}</h4>${said.split(/\n{2,}/).map((part) => `<p${lang}>${escapeHtml(part).replaceAll('\n', '<br>')}</p>`).join('')}`).join('\n')}
</article>`
}

function timeHtml(wallMs: number, timeZone: string): string {
  const iso = new Date(wallMs).toISOString()
  return `<time datetime="${iso.slice(0, 19)}Z">${escapeHtml(minuteText(wallMs, timeZone))}</time>`
}

function languageName(code: string): string {
  try {
    return new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}

function atomFeed(statements: readonly Statement[], site: StatusSite, language: string, nowWallMs: number): string {
  const { words } = pageWordsOf(language)
  const updated = statements[0]?.publishedAtWallMs ?? nowWallMs
  const id = (what: string): string => `urn:uuid:${uuidOf(`polder-status:${site.name}:${what}`)}`
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="${language}">
<id>${id(language)}</id>
<title>${escapeHtml(site.name === '' ? words.title : `${words.title}: ${site.name}`)}</title>
<updated>${isoSecond(updated)}</updated>
<author><name>${escapeHtml(site.name === '' ? words.title : site.name)}</name></author>
<link rel="self" href="feed-${language}.atom"/>
<link rel="alternate" type="text/html" href="${language}.html"/>
${statements.map((one) => {
  const text = textIn(one, language)
  const body = ([['know', text.know], ['notKnown', text.notKnown], ['doing', text.doing], ['next', text.next]] as const).filter(([, said]) => said !== '').map(([name, said]) => `${words[name]}: ${said}`).join('\n\n')
  return `<entry xml:lang="${escapeHtml(text.language)}"><id>${id(`${one.id}:${language}`)}</id><title>${escapeHtml(text.title)}</title><updated>${isoSecond(one.publishedAtWallMs!)}</updated><link rel="alternate" type="text/html" href="${language}.html#s-${escapeHtml(one.id)}"/><content type="text">${escapeHtml(body)}</content></entry>`
}).join('\n')}
</feed>
`
}

function isoSecond(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`
}

/** A name in a place of our own, in the form of a version 8 UUID (RFC 9562 section 5.8). */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

interface StatusJson {
  readonly site: string
  readonly writtenAt: string
  readonly components: ReadonlyArray<{ readonly name: string; readonly state: ComponentState; readonly since: string | null; readonly automatic: boolean }>
  readonly statements: ReadonlyArray<{ readonly id: string; readonly publishedAt: string; readonly texts: Statement['texts'] }>
}

function statusJson(board: StatusBoard, published: readonly Statement[], site: StatusSite, nowWallMs: number): StatusJson {
  return {
    site: site.name,
    writtenAt: isoSecond(nowWallMs),
    components: board.components.map(({ name, state, sinceWallMs, automatic }) => ({ name, state, since: sinceWallMs === 0 ? null : isoSecond(sinceWallMs), automatic })),
    statements: published.slice(0, FEED_ENTRIES).map(({ id, publishedAtWallMs, texts }) => ({ id, publishedAt: isoSecond(publishedAtWallMs!), texts })),
  }
}
