/**
 * Writes the copies as a static site: files in folders, links between them relative, the date on every page, nothing that needs a server with a mind.
 * The folder appears whole or not at all: it is written beside its place and moved there. Never: a folder that is not an earlier export of ours is replaced.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { ExportedSite } from '../contract/lifeline-files.ts'
import type { LifelineCopy } from '../contract/lifeline.ts'
import { firstValue } from '../kernel/header-list.ts'
import type { CrawlScope } from './crawl-scope.ts'
import type { CrawlStore } from './crawl-store.ts'
import { addressText, bytesAsText, isHtml, mediaTypeOf, textAsBytes } from './page-text.ts'
import { type Readdress, rewriteCss, rewriteHtml } from './rewrite-links.ts'
import { relativeAddress, StaticNames } from './static-names.ts'

/** What says that a folder is ours to replace. */
const MARK_FILE = '_polder-export.json'
const MARK_FORMAT = 'polder-lifeline-export-1'
const MOST_REDIRECTS = 8

export interface ExportParts {
  readonly store: CrawlStore
  readonly scope: CrawlScope
  /** Puts the date on a page; null: it can carry none. One character per byte. */
  readonly withNotice: (html: string, copyWallMs: number, xhtml: boolean) => string | null
  readonly nowWallMs: number
  onProgress?(done: number, total: number): void
}

/** @throws with a sentence when the folder is not ours to write, or the disk refuses; then nothing has changed. */
export function exportSite(folder: string, parts: ExportParts): ExportedSite {
  const place = resolve(folder)
  mayReplace(place)
  mkdirSync(dirname(place), { recursive: true })
  const draft = join(dirname(place), `.${basename(place)}.polder-${process.pid}`)
  rmSync(draft, { recursive: true, force: true })
  try {
    const result = new SiteExport(parts).write(draft)
    writeFileSync(join(draft, MARK_FILE), `${JSON.stringify({ format: MARK_FORMAT, at: new Date(parts.nowWallMs).toISOString(), ...result }, null, 2)}\n`)
    moveInto(draft, place)
    return { folder: place, ...result }
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    throw error
  }
}

function mayReplace(place: string): void {
  if (!existsSync(place)) return
  let entries: string[]
  try {
    entries = readdirSync(place)
  } catch {
    throw new Error(`${place} is there and is no folder that can be read`)
  }
  if (entries.length === 0) return
  let format = ''
  try {
    format = (JSON.parse(readFileSync(join(place, MARK_FILE), 'utf8')) as { format: string }).format
  } catch {
    // no mark: somebody else's
  }
  if (format !== MARK_FORMAT) throw new Error(`${place} is not empty and is no earlier export: name a new folder, nothing was written`)
}

function moveInto(draft: string, place: string): void {
  if (!existsSync(place)) {
    renameSync(draft, place)
    return
  }
  const old = `${draft}.old`
  rmSync(old, { recursive: true, force: true })
  renameSync(place, old)
  try {
    renameSync(draft, place)
  } catch (error) {
    renameSync(old, place)
    throw error
  }
  rmSync(old, { recursive: true, force: true })
}

class SiteExport {
  readonly #parts: ExportParts
  readonly #names = new StaticNames()
  /** Where a kept redirect leads, by key. */
  readonly #redirects = new Map<string, string>()

  constructor(parts: ExportParts) {
    this.#parts = parts
  }

  write(folder: string): Omit<ExportedSite, 'folder'> {
    const { store, scope } = this.#parts
    const sites = new Set<string>()
    let total = 0
    for (const key of store.copyKeys()) {
      const copy = store.copy(key)
      if (copy === null) continue
      total++
      const [host, target] = split(key)
      sites.add(host)
      if (copy.status >= 300) {
        const to = scope.resolve(firstValue(copy.headers, 'location') ?? '', scope.address(host, target))
        if (to !== null) this.#redirects.set(key, to.key)
      }
      const mediaType = mediaTypeOf(copy.headers)
      this.#names.add(key, target, mediaType, copy.status >= 300 || isHtml(mediaType), scope.sites.length > 1 ? `${host.replaceAll(':', '_')}/` : '')
    }
    let [files, bytes, pages, damaged, oldestWallMs, done] = [0, 0, 0, 0, this.#parts.nowWallMs, 0]
    mkdirSync(folder)
    for (const key of store.copyKeys()) {
      const name = this.#names.of(key)
      if (name === undefined) {
        damaged++
        continue
      }
      const copy = store.copy(key)
      if (copy === null) {
        damaged++
        continue
      }
      const content = this.#contentOf(copy, name)
      const file = join(folder, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      files++
      bytes += content.length
      if (copy.status < 300 && isHtml(mediaTypeOf(copy.headers))) pages++
      oldestWallMs = Math.min(oldestWallMs, copy.storedAtWallMs)
      this.#parts.onProgress?.(++done, total)
    }
    return { files, bytes, pages, damaged, oldestWallMs, sites: [...sites] }
  }

  #contentOf(copy: LifelineCopy, name: string): Uint8Array {
    const [host, target] = split(copy.key)
    const address = this.#parts.scope.address(host, target)
    const mediaType = mediaTypeOf(copy.headers)
    if (copy.status >= 300) return redirectPage(this.#readdress(name, address)(firstValue(copy.headers, 'location') ?? '/') ?? '/')
    if (mediaType === 'text/css') return textAsBytes(rewriteCss(bytesAsText(copy.body), this.#readdress(name, address)))
    if (!isHtml(mediaType)) return copy.body
    const text = bytesAsText(copy.body)
    const base = /<base\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(text.slice(0, 20_000))
    const start = base === null ? address : (URL.parse(base[1] ?? base[2] ?? base[3], address)?.href ?? address)
    const charset = /charset\s*=\s*"?([\w-]+)/i.exec(firstValue(copy.headers, 'content-type') ?? '')?.[1] ?? ''
    const html = rewriteHtml(text, this.#readdress(name, start), charset)
    return textAsBytes(this.#parts.withNotice(html, copy.storedAtWallMs, mediaType === 'application/xhtml+xml') ?? html)
  }

  /** Ours and kept: a relative address. Ours and not kept: where it was on the live site. Anybody else's, and places in the same page: as written. */
  #readdress(name: string, base: string): Readdress {
    return (reference) => {
      const text = addressText(reference.trim())
      if (text === '' || text.startsWith('#')) return null
      const target = this.#parts.scope.resolve(text, base)
      const url = URL.parse(text, base)
      if (target === null) return url !== null && /^https?:$/.test(url.protocol) ? url.href : null
      const file = this.#names.of(this.#final(target.key))
      return file === undefined ? (url?.href ?? null) : relativeAddress(name, file) + (url?.hash ?? '')
    }
  }

  #final(key: string): string {
    let at = key
    for (let i = 0; i < MOST_REDIRECTS; i++) {
      const next = this.#redirects.get(at)
      if (next === undefined || this.#names.of(next) === undefined) return at
      at = next
    }
    return at
  }
}

function redirectPage(to: string): Uint8Array {
  const address = to.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  return Buffer.from(`<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${address}"><title>${address}</title></head><body><p><a href="${address}">${address}</a></p></body></html>\n`)
}

function split(key: string): readonly [host: string, target: string] {
  const slash = key.indexOf('/')
  return [key.slice(0, slash), key.slice(slash)]
}
