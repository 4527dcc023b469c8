/** The lifeline's file read without the shield: what `polder lifeline` needs when nothing runs any more, or something else serves. Changes nothing in it. */
import { existsSync } from 'node:fs'
import type { Settings } from '../config/settings.ts'
import type { LifelineState } from '../contract/lifeline.ts'
import type { ExportedSite, FoundCopy } from '../contract/lifeline-files.ts'
import { withNotice } from '../dataplane/pages/last-good-notice.ts'
import type { Clock } from '../kernel/clock.ts'
import { CrawlScope } from '../lifeline/crawl-scope.ts'
import { CrawlStore } from '../lifeline/crawl-store.ts'
import { exportSite } from '../lifeline/export-site.ts'
import { readState } from '../lifeline/lifeline-state.ts'
import { bytesAsText, isHtml, mediaTypeOf, textAsBytes } from '../lifeline/page-text.ts'
import { lifelineFile, lifelineSites } from '../shield/lifeline-link.ts'

/** @throws with a sentence when there is no file, or it cannot be read. */
function openStore(settings: Settings): { readonly store: CrawlStore; readonly scope: CrawlScope } {
  const file = lifelineFile(settings)
  if (!existsSync(file)) throw new Error(`there is no lifeline yet: ${file} is not there (polder run makes it, a first pass fills it)`)
  const scope = new CrawlScope(lifelineSites(settings), settings.lifeline)
  try {
    return { store: new CrawlStore(file, { readOnly: true }), scope }
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

export function lifelineState(settings: Settings, clock: Clock): LifelineState {
  const { store, scope } = openStore(settings)
  try {
    return readState(store, { sites: scope.sites.map((site) => `${site.scheme}://${site.host}`), pause: 'off', perSecond: 0, suspended: false, maxBytes: settings.lifeline.diskBytes }, clock.wallMs())
  } finally {
    store.close()
  }
}

/** `place`: a path of the first site, or a whole address. @throws when there is no lifeline. */
export function findCopy(settings: Settings, place: string): FoundCopy {
  const { store, scope } = openStore(settings)
  try {
    const base = scope.sites[0] === undefined ? '' : scope.address(scope.sites[0].host, '/')
    const url = URL.parse(place, base === '' ? undefined : base)
    if (url === null) throw new Error(`${place} is neither a path (/news) nor an address, or no site is known (lifeline.sites)`)
    const key = url.host + url.pathname + url.search
    const copy = store.copy(key)
    const visit = store.visit(key)
    if (copy === null) return { key, kept: null, why: visit === null ? 'not-known' : visit.why === '' ? 'not-yet' : visit.why, checkedAtWallMs: visit?.checkedAt ?? 0 }
    const html = copy.status === 200 && isHtml(mediaTypeOf(copy.headers))
    const shown = html ? withNotice(bytesAsText(copy.body), { wallMs: copy.storedAtWallMs, acceptLanguage: '', closed: true, xhtml: mediaTypeOf(copy.headers) === 'application/xhtml+xml' }) : null
    return {
      key, why: visit?.why ?? '', checkedAtWallMs: visit?.checkedAt ?? 0,
      kept: { status: copy.status, storedAtWallMs: copy.storedAtWallMs, headers: copy.headers, bytes: copy.body.length, body: shown === null ? copy.body : textAsBytes(shown) },
    }
  } finally {
    store.close()
  }
}

/** @throws with a sentence when the folder is not ours to write, or there is nothing to export; then nothing has changed. */
export function exportCopies(settings: Settings, folder: string, clock: Clock, onProgress: (done: number, total: number) => void): ExportedSite {
  const { store, scope } = openStore(settings)
  try {
    if (store.copyKeys().next().done === true) throw new Error('the lifeline holds no copy yet: run polder lifeline crawl first')
    return exportSite(folder, {
      store, scope, onProgress, nowWallMs: clock.wallMs(),
      withNotice: (html, wallMs, xhtml) => withNotice(html, { wallMs, acceptLanguage: '', closed: true, xhtml }),
    })
  } finally {
    store.close()
  }
}
