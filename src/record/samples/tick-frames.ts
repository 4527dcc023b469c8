/**
 * The form of a recording: frames, each with its length, a checksum and its content, deflated. The content is JSON, then the numbers that belong to it as
 * little-endian 32-bit words. Written by sample-recorder.ts, read by the replay of an incident.
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import type { ControlBeginning, ControlTick } from '../../contract/control-tick.ts'
import { SAMPLE_WORDS, type SampleBatch } from '../../contract/sample.ts'

export const RECORDING_FORMAT = 1
const HEAD_BYTES = 8
/** Of one frame, unpacked: a baseline of 21,504 rows is 2.4 MB. */
const MOST_FRAME_BYTES = 16 * 1_048_576

export type Frame =
  | { readonly kind: 'beginning'; readonly version: string; readonly beginning: ControlBeginning }
  | { readonly kind: 'tick'; readonly tick: ControlTick }

export class FrameError extends Error {}

export function encodeFrame(frame: Frame): Buffer {
  const numbers: Uint32Array[] = []
  let head: unknown
  if (frame.kind === 'tick') {
    const { samples, ...rest } = frame.tick
    head = { kind: 'tick', tick: { ...rest, samples: samples.map(({ worker, fromWallMs, toWallMs, seen, weight, strings, words }) => ({ worker, fromWallMs, toWallMs, seen, weight, strings, records: words.length / SAMPLE_WORDS })) } }
    for (const { words } of samples) numbers.push(words)
  } else {
    const { baseline, ...rest } = frame.beginning
    const { minuteLogs, minuteCounts, offered, columns } = baseline
    head = { kind: 'beginning', format: RECORDING_FORMAT, version: frame.version, beginning: rest, lengths: [minuteLogs.length, minuteCounts.length, offered.length, columns.length, columns[0]?.length ?? 0] }
    numbers.push(new Uint32Array(minuteLogs.buffer, minuteLogs.byteOffset, minuteLogs.length), minuteCounts, offered, ...columns)
  }
  const json = Buffer.from(JSON.stringify(head))
  const bytes = Buffer.alloc(4 + json.length + numbers.reduce((sum, one) => sum + one.byteLength, 0))
  bytes.writeUInt32LE(json.length, 0)
  json.copy(bytes, 4)
  let at = 4 + json.length
  for (const one of numbers) for (const number of one) at = bytes.writeUInt32LE(number, at)
  const packed = deflateRawSync(bytes, { level: 1 })
  const whole = Buffer.alloc(HEAD_BYTES + packed.length)
  whole.writeUInt32LE(packed.length, 0)
  whole.writeUInt32LE(crc32(packed), 4)
  packed.copy(whole, HEAD_BYTES)
  return whole
}

/** Frame by frame. @throws FrameError for what is none; what came before it is good. */
export function* decodeFrames(bytes: Buffer): Generator<Frame> {
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < HEAD_BYTES) throw new FrameError('the recording ends within a frame')
    const length = bytes.readUInt32LE(at)
    const packed = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
    if (packed.length !== length) throw new FrameError('the recording ends within a frame')
    if (crc32(packed) !== bytes.readUInt32LE(at + 4)) throw new FrameError('a frame of the recording is not what was written')
    yield decodeFrame(inflateRawSync(packed, { maxOutputLength: MOST_FRAME_BYTES }))
    at += HEAD_BYTES + length
  }
}

interface Head {
  readonly kind: string
  readonly format?: number
  readonly version?: string
  readonly tick?: Omit<ControlTick, 'samples'> & { readonly samples: ReadonlyArray<Omit<SampleBatch, 'words'> & { readonly records: number }> }
  readonly beginning?: Omit<ControlBeginning, 'baseline'>
  readonly lengths?: readonly number[]
}

function decodeFrame(bytes: Buffer): Frame {
  const jsonLength = bytes.readUInt32LE(0)
  const head = JSON.parse(bytes.toString('utf8', 4, 4 + jsonLength)) as Head
  let at = 4 + jsonLength
  const take = (length: number): Uint32Array => {
    if (at + length * 4 > bytes.length) throw new FrameError('a frame holds fewer numbers than it says')
    const words = new Uint32Array(length)
    for (let i = 0; i < length; i++) words[i] = bytes.readUInt32LE(at + i * 4)
    at += length * 4
    return words
  }
  if (head.kind === 'tick' && head.tick !== undefined) {
    return { kind: 'tick', tick: { ...head.tick, samples: head.tick.samples.map(({ records, ...batch }) => ({ ...batch, words: take(records * SAMPLE_WORDS) })) } }
  }
  if (head.kind !== 'beginning' || head.beginning === undefined || head.lengths?.length !== 5) throw new FrameError('a frame of a kind that this version does not know')
  if (head.format !== RECORDING_FORMAT) throw new FrameError(`the recording has format ${head.format}; this version reads ${RECORDING_FORMAT}`)
  const [logs, counts, offered, columns, rows] = head.lengths
  const minuteLogs = new Float32Array(take(logs).buffer)
  return { kind: 'beginning', version: head.version ?? '', beginning: { ...head.beginning, baseline: { minuteLogs, minuteCounts: take(counts), offered: take(offered), columns: Array.from({ length: columns }, () => take(rows)) } } }
}
