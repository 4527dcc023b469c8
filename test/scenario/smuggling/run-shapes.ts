/**
 * Sends every shape through a Polder with one connection to the origin, a victim asking in between over that same connection, and says what came of it:
 * Polder's verdict, what reached the origin, and everything that must never happen.
 */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { FRAME, FLAG, frame, FrameReader, PREFACE, type ReceivedFrame } from '../../../src/dataplane/edge/http2/raw-frames.ts'
import { startTestShield, type TestShield } from '../../support/in-process-shield.ts'
import { RawConnection } from '../../support/raw-http1.ts'
import type { SeenRequest, WatchedOrigin } from '../../support/seen-request.ts'
import type { Http1Shape } from './http1-shapes.ts'
import type { Http2Shape } from './http2-shapes.ts'
import { testFolder } from '../../../src/kernel/test-folder.testing.ts'

export interface ShapeOutcome {
  readonly family: string
  readonly name: string
  /** `400 bad-request, closed`, `200`, `RST_STREAM PROTOCOL_ERROR`, … */
  readonly verdict: string
  /** Requests the origin took, `METHOD target (bytes of content)`. */
  readonly reached: string
}

export interface ShapesRun {
  readonly outcomes: readonly ShapeOutcome[]
  /** Canaries asked for, answers that were another's, requests Polder did not count. Must be empty. */
  readonly problems: readonly string[]
  readonly victimAnswers: number
  /** All that reached the origin but the victim's own requests, in order. */
  readonly reached: readonly string[]
}

/** Far more than an answer takes on a busy machine; only what goes wrong waits this long. */
const ANSWER_MS = 5_000
/** What is not whole gets no answer in this time. */
const SILENCE_MS = 150

export async function runShapes(origin: WatchedOrigin, http1: readonly Http1Shape[], http2: readonly Http2Shape[]): Promise<ShapesRun> {
  const folder = testFolder('shapes')
  const log = join(folder, 'access.json')
  const shield = await startTestShield(`listen: [127.0.0.1:0, { address: 127.0.0.2:0, tls: true }]
origin: { upstreams: [${origin.url}], connections: 1, keepAliveMs: 30s }
workers: 1
log: { format: json, file: ${log}, sampleAbovePerSecond: 1000000 }
edge: { tlsHandshakesPerSecond: 1000/s, tlsHandshakeBurst: 10000, abusePenaltyMs: 0s }
cache: { diskBytes: 0 }
routes: [{ path: '*', cache: off }]
`)
  const run = new Run(origin, shield)
  try {
    await run.begin()
    for (const shape of http1) await run.http1(shape)
    for (const shape of http2) await run.http2(shape)
    await run.end()
    // So that the last lines of the access log are written.
    await shield.shield.drain(1_000)
  } finally {
    await shield.stop()
  }
  await origin.settle()
  const counted = readFileSync(log, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { id: string; method: string; target: string; reason: string })
  rmSync(folder, { recursive: true, force: true })
  const others = origin.seen.filter(({ target }) => !isVictims(target) && target !== '/perhaps')
  for (const { method, target } of others) {
    if (method === 'BROKEN') run.problems.push(`the origin got what it calls broken: ${target}`)
    else if (target.startsWith('/smuggled-')) run.problems.push(`the origin was asked ${method} ${target}`)
  }
  run.problems.push(...uncounted(origin.seen, counted))
  return { outcomes: run.outcomes, problems: run.problems, victimAnswers: run.victims, reached: others.map(({ method, target }) => `${method} ${target}`) }
}

function isVictims(target: string): boolean {
  return target.startsWith('/victim/') || target.startsWith('/downloads/')
}

class Run {
  readonly outcomes: ShapeOutcome[] = []
  readonly problems: string[] = []
  victims = 0
  #victim!: RawConnection
  readonly #origin: WatchedOrigin
  readonly #plain: string
  readonly #tls: string
  #shapes = 0
  #seen = 0

  constructor(origin: WatchedOrigin, { shield }: TestShield) {
    this.#origin = origin
    this.#plain = shield.urls.find((url) => url.startsWith('http:'))!
    this.#tls = shield.urls.find((url) => url.startsWith('https:'))!
  }

  async begin(): Promise<void> {
    this.#victim = await RawConnection.open(this.#plain, { from: '127.77.0.1' })
    await this.#askAsVictim('before')
    this.#seen = this.#origin.seen.length
  }

  async end(): Promise<void> {
    for (let i = 0; i < 20; i++) await this.#askAsVictim('at the end')
    this.#victim.destroy()
  }

