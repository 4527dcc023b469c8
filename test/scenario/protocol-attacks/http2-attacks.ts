/** HTTP/2 attacks by raw frames: what an attacker's own stack writes on one connection, step by step. */
import { fieldBlock, FLAG, FRAME, frame, request, u32 } from '../../../src/dataplane/edge/http2/raw-frames.ts'

type Fields = ReadonlyArray<readonly [name: string, value: string]>
const fieldsOf = (method: string, path: string): Fields => [[':method', method], [':scheme', 'https'], [':authority', 'polder.test'], [':path', path]]
const ask = fieldsOf('GET', '/live/attack')
const post = fieldsOf('POST', '/form')
const streamId = (i: number): number => 1 + 2 * i

export interface Http2Attack {
  readonly name: string
  readonly cve: string
  /** What the shield counts. */
  readonly reasons: readonly string[]
  /** Frames of step `i`. */
  step(i: number): Buffer
}

const LONG_VALUE = 'v'.repeat(3_900)
/** One field into the decoder's table (RFC 7541 section 6.2.1), then one byte for each time it is meant: 1 to 3,900. */
const bomb = Buffer.concat([fieldBlock(ask), Buffer.from([0x40]), fieldBlock([['x-bomb', LONG_VALUE]]).subarray(1), Buffer.alloc(4_000, 0xbe)])

export const http2Attacks: readonly Http2Attack[] = [
  { name: 'rapid reset', cve: 'CVE-2023-44487', reasons: ['h2-abuse'], step: (i) => Buffer.concat([request(streamId(i), ask), frame(FRAME.reset, 0, streamId(i), u32(8))]) },
  { name: 'MadeYouReset by a window of nothing', cve: 'CVE-2025-8671', reasons: ['h2-abuse'], step: (i) => Buffer.concat([request(streamId(i), ask), frame(FRAME.windowUpdate, 0, streamId(i), u32(0))]) },
  { name: 'MadeYouReset by content after the end', cve: 'CVE-2025-8671', reasons: ['h2-abuse'], step: (i) => Buffer.concat([request(streamId(i), ask), frame(FRAME.data, 0, streamId(i), Buffer.from('x'))]) },
  { name: 'endless CONTINUATION', cve: 'CVE-2024-27316, CVE-2024-27983', reasons: ['bad-request'], step: (i) => (i === 0 ? frame(FRAME.headers, FLAG.endStream, 1, fieldBlock(ask)) : frame(FRAME.continuation, 0, 1, fieldBlock([['x-a', 'b'.repeat(50)]]))) },
  { name: 'SETTINGS flood', cve: 'CVE-2019-9515', reasons: ['h2-abuse'], step: () => frame(FRAME.settings, 0, 0) },
  { name: 'PING flood', cve: 'CVE-2019-9512', reasons: ['h2-abuse'], step: () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)) },
  { name: 'PRIORITY flood', cve: 'CVE-2019-9513', reasons: ['h2-abuse'], step: (i) => frame(FRAME.priority, 0, 1_001 + 2 * i, Buffer.concat([u32(0), Buffer.of(1)])) },
  { name: 'empty DATA flood', cve: 'CVE-2019-9518', reasons: ['h2-abuse'], step: (i) => (i === 0 ? request(1, post, false) : frame(FRAME.data, 0, 1)) },
  { name: 'header bomb by table references', cve: 'CVE-2016-1544', reasons: ['h2-abuse'], step: (i) => frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, streamId(i), bomb) },
]
