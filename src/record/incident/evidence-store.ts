/**
 * Files taken in as evidence: a copy of the bytes, kept under their SHA-256, so that whoever reads it later can tell that it is what was taken in. Every
 * reading checks the hash first. A file comes from this machine by its path, or piece by piece from a command that may read what the shield may not
 * (ProtectHome, PrivateTmp). A link is followed
 * before its end is judged: never a device or pipe, never from Polder's own folder (keys lie there). It is never run or shown.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises'
import { basename, isAbsolute, join, sep } from 'node:path'
import { MIB } from '../../kernel/units.ts'
import { RecordError } from '../room.ts'
import { syncFolder } from './incident-files.ts'

export interface TakenFile {
  readonly sha256: string
  readonly bytes: number
}

const PIECE_BYTES = MIB
const MOST_UPLOADS = 4
const UPLOAD_IDLE_MS = 60_000
const LONGEST_NAME = 120

interface Upload {
  readonly path: string
  readonly file: FileHandle
  readonly hash: ReturnType<typeof createHash>
  bytes: number
  touchedAtMs: number
}

export class EvidenceStore {
  readonly #folder: string
  readonly #neverFrom: string
  readonly #uploads = new Map<string, Upload>()
  #next = 1

  /** `neverFrom`: the folder no evidence is taken from. */
  constructor(folder: string, neverFrom: string) {
    this.#folder = folder
    this.#neverFrom = neverFrom
  }

  /** @throws RecordError saying why the file cannot be taken in. */
  async take(path: string, maxBytes: number, nowMs: number): Promise<TakenFile> {
    if (!isAbsolute(path)) throw new RecordError('bad-question', `evidence needs a whole path, not "${path}"`)
    const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
      throw notReadable(path, error)
    })
    const forbidden = await realpath(this.#neverFrom).catch(() => this.#neverFrom)
    if (real === forbidden || real.startsWith(forbidden + sep)) throw new RecordError('not-allowed', `${path} lies in Polder's own folder; its keys live there. Copy what you want as evidence to another place first`)
    const source = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
      throw notReadable(path, error)
    })
    try {
      const about = await source.stat()
      if (!about.isFile()) throw new RecordError('bad-question', `${path} is no file; pack a folder into one file first (tar)`)
      if (about.size > maxBytes) throw tooLarge(path, about.size, maxBytes)
      const ticket = await this.begin(nowMs)
      try {
        const piece = Buffer.allocUnsafe(PIECE_BYTES)
        for (;;) {
          const { bytesRead } = await source.read(piece, 0, PIECE_BYTES, null)
          if (bytesRead === 0) break
          await this.append(ticket, piece.subarray(0, bytesRead), maxBytes, nowMs)
        }
        return await this.finish(ticket)
      } catch (error) {
        await this.#abandon(ticket)
        throw error
      }
    } finally {
      await source.close()
    }
  }

  /** Begins a file that comes in pieces; returns its ticket. */
  async begin(nowMs: number): Promise<string> {
    for (const [ticket, upload] of this.#uploads) if (nowMs - upload.touchedAtMs > UPLOAD_IDLE_MS) await this.#abandon(ticket)
    if (this.#uploads.size >= MOST_UPLOADS) throw new RecordError('failed', 'other files are being taken in; try again in a minute')
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const ticket = `in-${this.#next++}`
    const path = join(this.#folder, `${ticket}.part`)
    this.#uploads.set(ticket, { path, file: await open(path, 'w', 0o600), hash: createHash('sha256'), bytes: 0, touchedAtMs: nowMs })
    return ticket
  }

  async append(ticket: string, piece: Uint8Array, maxBytes: number, nowMs: number): Promise<void> {
    const upload = this.#upload(ticket)
    if (upload.bytes + piece.length > maxBytes) {
      await this.#abandon(ticket)
      throw tooLarge('the file', upload.bytes + piece.length, maxBytes)
    }
    upload.bytes += piece.length
    upload.touchedAtMs = nowMs
    upload.hash.update(piece)
    await upload.file.writeFile(piece)
  }

  async finish(ticket: string): Promise<TakenFile> {
    const upload = this.#upload(ticket)
    this.#uploads.delete(ticket)
    try {
      await upload.file.sync()
    } finally {
      await upload.file.close()
    }
    const sha256 = upload.hash.digest('hex')
    await rename(upload.path, join(this.#folder, sha256))
    await syncFolder(this.#folder)
    return { sha256, bytes: upload.bytes }
  }

  /** Whether the copy is still what was taken in. */
  async check(sha256: string): Promise<'whole' | 'altered' | 'missing'> {
    let file: FileHandle
    try {
      file = await open(join(this.#folder, sha256), constants.O_RDONLY | constants.O_NOFOLLOW)
    } catch {
      return 'missing'
    }
    try {
      const hash = createHash('sha256')
      const piece = Buffer.allocUnsafe(PIECE_BYTES)
      for (;;) {
        const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, null)
        if (bytesRead === 0) break
        hash.update(piece.subarray(0, bytesRead))
      }
      return hash.digest('hex') === sha256 ? 'whole' : 'altered'
    } finally {
      await file.close()
    }
  }

  /** A piece of the copy; the whole is checked when the first piece is asked for. @throws RecordError when it is not what was taken in. */
  async read(sha256: string, offset: number, most: number): Promise<Buffer> {
    if (offset === 0) {
      const state = await this.check(sha256)
      if (state !== 'whole') throw new RecordError('failed', `the copy ${sha256} is ${state}: it is no longer what was taken in. Take the file in again from where it came from`)
    }
    const file = await open(join(this.#folder, sha256), constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const piece = Buffer.alloc(Math.min(most, PIECE_BYTES))
      const { bytesRead } = await file.read(piece, 0, piece.length, offset)
      return piece.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  /** Deletes copies that no incident names any more, and what was left of pieces. */
  async keepOnly(wanted: ReadonlySet<string>): Promise<number> {
    let gone = 0
    const names = await readdir(this.#folder).catch(() => [] as string[])
    const coming = new Set([...this.#uploads.values()].map((upload) => basename(upload.path)))
    for (const name of names) {
      if (wanted.has(name) || coming.has(name)) continue
      await rm(join(this.#folder, name), { force: true })
      gone++
    }
    return gone
  }

  async close(): Promise<void> {
    for (const ticket of this.#uploads.keys()) await this.#abandon(ticket)
  }

  #upload(ticket: string): Upload {
    const upload = this.#uploads.get(ticket)
    if (upload === undefined) throw new RecordError('not-found', 'this taking in has ended or took too long; begin again')
    return upload
  }

  async #abandon(ticket: string): Promise<void> {
    const upload = this.#uploads.get(ticket)
    if (upload === undefined) return
    this.#uploads.delete(ticket)
    await upload.file.close().catch(() => {})
    await rm(upload.path, { force: true })
  }
}

/** The last part of a path or name, as it may stand in a report and be a file name on any machine. */
export function cleanName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  const clean = last.replaceAll(/[^\p{L}\p{N}._ ()+@=-]/gu, '_').replaceAll(/_{2,}/g, '_').replace(/^[.\s]+/, '').trim()
  const end = clean.length > LONGEST_NAME ? (/\.[\p{L}\p{N}]{1,10}$/u.exec(clean)?.[0] ?? '') : ''
  return (clean.length > LONGEST_NAME ? clean.slice(0, LONGEST_NAME - end.length) + end : clean) || 'unnamed'
}


function notReadable(path: string, error: NodeJS.ErrnoException): RecordError {
  if (error.code === 'ENOENT') return new RecordError('not-found', `${path} is not there, or Polder cannot see it (under systemd it sees neither /home nor /tmp)`)
  if (error.code === 'ELOOP') return new RecordError('bad-question', `${path} is a link; name the file itself`)
  return new RecordError('failed', `${path} cannot be read by Polder's account (${error.code ?? error.message})`)
}

function tooLarge(what: string, bytes: number, maxBytes: number): RecordError {
  return new RecordError('bad-question', `${what} has ${bytes} bytes; at most ${maxBytes} are taken in (incident.maxEvidenceBytes). Keep it elsewhere and note its SHA-256 and place as a note`)
}
