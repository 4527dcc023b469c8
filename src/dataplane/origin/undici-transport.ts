/**
 * The only file that knows undici: one Pool per upstream, low-level dispatch, one handler object per try.
 * Read in undici 8.12's source, and relied upon here:
 * - chunks are views of the buffer the socket read into, never of parser memory: valid after the call;
 * - throwing in onRequestStart drops the try and keeps the connection, controller.abort() would close it;
 * - without `servername` undici takes TLS's name from the visitor's Host header and reconnects when it changes: so a constant one is given;
 * - `reset: false` keeps the connection after HEAD (undici would close it);
 * - a 100 answer that nobody asked for is an error to undici: reported as 'answer out of turn'.
 */
import { Pool, buildConnector } from 'undici'
import type { Dispatcher } from 'undici'
import type { Reason } from '../../contract/reason.ts'
import { faultOf, faults } from './fault.ts'
import type { Fault } from './fault.ts'
import { isFieldValue } from './hop-by-hop.ts'
import type { Transport, WireReceiver, WireRequest, WireTry } from './transport.ts'
import { UploadStream } from './upload-stream.ts'
import type { UploadOwner } from './upload-stream.ts'
import type { UpstreamSpec } from './upstream-url.ts'

export interface TransportSettings {
  readonly connections: number
  readonly connectTimeoutMs: number
  readonly keepAliveMs: number
  readonly answerHeadBytes: number
  readonly tlsServerName: string
  readonly tlsVerify: boolean
  /** PEM text, or null for the system's authorities. */
  readonly tlsCa: string | null
}

/** Interim answers before the final one; Node's own client allows no more headers than this by far. Chosen: 103 is sent once or twice in practice. */
const MAX_INTERIM = 16
const NOT_STARTED = new Error('given up before it was sent')
const ABORTED = new Error('given up')

type DispatchOptions = Dispatcher.DispatchOptions & { servername?: string }

export class UndiciTransport implements Transport {
  readonly #pool: Pool
  readonly #servername: string | undefined

  constructor(spec: UpstreamSpec, settings: TransportSettings) {
    const secure = spec.protocol === 'https:'
    const tlsName = settings.tlsServerName !== '' ? settings.tlsServerName : isAddress(spec.hostname) ? '' : spec.hostname
    this.#servername = secure ? 'fixed' : undefined
    const connector = buildConnector({
      timeout: settings.connectTimeoutMs,
      socketPath: spec.socketPath === '' ? null : spec.socketPath,
      allowH2: false,
      ...(secure ? { rejectUnauthorized: settings.tlsVerify, ...(settings.tlsCa === null ? {} : { ca: settings.tlsCa }) } : {}),
    })
    const host = spec.hostname.includes(':') ? `[${spec.hostname}]` : spec.hostname
    this.#pool = new Pool(`${spec.protocol}//${host}:${spec.port}`, {
      connections: settings.connections,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: settings.keepAliveMs,
      keepAliveMaxTimeout: 600_000,
      maxHeaderSize: settings.answerHeadBytes,
      // Deadlines are the exchange's (one sweep for all); undici's own timers stay off.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, done) => connector({ ...options, servername: tlsName === '' ? undefined : tlsName }, done),
    })
    // Each waiting request is told by itself; without a listener an 'error' would be thrown.
    this.#pool.on('connectionError', ignore)
  }

  send(request: WireRequest, receiver: WireReceiver): WireTry {
    const attempt = new UndiciTry(receiver)
    const { body } = request
    let sendBody: Uint8Array | UploadStream | null = null
    let headers = request.headers
    if (body instanceof Uint8Array) sendBody = body.byteLength === 0 ? null : body
    else if (body !== null) {
      if (body.declaredBytes === 0) body.discard()
      else {
        const upload = new UploadStream(body, attempt)
        attempt.upload = upload
        sendBody = upload
        if (body.declaredBytes > 0) headers = headers.concat('content-length', String(body.declaredBytes))
      }
    }
    const options: DispatchOptions = {
      path: request.target,
      method: request.method,
      headers,
      body: sendBody,
      servername: this.#servername,
      // A body on GET, HEAD or DELETE may be ignored by the origin and read as the next request: undici then closes, and is left to.
      reset: sendBody === null ? false : undefined,
    }
    attempt.dispatching = true
    this.#pool.dispatch(options, attempt)
    attempt.dispatching = false
    return attempt
  }

  get openConnections(): number {
    return this.#pool.stats.connected
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  destroy(): Promise<void> {
    return this.#pool.destroy()
  }
}

