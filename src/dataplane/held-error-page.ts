import type { HeaderList } from '../kernel/header-list.ts'

/** Kept of an error page while the disk is asked for something better. */
const MOST_BYTES = 262_144

/** The origin's own 5xx page, held back until it is known whether there is a last good copy. */
export class HeldErrorPage {
  readonly status: number
  readonly headers: HeaderList
  readonly chunks: Uint8Array[] = []
  #bytes = 0
  /** How the origin ended it; null while it is still coming. */
  end: 'whole' | 'broken' | null = null

  constructor(status: number, headers: HeaderList) {
    this.status = status
    this.headers = headers
  }

  /** False: enough for now. */
  add(chunk: Uint8Array): boolean {
    this.chunks.push(Buffer.from(chunk))
    this.#bytes += chunk.length
    return this.#bytes < MOST_BYTES
  }
}
