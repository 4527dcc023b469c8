/**
 * One line per request, until there are too many: then a random sample, so that a flood cannot fill the disk or slow the shield.
 * Lines wait in a bounded buffer and are written behind the request; a slow or full disk loses lines (counted), never a request.
 */
import { createWriteStream, type WriteStream } from 'node:fs'
import type { Clock } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'
import type { Request } from '../request.ts'
import { AddressWriter } from './address-writer.ts'
import type { AccessLogSettings } from './options.ts'

const FLUSH_BYTES = 32_768
/** After a failure (full disk, missing folder) the file is tried again this often. */
const RETRY_MS = 30_000

export class AccessLog {
  settings: AccessLogSettings
  readonly #clock: Clock
  readonly #random: Random
  readonly #addresses = new AddressWriter()
  readonly #onTrouble: (message: string) => void
  #stream: WriteStream | null = null
  #retryAtMs = Number.POSITIVE_INFINITY
  #pending: string[] = []
  #pendingBytes = 0
  #second = 0
  #seenThisSecond = 0
  #share = 1
  #stamp = ''
  #stampSecond = -1
  dropped = 0

  constructor(settings: AccessLogSettings, clock: Clock, random: Random, onTrouble: (message: string) => void) {
    this.settings = settings
    this.#clock = clock
    this.#random = random
    this.#onTrouble = onTrouble
    this.#open()
  }

  #open(): void {
    if (this.settings.format === 'off') return
    const stream = this.settings.file === '-' ? createWriteStream('', { fd: 1, autoClose: false }) : createWriteStream(this.settings.file, { flags: 'a', mode: 0o640 })
    stream.on('error', (error) => {
      this.#onTrouble(`access log ${this.settings.file}: ${error.message}; lines are dropped; it is tried again every ${RETRY_MS / 1_000} s, and at once on SIGUSR1`)
      if (this.#stream !== stream) return
      this.#stream = null
      this.#retryAtMs = this.#clock.monotonicMs() + RETRY_MS
    })
    this.#stream = stream
    this.#retryAtMs = Number.POSITIVE_INFINITY
  }

  /** New settings from a reload; `file` keeps its value until a restart. */
  apply(settings: AccessLogSettings): void {
    const wasOff = this.settings.format === 'off'
    this.settings = { ...settings, file: this.settings.file }
    if (wasOff) this.#open()
  }

  /** After logrotate moved the file. */
  reopen(): void {
    this.flush()
    this.#stream?.end()
    this.#stream = null
    this.#open()
  }

  /** Called once per ended request. */
  write(request: Request): void {
    const settings = this.settings
    if (settings.format === 'off') return
    const now = this.#clock.wallMs()
    const second = Math.floor(now / 1_000)
    if (second !== this.#second) {
      this.#share = Math.min(1, settings.sampleAbovePerSecond / Math.max(1, this.#seenThisSecond))
      this.#second = second
      this.#seenThisSecond = 0
    }
    this.#seenThisSecond++
    // Within a second that explodes, the share of the second before is too generous: the cap holds by count as well.
    if (this.#share < 1 && this.#random.next() >= this.#share) return
    if (this.#seenThisSecond > 2 * settings.sampleAbovePerSecond && this.#share === 1) return
    const line = settings.format === 'json' ? this.#json(request, now) : this.#combined(request, now, second)
    if (this.#pendingBytes + line.length > settings.bufferBytes || this.#stream === null) {
      this.dropped++
      return
    }
    this.#pending.push(line)
    this.#pendingBytes += line.length
    if (this.#pendingBytes >= FLUSH_BYTES) this.flush()
  }

  /** Hands waiting lines to the file; called a few times a second. */
  flush(): void {
    if (this.#clock.monotonicMs() >= this.#retryAtMs) this.#open()
    if (this.#pending.length === 0 || this.#stream === null) return
    if (this.#stream.writableLength > this.settings.bufferBytes) {
      this.dropped += this.#pending.length
    } else this.#stream.write(this.#pending.join(''))
    this.#pending = []
    this.#pendingBytes = 0
  }

  async close(): Promise<void> {
    this.flush()
    const stream = this.#stream
    this.#stream = null
    this.#retryAtMs = Number.POSITIVE_INFINITY
    if (stream === null || this.settings.file === '-') return
    await new Promise<void>((resolve) => stream.end(resolve))
  }

  #combined(request: Request, now: number, second: number): string {
    if (second !== this.#stampSecond) {
      this.#stampSecond = second
      this.#stamp = combinedStamp(now)
    }
    const version = request.version === 20 ? 'HTTP/2.0' : request.version === 11 ? 'HTTP/1.1' : 'HTTP/1.0'
    const address = this.#addresses.write(request.client, this.settings.addresses, now)
    return `${address} - - [${this.#stamp}] "${quoted(request.method)} ${quoted(request.target)} ${version}" ${request.status} ${request.bytesSent} "${quoted(header(request, 'referer') || '-')}" "${quoted(header(request, 'user-agent') || '-')}"\n`
  }

  #json(request: Request, now: number): string {
    return `${JSON.stringify({
      time: new Date(now).toISOString(),
      id: request.id,
      client: this.#addresses.write(request.client, this.settings.addresses, now),
      method: request.method,
      scheme: request.scheme,
      host: request.host,
      target: request.target,
      version: request.version / 10,
      status: request.status,
      bytes: request.bytesSent,
      ms: Math.round((this.#clock.monotonicMs() - request.receivedAtMs) * 100) / 100,
      reason: request.reason,
      rule: request.ruleId === '' ? undefined : request.ruleId,
      class: request.routeClass,
      visitor: request.visitorClass,
      referer: header(request, 'referer') || undefined,
      agent: header(request, 'user-agent') || undefined,
      standsFor: this.#share < 1 ? Math.round(1 / this.#share) : 1,
    })}\n`
  }
}

function header(request: Request, name: string): string {
  const headers = request.headers
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1]!
  return ''
}

/** Nothing a visitor sends may end the field or the line: quotes, backslashes and control characters are written as \xHH (as nginx and Apache do). */
function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  return /["\\\x00-\x1f\x7f-\xff]/.test(text) ? text.replace(/["\\\x00-\x1f\x7f-\xff]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`) : text
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function combinedStamp(wallMs: number): string {
  const at = new Date(wallMs)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${two(at.getUTCDate())}/${months[at.getUTCMonth()]}/${at.getUTCFullYear()}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`
}