function ignore(): void {}

function isAddress(hostname: string): boolean {
  return hostname.includes(':') || /^[0-9.]+$/.test(hostname)
}

class UndiciTry implements Dispatcher.DispatchHandler, WireTry, UploadOwner {
  readonly #receiver: WireReceiver
  #controller: Dispatcher.DispatchController | null = null
  #answered = false
  #over = false
  #interim = 0
  #sent = false
  #uploaded = false
  uploadedBytes = 0
  upload: UploadStream | null = null
  dispatching = false

  constructor(receiver: WireReceiver) {
    this.#receiver = receiver
  }

  get waitsForVisitor(): boolean {
    return this.upload !== null && this.upload.waiting
  }

  get uploading(): boolean {
    return this.#sent && !this.#uploaded && this.upload !== null
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    if (this.#controller !== null) this.#controller.abort(ABORTED)
    else this.upload?.destroy()
  }

  resume(): void {
    if (!this.#over) this.#controller?.resume()
  }

  stopUpload(): void {
    this.upload?.stop()
  }

  onVisitorFault(reason: Reason): void {
    this.#fail({ reason, detail: 'content of the request failed', kind: 'visitor', beforeSending: false, upstreamAtFault: false })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over) throw NOT_STARTED
    this.#controller = controller
    this.#sent = true
    this.#receiver.onSending()
  }

  onBodySent(chunk: Buffer): void {
    this.uploadedBytes += chunk.length
  }

  onRequestSent(): void {
    this.#uploaded = true
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (this.#over) return
    const headers = decodeFields(controller.rawHeaders as Buffer[] | null)
    if (headers === null) return this.#fail(faults.badField)
    if (status < 200) {
      if (++this.#interim > MAX_INTERIM) return this.#fail(faults.tooManyInterim)
      if (status < 102) return this.#fail(faults.unrequested)
      return this.#receiver.onInformational(status, headers)
    }
    if (status > 599) return this.#fail(faults.badStatus)
    const wrong = framingFault(headers)
    if (wrong !== null) return this.#fail(wrong)
    this.#answered = true
    this.#receiver.onHead(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over || chunk.length === 0) return
    if (!this.#receiver.onData(chunk)) controller.pause()
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#over) return
    const raw = controller.rawTrailers as Buffer[] | null
    const trailers = raw === null || raw.length === 0 ? NO_FIELDS : decodeFields(raw)
    if (trailers === null) return this.#fail(faults.badField)
    this.#over = true
    this.#receiver.onEnd(trailers)
  }

  onResponseError(controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#over) return
    if (this.dispatching) {
      // Refused by undici before `send` returned: told afterwards, so that the caller has its handle first.
      queueMicrotask(() => this.onResponseError(controller, error))
      return
    }
    this.#over = true
    this.upload?.destroy()
    this.#receiver.onFault(faultOf(error, this.#sent, this.#answered))
  }

  #fail(fault: Fault): void {
    if (this.#over) return
    this.abort()
    this.#receiver.onFault(fault)
  }
}

const NO_FIELDS: readonly string[] = Object.freeze([])

/** Names lower-cased, values as latin1 without outer blanks; null when a value holds a forbidden character. */
function decodeFields(raw: Buffer[] | null): string[] | null {
  if (raw === null) return []
  const fields: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const value = raw[i + 1].toString('latin1')
    if (!isFieldValue(value)) return null
    fields.push(raw[i].toString('latin1').toLowerCase(), trimBlanks(value))
  }
  return fields
}

function trimBlanks(value: string): string {
  const last = value.length - 1
  if (last < 0 || (!isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(last)))) return value
  return value.replace(/^[ \t]+|[ \t]+$/g, '')
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** llhttp already refuses contradictions; what it lets through and we do not: codings we cannot undo, lengths that are not plain numbers. */
function framingFault(headers: readonly string[]): Fault | null {
  let length = ''
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]
    if (name === 'content-length') {
      if (length !== '' || !/^\d{1,15}$/.test(headers[i + 1])) return faults.badLength
      length = headers[i + 1]
    } else if (name === 'transfer-encoding' && headers[i + 1].toLowerCase() !== 'chunked') return faults.badCoding
  }
  return null
}
