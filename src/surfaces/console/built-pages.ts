/** The built app, read into memory at start: a request never reaches the disk. Without a built app there is one page that says so. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

const types: Readonly<Record<string, string>> = Object.freeze({
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.png': 'image/png', '.ico': 'image/x-icon', '.woff2': 'font/woff2',
  '.json': 'application/json', '.webmanifest': 'application/manifest+json', '.txt': 'text/plain; charset=utf-8',
})
const packed: ReadonlySet<string> = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest', '.txt'])
const MOST_FILES = 256
const MOST_BYTES = 8 * 1_048_576

export interface BuiltPage {
  readonly type: string
  readonly bytes: Buffer
  /** null: not worth packing. */
  readonly gzip: Buffer | null
  readonly tag: string
  /** Its name changes with its content. */
  readonly hashed: boolean
}

const NOT_BUILT = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Polder</title><p>The console of this Polder was not built. Run <code>script/console-build</code> and start Polder again. Visitors are served; <code>polder status</code> shows what it does.</p></html>\n'

/** By path: `/` is index.html, the rest of the flat folder lies under /assets/. */
export function readBuiltPages(folder: string): ReadonlyMap<string, BuiltPage> {
  const pages = new Map<string, BuiltPage>()
  let names: string[] = []
  try {
    names = readdirSync(folder).filter((name) => types[extname(name)] !== undefined && statSync(join(folder, name)).isFile())
  } catch {
    // Not built.
  }
  let total = 0
  for (const name of names.slice(0, MOST_FILES)) {
    const bytes = readFileSync(join(folder, name))
    total += bytes.length
    if (total > MOST_BYTES) break
    pages.set(name === 'index.html' ? '/' : `/assets/${name}`, pageOf(bytes, extname(name), /-[\w-]{8,}\.\w+$/.test(name)))
  }
  if (!pages.has('/')) pages.set('/', pageOf(Buffer.from(NOT_BUILT), '.html', false))
  return pages
}

function pageOf(bytes: Buffer, end: string, hashed: boolean): BuiltPage {
  return { type: types[end]!, bytes, gzip: packed.has(end) ? gzipSync(bytes, { level: 9 }) : null, tag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 16)}"`, hashed }
}
