/** One part of a recording on disk: written frame by frame, hashed as it grows, synced when it ends. A disk that fails ends it; what was written counts. */
import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

export class RecordingFile {
  readonly #path: string
  readonly #hash = createHash('sha256')
  #handle: FileHandle | null = null
  #writing: Promise<void>
  /** On the disk, and on the way there. */
  bytes = 0
  takenBytes = 0
  /** Why nothing more is written, or null. */
  trouble: string | null = null

  constructor(path: string) {
    this.#path = path
    this.#writing = this.#try(async () => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      this.#handle = await open(path, 'wx', 0o600)
    })
  }

  append(frame: Buffer): void {
    this.takenBytes += frame.length
    this.#writing = this.#writing.then(() => this.#try(async () => {
      if (this.#handle === null) return
      await this.#handle.appendFile(frame)
      this.#hash.update(frame)
      this.bytes += frame.length
    }))
  }

  /** Resolves with the SHA-256 of all that is in the file. */
  async end(): Promise<string> {
    await this.#writing
    await this.#try(async () => {
      // A failed write may have left part of a frame.
      if (this.trouble !== null) await this.#handle?.truncate(this.bytes)
      await this.#handle?.datasync()
    }, true)
    await this.#handle?.close()
    this.#handle = null
    return this.#hash.digest('hex')
  }

  async remove(): Promise<void> {
    await this.end()
    await this.#try(() => unlink(this.#path), true)
  }

  async #try(run: () => Promise<unknown>, always = false): Promise<void> {
    if (this.trouble !== null && !always) return
    try {
      await run()
    } catch (error) {
      this.trouble ??= (error as NodeJS.ErrnoException).code ?? (error as Error).message
    }
  }
}
