import type { Socket } from 'node:net'
import type { MonotonicMs } from '../../../kernel/clock.ts'
import type { EdgeCounts } from '../connection-context.ts'
import type { EdgeSettings } from '../options.ts'

/**
 * The writing half of a connection: counts, joins what belongs together into one system call, tells when the kernel has it all,
 * and notices a visitor who takes his answer too slowly (slow read: he would hold its memory for ever; Node has no limit of its own).
 */
export class ConnectionOutput {
  /** All bytes given to the socket so far. */
  writtenBytes = 0
  readonly #socket: Socket
  readonly #counts: EdgeCounts
  readonly #roomBytes: number
  readonly #underwayBytes: number
  #held = false
  #seenAtMs = -1
  #windowSinceMs = 0
  #progressBytes = 0
  #doneBefore = 0
  #queuedBefore = 0

  /** `underwayBytes`: how much may still be inside the socket when what was written counts as handed over. */
  constructor(socket: Socket, counts: EdgeCounts, settings: EdgeSettings, underwayBytes: number) {
    this.#underwayBytes = underwayBytes
    this.#socket = socket
    this.#counts = counts
    // 'drain' only comes when the socket itself thought that it was full.
    this.#roomBytes = Math.max(settings.answerSpoolBytes, socket.writableHighWaterMark)
  }

  writeText(text: string): void {
    this.writtenBytes += text.length
    this.#counts.bytesOut += text.length
    this.#socket.write(text, 'latin1')
  }

  writeBytes(bytes: Uint8Array): void {
    this.writtenBytes += bytes.length
    this.#counts.bytesOut += bytes.length
    this.#socket.write(bytes)
  }

  /**
   * Writes `before` (latin1), bytes that may change after the call, and `after` as one. Large copies are made in buffers that are used again:
   * left to the collector, which counts memory outside its heap late, they would grow to some 64 MiB per worker during a download.
   */
  writeCopy(bytes: Uint8Array, before: string, after: string): void {
    const total = before.length + bytes.length + after.length
    const copy = total > SMALL_BYTES && total <= COPY_BYTES ? (freeCopies.pop() ?? new Copy()) : null
    const target = copy === null ? Buffer.allocUnsafe(total) : copy.bytes.subarray(0, total)
    if (before !== '') target.write(before, 0, 'latin1')
    target.set(bytes, before.length)
    if (after !== '') target.write(after, before.length + bytes.length, 'latin1')
    this.writtenBytes += total
    this.#counts.bytesOut += total
    if (copy === null) this.#socket.write(target)
    else this.#socket.write(target, copy.release)
  }

  /** Holds writes back until `release` or the end of this turn of the event loop, so that they leave as one. */
  hold(): void {
    if (this.#held) return
    this.#held = true
    this.#socket.cork()
    process.nextTick(releaseOutput, this)
  }

  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#socket.uncork()
  }

  /** False when the visitor takes less than we write; the socket's 'drain' tells when that is over. */
  hasRoom(): boolean {
    return this.#socket.writableLength <= this.#roomBytes
  }

  /** Everything written counts as handed over to the kernel. */
  get flushed(): boolean {
    return this.#socket.writableLength <= this.#underwayBytes
  }

  whenFlushed(then: () => void): void {
    this.#socket.write(NOTHING, then)
  }

  /**
   * True when the visitor took less than readerMinBytesPerSecond over a window of readerGraceMs in which there always was something to take.
   * Call about once a second. A byte may be counted twice here (once while it leaves, once when its write is complete), never too few.
   */
  isStuck(now: MonotonicMs, settings: EdgeSettings): boolean {
    if (this.#socket.writableLength === 0) {
      this.#seenAtMs = -1
      return false
    }
    const done = this.writtenBytes - this.#socket.writableLength
    const queued = queuedInKernelQueue(this.#socket)
    if (this.#seenAtMs === -1) {
      this.#windowSinceMs = now
      this.#progressBytes = 0
    } else this.#progressBytes += Math.max(done - this.#doneBefore, this.#queuedBefore - queued, 0)
    this.#seenAtMs = now
    this.#doneBefore = done
    this.#queuedBefore = queued
    const window = now - this.#windowSinceMs
    if (window < settings.readerGraceMs) return false
    const stuck = this.#progressBytes * 1_000 < settings.readerMinBytesPerSecond * window
    this.#windowSinceMs = now
    this.#progressBytes = 0
    return stuck
  }
}

const NOTHING = Buffer.alloc(0)
/** Smaller copies come out of Node's pool. */
const SMALL_BYTES = 4_096
/** One read from the origin and the frame of a chunk. */
const COPY_BYTES = 65_536 + 32
/** 4 MiB per worker at most lie idle. */
const MOST_FREE_COPIES = 64
const freeCopies: Copy[] = []

class Copy {
  readonly bytes = Buffer.allocUnsafeSlow(COPY_BYTES)
  /** The socket is done with it: written, or given up. */
  readonly release = (): void => {
    if (freeCopies.length < MOST_FREE_COPIES) freeCopies.push(this)
  }
}

function releaseOutput(output: ConnectionOutput): void {
  output.release()
}

/**
 * Bytes of the write under way that the kernel has not taken yet. Node shows this only on its handle (its own socket timeout reads the same field);
 * without it a long write shows progress only when it is complete, which would cut slow but honest readers of large answers.
 */
function queuedInKernelQueue(socket: Socket): number {
  const handle = (socket as { _handle?: { writeQueueSize?: unknown } | null })._handle
  const size = handle === null || handle === undefined ? 0 : handle.writeQueueSize
  return typeof size === 'number' ? size : 0
}
