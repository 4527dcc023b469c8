/**
 * Decides when one HTTP/2 connection has asked for more work than it is worth: streams given up, streams ended by protocol errors, control frames.
 * It acts on counts of this connection only, so no visitor pays for another; a browser that leaves a page cancels many streams at once and stays
 * far below. It never looks at what is asked for. Once it said "abuse" the connection is closed.
 * What node:http2 hides is approximated: it reports PING, SETTINGS and PRIORITY of unknown streams, but not WINDOW_UPDATE, PRIORITY of open
 * streams, unknown frames or empty DATA and CONTINUATION. Those cost bytes that explain nothing: bytes read beyond fields, content and reported
 * frames are counted against the same budget at the size of a control frame. Streams refused above the limit of open ones are hidden too and count so.
 * Sources: CVE-2023-44487 (Rapid Reset), CVE-2025-8671 (MadeYouReset), CVE-2019-9512, -9515, -9518 (floods); design note algorithms (c).
 */
import type { MonotonicMs } from '../../../kernel/clock.ts'
import type { EdgeSettings } from '../options.ts'

/** Below this many streams a share says nothing. */
const RESETS_NEED_STREAMS = 200
const CONTROL_WINDOW_MS = 10_000
/** Most control frames have 9 bytes of header and 4 or 8 of payload (RFC 9113 section 6). */
const CONTROL_FRAME_BYTES = 13
/**
 * Bytes of WINDOW_UPDATE that a fair reader sends back per byte of answer: two frames (26 bytes) per small answer of some 400 bytes at worst.
 */
const UPDATE_SHARE = 1 / 16

export class SessionBudget {
  #streams = 0
  #resets = 0
  #errors = 0
  #controlFrames = 0
  #controlFromMs: MonotonicMs
  #bytesFromMs: MonotonicMs
  #explained = 0
  #unexplainedAtWindow = 0
  #unexplainedBefore = 0
  readonly #settings: EdgeSettings

  constructor(settings: EdgeSettings, now: MonotonicMs) {
    this.#settings = settings
    this.#controlFromMs = now
    this.#bytesFromMs = now
  }

  get resets(): number {
    return this.#resets
  }

  get errors(): number {
    return this.#errors
  }

  /** `contentBytes`: what may arrive for it and never be handed on (one stream window), or 0 when it has no content. */
  streamOpened(fieldBytes: number, contentBytes: number): void {
    // Counts fade, so that a long good past does not pay for a flood
    if (++this.#streams > 2 * RESETS_NEED_STREAMS) {
      this.#streams /= 2
      this.#resets /= 2
      this.#errors /= 2
    }
    this.#explained += fieldBytes + contentBytes
  }

  /** `chunk` of a stream's content arrived; a frame around it has 9 bytes and up to 256 of padding, which is not content. */
  contentArrived(bytes: number): void {
    this.#explained += bytes + 9
  }

  /** The visitor gave a stream up before its answer was whole. True: abuse. */
  streamReset(): boolean {
    this.#resets++
    this.#explained += CONTROL_FRAME_BYTES
    return this.#streams >= RESETS_NEED_STREAMS && this.#resets > this.#streams * this.#settings.h2ResetShare
  }

  /** A stream ended because the visitor broke the protocol. True: abuse. */
  streamError(): boolean {
    this.#resets++
    return ++this.#errors >= this.#settings.h2StreamErrors
  }

  /** A PING, SETTINGS or PRIORITY frame was reported. True: abuse. */
  controlFrame(now: MonotonicMs, bytes: number): boolean {
    this.#explained += bytes
    if (now - this.#controlFromMs >= CONTROL_WINDOW_MS) {
      this.#controlFromMs = now
      this.#controlFrames = 0
    }
    return ++this.#controlFrames > this.#settings.h2ControlFrames
  }

  /** Called about once a second with the totals of the connection. True: more bytes than anything explains. */
  unexplainedBytes(bytesRead: number, bytesWritten: number, now: MonotonicMs): boolean {
    const unexplained = bytesRead - this.#explained - bytesWritten * UPDATE_SHARE
    // From the look before: what came since must count in one window or the other. Requests earlier than this window explain nothing now.
    if (now - this.#bytesFromMs >= CONTROL_WINDOW_MS) {
      this.#bytesFromMs = now
      this.#unexplainedAtWindow = this.#unexplainedBefore
    }
    this.#unexplainedBefore = unexplained
    return unexplained - this.#unexplainedAtWindow > this.#settings.h2ControlFrames * CONTROL_FRAME_BYTES
  }
}
