import { createHash } from 'node:crypto'
import { isHtml } from './page-text.ts'

/**
 * Under which file each address lies in an export, so that any web server that knows nothing but files serves it: pages as index.html of a folder (the
 * address /news then still works), everything else under a name whose ending says its type. What differs only behind the question mark gets a short hash.
 * Never: a name outside the folder, a name a file system refuses, two addresses in one file.
 */

/** Of one part of a path, in bytes of UTF-8; file systems allow 255. */
const LONGEST_NAME_BYTES = 200
const endings: Readonly<Record<string, string>> = {
  'text/css': 'css', 'text/javascript': 'js', 'application/javascript': 'js', 'application/x-javascript': 'js', 'application/json': 'json', 'text/plain': 'txt', 'text/calendar': 'ics', 'text/csv': 'csv',
  'application/xml': 'xml', 'text/xml': 'xml', 'application/rss+xml': 'rss', 'application/atom+xml': 'atom', 'application/manifest+json': 'webmanifest', 'application/pdf': 'pdf', 'application/zip': 'zip',
  'image/png': 'png', 'image/jpeg': 'jpg', 'image/gif': 'gif', 'image/webp': 'webp', 'image/avif': 'avif', 'image/svg+xml': 'svg', 'image/x-icon': 'ico', 'image/vnd.microsoft.icon': 'ico',
  'font/woff': 'woff', 'font/woff2': 'woff2', 'font/ttf': 'ttf', 'font/otf': 'otf', 'audio/mpeg': 'mp3', 'video/mp4': 'mp4', 'video/webm': 'webm', 'application/wasm': 'wasm', 'application/gzip': 'gz',
}
/** Endings that a static server takes for a page, or that name a program. */
const ofPages: ReadonlySet<string> = new Set(['html', 'htm', 'xhtml'])
const ofPrograms: ReadonlySet<string> = new Set(['php', 'php5', 'phtml', 'asp', 'aspx', 'jsp', 'jspx', 'do', 'action', 'cgi', 'pl', 'cfm', 'html', 'htm', 'xhtml', 'shtml'])

export class StaticNames {
  readonly #files = new Map<string, string>()
  readonly #taken = new Set<string>()
  readonly #folders = new Set<string>()

  /** The file of an address, relative to the export's folder; the same for the same key. `root`: folder of its site, '' or `host/`. */
  add(key: string, target: string, mediaType: string, isPage: boolean, root: string): string {
    const known = this.#files.get(key)
    if (known !== undefined) return known
    const name = this.#free(`${root}${wishedName(target, mediaType, isPage)}`, key, ending(mediaType, isPage))
    this.#files.set(key, name)
    this.#taken.add(name)
    for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) this.#folders.add(name.slice(0, at))
    return name
  }

  of(key: string): string | undefined {
    return this.#files.get(key)
  }

  #free(wished: string, key: string, end: string): string {
    if (this.#isFree(wished)) return wished
    return `_polder/${shortHash(key)}.${end}`
  }

  /** Neither a file nor a folder of that name is there, and no file stands where one of its folders would be. */
  #isFree(name: string): boolean {
    if (this.#taken.has(name) || this.#folders.has(name)) return false
    for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) if (this.#taken.has(name.slice(0, at))) return false
    return true
  }
}

function wishedName(target: string, mediaType: string, isPage: boolean): string {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const parts = path.split('/').slice(1).map(fileName)
  const last = parts.pop() ?? ''
  const end = ending(mediaType, isPage)
  const given = /\.([a-z0-9]{1,12})$/i.exec(last)?.[1].toLowerCase() ?? ''
  let name: string
  if (isPage) name = last === '' ? 'index.html' : ofPages.has(given) && given !== 'xhtml' ? last : `${last}/index.html`
  else if (last === '') name = `index.${end}`
  else name = given !== '' && !ofPrograms.has(given) ? last : `${last}.${end}`
  if (mark !== -1) {
    const dot = name.lastIndexOf('.')
    name = `${name.slice(0, dot)}.q-${shortHash(target.slice(mark + 1))}${name.slice(dot)}`
  }
  return [...parts.filter((part) => part !== ''), name].join('/')
}

function ending(mediaType: string, isPage: boolean): string {
  return isPage || isHtml(mediaType) ? 'html' : (endings[mediaType] ?? 'bin')
}

/** One part of a path as a file's name: decoded as a server decodes it; what no file system takes becomes a hash. */
function fileName(part: string): string {
  if (part === '') return ''
  let name: string
  try {
    name = decodeURIComponent(part)
  } catch {
    name = part
  }
  // oxlint-disable-next-line no-control-regex -- exactly these must not be in a file's name
  if (/[\u0000-\u001f\u007f/\\:*?"<>|]/.test(name) || name === '.' || name === '..' || name.startsWith('_polder') || Buffer.byteLength(name) > LONGEST_NAME_BYTES) return `p-${shortHash(part)}`
  return name
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** From one file of the export to another, as an address. */
export function relativeAddress(from: string, to: string): string {
  const here = from.split('/').slice(0, -1)
  const there = to.split('/')
  let same = 0
  while (same < here.length && same < there.length - 1 && here[same] === there[same]) same++
  const steps = [...Array.from({ length: here.length - same }, () => '..'), ...there.slice(same).map(encodePart)]
  // A first part with a colon would read as a scheme.
  return steps[0].includes(':') ? `./${steps.join('/')}` : steps.join('/')
}

/** Also what would end an address in a style sheet. */
function encodePart(part: string): string {
  return encodeURIComponent(part).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}
