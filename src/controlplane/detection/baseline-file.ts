/**
 * A baseline as bytes: saved at calm times, loaded at start, merged with what a log teaches.
 * A file that was cut, altered or written by another version is refused with a reason; it never becomes a wrong baseline.
 */
import { crc32 } from 'node:zlib'
import { sampleFields } from '../../contract/sample.ts'
import type { Random } from '../../kernel/random.ts'
import { Baseline, HOURS_OF_WEEK, MINUTES_PER_CELL, SAMPLES_PER_HOUR } from './baseline.ts'

const MAGIC = 0x504c4442 // "PLDB"
/** Raise it when a field of contract/sample.ts or a size below changes its meaning. */
const VERSION = 1
const HEADER_WORDS = 8
const ROWS = HOURS_OF_WEEK * SAMPLES_PER_HOUR

export class BaselineFileError extends Error {
  readonly code: 'baseline-not-one' | 'baseline-cut' | 'baseline-altered' | 'baseline-other-version'

  constructor(code: BaselineFileError['code'], message: string) {
    super(message)
    this.name = 'BaselineFileError'
    this.code = code
  }
}

export interface SavedBaseline {
  readonly baseline: Baseline
  /** The key the words in the sample were hashed with: features must be hashed with it again, or the sample means nothing. */
  readonly featureKey: number
}

/** About 2.4 MB. Little-endian words: header, minutes, counts, sample. */
export function serialiseBaseline(baseline: Baseline, featureKey: number): Uint8Array {
  const offered = baseline.offeredPerHour()
  const parts: ArrayBufferView[] = [baseline.minuteLogs, baseline.minuteCounts, offered, ...baseline.columns]
  const bodyBytes = parts.reduce((sum, part) => sum + part.byteLength, 0)
  const bytes = new Uint8Array(HEADER_WORDS * 4 + bodyBytes)
  let at = HEADER_WORDS * 4
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at)
    at += part.byteLength
  }
  const header = new DataView(bytes.buffer)
  const words = [MAGIC, VERSION, bodyBytes, 0, featureKey >>> 0, sampleFields.length, 0, 0]
  words.forEach((word, i) => header.setUint32(i * 4, word, true))
  header.setUint32(12, checksum(bytes), true)
  return bytes
}

/** @throws BaselineFileError saying what is wrong with the bytes. */
export function parseBaseline(bytes: Uint8Array, random: Random): SavedBaseline {
  if (bytes.byteLength < HEADER_WORDS * 4) throw new BaselineFileError('baseline-cut', `a baseline has at least ${HEADER_WORDS * 4} bytes; these are ${bytes.byteLength}`)
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (header.getUint32(0, true) !== MAGIC) throw new BaselineFileError('baseline-not-one', 'these bytes are not a saved baseline')
  const version = header.getUint32(4, true)
  if (version !== VERSION || header.getUint32(20, true) !== sampleFields.length) {
    throw new BaselineFileError('baseline-other-version', `the baseline was saved by another version (format ${version}; this one reads ${VERSION}): learn it again`)
  }
  const bodyBytes = header.getUint32(8, true)
  if (bytes.byteLength !== HEADER_WORDS * 4 + bodyBytes) throw new BaselineFileError('baseline-cut', `the baseline should have ${HEADER_WORDS * 4 + bodyBytes} bytes; these are ${bytes.byteLength}`)
  if (checksum(bytes) !== header.getUint32(12, true)) throw new BaselineFileError('baseline-altered', 'the checksum of the baseline is wrong: it was damaged on disk or in transfer')
  const baseline = new Baseline(random)
  const offered = new Uint32Array(HOURS_OF_WEEK)
  const targets: ArrayBufferView[] = [baseline.minuteLogs, baseline.minuteCounts, offered, ...baseline.columns]
  const expected = targets.reduce((sum, part) => sum + part.byteLength, 0)
  if (expected !== bodyBytes) throw new BaselineFileError('baseline-other-version', `the baseline holds ${bodyBytes} bytes of data; this version expects ${expected}: learn it again`)
  let at = HEADER_WORDS * 4
  for (const target of targets) {
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes.subarray(at, at + target.byteLength))
    at += target.byteLength
  }
  baseline.resume(offered)
  return { baseline, featureKey: header.getUint32(16, true) }
}

/** Everything but the checksum's own word. */
function checksum(bytes: Uint8Array): number {
  return crc32(bytes.subarray(16), crc32(bytes.subarray(0, 12)))
}

/**
 * Adds what `from` knows to `into`: its minutes always, its sample only when both were hashed with the same key.
 * Returns how many minutes and rows went over; rows of another key are not usable and counted as refused.
 */
export function mergeBaseline(into: SavedBaseline, from: SavedBaseline): { minutes: number; rows: number; rowsRefused: number } {
  let minutes = 0
  for (let hour = 0; hour < HOURS_OF_WEEK; hour++) {
    const held = Math.min(from.baseline.minuteCounts[hour], MINUTES_PER_CELL)
    for (let i = 0; i < held; i++) {
      into.baseline.learnMinute(wallMsOfHour(hour), Math.expm1(from.baseline.minuteLogs[hour * MINUTES_PER_CELL + i]))
      minutes++
    }
  }
  const rowsHeld = from.baseline.rowsHeld
  if (into.featureKey !== from.featureKey) return { minutes, rows: 0, rowsRefused: rowsHeld }
  const words = new Uint32Array(sampleFields.length)
  for (let row = 0; row < ROWS; row++) {
    if ((from.baseline.present[row >>> 5] & (1 << (row & 31))) === 0) continue
    for (let field = 0; field < words.length; field++) words[field] = from.baseline.columns[field][row]
    into.baseline.learnRow(wallMsOfHour(Math.floor(row / SAMPLES_PER_HOUR)), words)
  }
  return { minutes, rows: rowsHeld, rowsRefused: 0 }
}

/** Some instant in that hour of the week: Monday 5 January 1970 was day 4 after the epoch. */
function wallMsOfHour(hour: number): number {
  return (4 * 24 + hour) * 3_600_000
}
