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
  #corked = false
  /** What is held, put together for one write. */
  #desk: Copy | null = null
  #deskBytes = 0
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
    this.#count(text.length)
    const desk = this.#held ? this.#deskFor(text.length) : null
    if (desk === null) {
      if (this.#held) this.#cork()
      this.#socket.write(text, 'latin1')
    } else this.#deskBytes += desk.write(text, this.#deskBytes, 'latin1')
  }

  /** The bytes must not change afterwards. */
  writeBytes(bytes: Uint8Array): void {
    this.#count(bytes.length)
    const desk = this.#held && bytes.length <= JOIN_BYTES ? this.#deskFor(bytes.length) : null
    if (desk === null) {
      if (this.#held) this.#cork()
      this.#socket.write(bytes)
    } else {
      desk.set(bytes, this.#deskBytes)
      this.#deskBytes += bytes.length
    }
  }

  /**
   * Writes `before` (latin1), bytes that may change after the call, and `after` as one. Copies are made in buffers that are used again:
   * left to the collector, which counts memory outside its heap late, they would grow to some 64 MiB per worker during a download.
   */
  writeCopy(bytes: Uint8Array, before: string, after: string): void {
    const total = before.length + bytes.length + after.length
    this.#count(total)
    let target = this.#deskFor(total)
    if (target === null) {
      if (this.#held) this.#cork()
      target = Buffer.allocUnsafe(total)
      fill(target, 0, bytes, before, after)
      this.#socket.write(target)
      return
    }
    fill(target, this.#deskBytes, bytes, before, after)
    this.#deskBytes += total
    if (!this.#held) this.#clearDesk()
  }

  /** Holds writes back until `release` or the end of this turn of the event loop, so that they leave as one. */
  hold(): void {
    if (this.#held) return
    this.#held = true
    held.push(this)
    if (held.length === 1) setImmediate(releaseAll)
  }

  release(): void {
    if (!this.#held) return
    this.#held = false
    if (this.#desk !== null) this.#clearDesk()
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  #count(bytes: number): void {
    this.writtenBytes += bytes
    this.#counts.bytesOut += bytes
  }

  /** A buffer with room for `more` behind what is held; null when it is too much to be put together. */
  #deskFor(more: number): Buffer | null {
    const desk = this.#desk
    const total = this.#deskBytes + more
    if (desk !== null && total <= desk.bytes.length) return desk.bytes
    if (total > COPY_BYTES || this.#corked) return null
    const taken = takeCopy(total)
    if (desk !== null) {
      taken.bytes.set(desk.bytes.subarray(0, this.#deskBytes))
      desk.release()
    }
    this.#desk = taken
    return taken.bytes
  }

  /** What comes now cannot be joined: the socket gets all that is held, and joins it with one system call for several buffers. */
  #cork(): void {
    if (this.#corked) return
    this.#corked = true
    this.#socket.cork()
    if (this.#desk !== null) this.#clearDesk()
  }

  #clearDesk(): void {
    const socket = this.#socket
    const desk = this.#desk!
    const bytes = desk.bytes.subarray(0, this.#deskBytes)
    this.#desk = null
    this.#deskBytes = 0
    if (socket.destroyed) desk.release()
    else if (this.#corked || this.#underwayBytes > 0) socket.write(bytes, desk.release)
    else {
      socket.write(bytes)
      // Nearly always the kernel has it all by now: no callback is made, no turn of the tick queue taken.
      if (socket.writableLength === 0) desk.release()
      else socket.write(NOTHING, desk.release)
    }
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
/** Up to here one copy is cheaper than a write of several buffers. */
const JOIN_BYTES = 16_384
/** Two sizes, so that a slow reader of small answers does not hold a large buffer. */
const SMALL_BYTES = 4_096
/** One read from the origin and the frame of a chunk. */
const COPY_BYTES = 65_536 + 1_024
/** 4 MiB per worker at most lie idle. */
const MOST_FREE_COPIES = 64
const freeSmall: Copy[] = []
const freeLarge: Copy[] = []

class Copy {
  readonly bytes: Buffer
  /** The socket is done with it: written, or given up. */
  readonly release: () => void

  constructor(bytes: number, free: Copy[]) {
    this.bytes = Buffer.allocUnsafeSlow(bytes)
    this.release = () => {
      if (free.length < MOST_FREE_COPIES) free.push(this)
    }
  }
}

function takeCopy(bytes: number): Copy {
  return bytes <= SMALL_BYTES ? (freeSmall.pop() ?? new Copy(SMALL_BYTES, freeSmall)) : (freeLarge.pop() ?? new Copy(COPY_BYTES, freeLarge))
}

function fill(target: Buffer, at: number, bytes: Uint8Array, before: string, after: string): void {
  if (before !== '') target.write(before, at, 'latin1')
  target.set(bytes, at + before.length)
  if (after !== '') target.write(after, at + before.length + bytes.length, 'latin1')
}

/** Held in this turn of the event loop, most of them released again. */
let held: ConnectionOutput[] = []

function releaseAll(): void {
  const outputs = held
  held = []
  for (const output of outputs) output.release()
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