  async http1(shape: Http1Shape): Promise<void> {
    const canary = this.#canary()
    const attacker = await RawConnection.open(this.#plain, { from: '127.66.0.1' })
    attacker.send(shape.bytes(canary), shape.method)
    await this.#askAsVictim(`beside ${shape.family}: ${shape.name}`)
    const expected = shape.answers ?? 1
    await attacker.until(() => attacker.answers.length >= Math.max(1, expected), expected === 0 ? SILENCE_MS : ANSWER_MS)
    const refused = attacker.answers.some(({ headers }) => headers.has('polder-reason'))
    await attacker.until(() => false, refused ? ANSWER_MS : 20)
    const answers = attacker.answers.map(({ status, headers }) => `${status}${headers.has('polder-reason') ? ` ${headers.get('polder-reason')}` : ''}`)
    if (answers.length === 0) answers.push(attacker.closed ? 'closed without a word' : 'waits for more')
    else if (refused) answers[answers.length - 1] += attacker.closed ? ', closed' : ', stays open'
    if (attacker.broken !== '') this.problems.push(`${shape.name}: the attacker read ${JSON.stringify(attacker.broken.slice(0, 80))}`)
    await this.#finish(shape, answers.join('; '), canary, () => attacker.destroy())
  }

  async http2(shape: Http2Shape): Promise<void> {
    const canary = this.#canary()
    const { socket } = await RawConnection.open(this.#tls, { from: '127.66.0.1', alpn: 'h2' })
    socket.removeAllListeners('data')
    const reader = new FrameReader(socket)
    socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), frame(FRAME.settings, FLAG.ack, 0), shape.bytes(canary)]))
    await this.#askAsVictim(`beside ${shape.family}: ${shape.name}`)
    const ended = ({ type, stream, flags }: ReceivedFrame): boolean => type === FRAME.goaway || (stream === 1 && (type === FRAME.reset || (type !== FRAME.windowUpdate && (flags & FLAG.endStream) !== 0)))
    const timer = setTimeout(() => socket.destroy(), ANSWER_MS)
    await reader.until((frames) => frames.some(ended))
    clearTimeout(timer)
    await this.#finish(shape, verdictOf(reader.frames), canary, () => socket.destroy(), shape.mayReach)
  }

  async #finish({ family, name }: { family: string; name: string }, verdict: string, canary: string, close: () => void, mayReach = false): Promise<void> {
    await this.#askAsVictim(`after ${family}: ${name}`)
    close()
    await this.#askAsVictim(`after the end of ${family}: ${name}`)
    const { seen } = this.#origin
    const came = seen.slice(this.#seen).filter(({ target }) => !isVictims(target))
    this.#seen = seen.length
    const reached = came.map(({ method, target, contentBytes, passed = [] }) => {
      const fields = passed.filter((field) => field !== 'host: polder.test').map((field) => field.replace(/^(host: 127\.0\.0\.1:)\d+$/, '$1PORT'))
      return `${method} ${target.replaceAll(canary, '/canary')}${contentBytes > 0 ? `, ${contentBytes} bytes` : ''}${fields.length > 0 ? `, ${fields.join(', ')}` : ''}`
    })
    this.outcomes.push({ family, name, verdict, reached: mayReach ? 'sometimes the first request' : reached.join('; ') })
  }

  #canary(): string {
    this.#shapes++
    // Of one length, so that declared lengths are alike in every run.
    return `/smuggled-${String(this.#shapes).padStart(4, '0')}`
  }

  /** Asks for a page whose answer is unlike every other. */
  async #askAsVictim(when: string): Promise<void> {
    const number = ++this.victims
    const page = this.#origin.unique(number)
    const { target } = page
    try {
      const answer = await this.#victim.ask(`GET ${target} HTTP/1.1\r\nHost: polder.test\r\n\r\n`)
      if (answer.status === 200 && page.belongs(answer.body)) return
      this.problems.push(`${when}: the victim asked ${target} and got ${answer.status} ${JSON.stringify(answer.body.toString('latin1', 0, 80))}`)
    } catch (error) {
      this.problems.push(`${when}: ${String(error)}`)
      this.#victim.destroy()
      this.#victim = await RawConnection.open(this.#plain, { from: '127.77.0.1' })
    }
  }
}

/** Every request an origin saw is one that Polder counted and let through, and none was seen twice. */
function uncounted(seen: readonly SeenRequest[], counted: ReadonlyArray<{ id: string; method: string; target: string }>): string[] {
  const problems: string[] = []
  const open = new Map<string, number>()
  for (const { id, method, target } of counted) {
    for (const key of [`${method} ${target}`, `${id} ${method} ${target}`]) open.set(key, (open.get(key) ?? 0) + 1)
  }
  for (const { id, method, target } of seen) {
    const key = id === '' ? `${method} ${target}` : `${id} ${method} ${target}`
    const left = open.get(key) ?? 0
    if (left === 0) problems.push(`the origin saw ${key}, which Polder did not count`)
    open.set(key, left - 1)
  }
  return problems
}

const ERROR_NAMES = ['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT', 'STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR', 'ENHANCE_YOUR_CALM']

function verdictOf(frames: readonly ReceivedFrame[]): string {
  const words: string[] = []
  for (const { type, stream, payload } of frames) {
    if (type === FRAME.headers && stream === 1) words.push(statusOf(payload))
    else if (type === FRAME.reset && stream === 1) words.push(`RST_STREAM ${ERROR_NAMES[payload.readUInt32BE(0)]}`)
    else if (type === FRAME.goaway) words.push(`GOAWAY ${ERROR_NAMES[payload.readUInt32BE(4)]}`)
  }
  return words.length === 0 ? 'waits for more' : words.join(', ')
}

/** The first field of a header block of an answer: `:status`, indexed or literal (RFC 7541 sections 6.1 and 6.2, appendix A). */
function statusOf(block: Buffer): string {
  let at = 0
  // Changes of the table's size stand before it.
  while ((block[at] & 0xe0) === 0x20) at += block[at] === 0x3f ? 3 : 1
  const indexed = ['200', '204', '206', '304', '400', '404', '500'][block[at] - 0x88]
  if (indexed !== undefined) return indexed
  const length = block[at + 1] & 0x7f
  const text = block.subarray(at + 2, at + 2 + length)
  if ((block[at + 1] & 0x80) === 0) return text.toString('latin1')
  // Huffman codes of digits: 5 bits for 0 to 2, 6 bits (0x19 and on) for 3 to 9.
  let bits = [...text].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  let digits = ''
  while (digits.length < 3) {
    const five = Number.parseInt(bits.slice(0, 5), 2)
    digits += five < 3 ? five : Number.parseInt(bits.slice(0, 6), 2) - 0x19 + 3
    bits = bits.slice(five < 3 ? 5 : 6)
  }
  return digits
}
