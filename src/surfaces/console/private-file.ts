/** Files of the console that hold what is nobody else's business: 0600 in a folder of 0700, written beside and renamed, so that a crash leaves the old or the new. */
import { chownSync, closeSync, fchownSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** @throws a system error. */
export function makePrivateFolder(folder: string): void {
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) giveToOwnerOf(dirname(folder), (uid, gid) => chownSync(folder, uid, gid))
}

/** @throws a system error; the file that was there stays. */
export function writePrivateFile(file: string, text: string): void {
  const folder = dirname(file)
  makePrivateFolder(folder)
  const born = `${file}.${process.pid}.new`
  rmSync(born, { force: true })
  const descriptor = openSync(born, 'wx', 0o600)
  try {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
    giveToOwnerOf(folder, (uid, gid) => fchownSync(descriptor, uid, gid))
    fsyncSync(descriptor)
  } catch (error) {
    rmSync(born, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
  renameSync(born, file)
}

/** An administrator with sudo must not leave a file behind that the shield's own user cannot read. */
function giveToOwnerOf(folder: string, chown: (uid: number, gid: number) => void): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(folder)
  if (uid !== 0) chown(uid, gid)
}

/** null: there is none. @throws another system error, and when it is larger than `most`. */
export function readPrivateFile(file: string, mostBytes: number): string | null {
  const facts = statSync(file, { throwIfNoEntry: false })
  if (facts === undefined) return null
  if (facts.size > mostBytes) throw new Error(`${file} has ${facts.size} bytes; at most ${mostBytes}`)
  return readFileSync(file, 'utf8')
}

/** Changes whenever the file does; '' when there is none. */
export function stampOf(file: string): string {
  const facts = statSync(file, { throwIfNoEntry: false, bigint: true })
  return facts === undefined ? '' : `${facts.ino}:${facts.mtimeNs}:${facts.size}`
}
