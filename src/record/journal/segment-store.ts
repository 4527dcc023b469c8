/** The journal's disk: everything that touches it, so that a test can make each of these fail. All reject with system errors. */
import { type FileHandle, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'

export interface OpenSegment {
  /** Writes all bytes at this place and waits until they are on the disk. */
  write(bytes: Buffer, at: number): Promise<void>
  cut(length: number): Promise<void>
  close(): Promise<void>
}

export interface SegmentStore {
  makeFolder(): Promise<void>
  /** A segment that is there, or a new one whose name is on the disk when this resolves (a file of that name is what an earlier try left). */
  openSegment(file: string, isNew: boolean): Promise<OpenSegment>
  readSegment(file: string): Promise<Buffer>
  /** Adds to a file of what was cut off. */
  putAside(file: string, bytes: Buffer): Promise<void>
  remove(file: string): Promise<void>
}

export class DiskSegments implements SegmentStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async makeFolder(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
  }

  async openSegment(file: string, isNew: boolean): Promise<OpenSegment> {
    const handle = await open(join(this.#folder, file), isNew ? 'w+' : 'r+', 0o600)
    try {
      if (isNew) await this.#syncFolder()
    } catch (error) {
      await handle.close()
      throw error
    }
    return new DiskSegment(handle)
  }

  readSegment(file: string): Promise<Buffer> {
    return readFile(join(this.#folder, file))
  }

  async putAside(file: string, bytes: Buffer): Promise<void> {
    const handle = await open(join(this.#folder, file), 'a', 0o600)
    try {
      await handle.appendFile(bytes)
      await handle.datasync()
    } finally {
      await handle.close()
    }
  }

  async remove(file: string): Promise<void> {
    await unlink(join(this.#folder, file))
    await this.#syncFolder()
  }

  /** A file whose name is lost in a power cut is lost with it. */
  async #syncFolder(): Promise<void> {
    const handle = await open(this.#folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}

class DiskSegment implements OpenSegment {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async write(bytes: Buffer, at: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, at + done)
      done += bytesWritten
    }
    await this.#handle.datasync()
  }

  async cut(length: number): Promise<void> {
    await this.#handle.truncate(length)
    await this.#handle.datasync()
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
