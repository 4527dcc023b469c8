/** Writes the status page's files into a folder for any static server: each file whole and renamed, the page people open last. Files that no longer belong go. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StatusFile } from './status-files.ts'

/** Ours by name: nothing else in the folder is ever touched. */
const OURS = /^(?:index\.html|[a-z]{2}(?:-\d{1,4})?\.html|feed-[a-z]{2}\.atom|status\.json)$/

/** @throws a system error. */
export function exportStatus(folder: string, files: ReadonlyMap<string, StatusFile>): void {
  // For a web server of another account to read: it is public by its nature.
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const names = [...files.keys()].toSorted((a, b) => Number(a === 'index.html') - Number(b === 'index.html'))
  for (const name of names) {
    const fresh = join(folder, `.${name}.new`)
    // Not brought to the disk one by one: some fifty of them, on a disk that is slow, would hold up the record until it is taken for hanging. Written anew at every start.
    // The folder may be the web server's: what stands there under our name, a link perhaps, is taken away and never written through.
    rmSync(fresh, { force: true })
    writeFileSync(fresh, files.get(name)!.body, { mode: 0o644, flag: 'wx' })
    renameSync(fresh, join(folder, name))
  }
  for (const name of readdirSync(folder)) if (OURS.test(name) && !files.has(name)) rmSync(join(folder, name), { force: true })
}

/** The same content, the same version; the moment of writing is not content. */
export function versionOf(files: ReadonlyMap<string, StatusFile>): string {
  const hash = createHash('sha256')
  for (const [name, { body }] of files) hash.update(name).update('\0').update(body).update('\0')
  return hash.digest('hex').slice(0, 16)
}
