import type { HeaderList } from '../../kernel/header-list.ts'
import type { Reason } from '../../contract/reason.ts'
import type { BodySink, RequestBody } from '../request.ts'
import { faults } from './fault.ts'
import type { Fault } from './fault.ts'
import type { H1Connection } from './h1-connection.ts'
import { trailerFields } from './hop-by-hop.ts'
import { lastChunk, requestHead } from './request-writer.ts'
import type { WireReceiver, WireRequest, WireTry } from './transport.ts'

/** Methods whose content origins expect: without content they say so by a length of zero. */
const contentMethods: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH', 'REPORT', 'LOCK', 'MKCOL', 'SEARCH'])

/** One request on its way over one connection, or waiting for one. Also reads the visitor's content and writes it on. */
export class H1Try implements WireTry, BodySink {
  readonly receiver: WireReceiver
  readonly method: string
  /** Asked to change to this protocol, or ''. */
  readonly protocol: string
  readonly #request: WireRequest
  readonly #body: RequestBody | null
  readonly #declaredBytes: number
  #connection: H1Connection | null = null
  #over = false
  #waiting = false
  #uploading = false
  #blocked = false
  uploadedBytes = 0
  /** A final head came. */
  answered = false

  constructor(request: WireRequest, receiver: WireReceiver) {
    this.#request = request
    this.receiver = receiver
    this.method = request.method
    this.protocol = request.protocol
    const { body } = request
    this.#body = body === null || body instanceof Uint8Array ? null : body
    this.#declaredBytes = this.#body === null ? 0 : this.#body.declaredBytes
  }

  get over(): boolean {
    return this.#over
  }

  get waitsForVisitor(): boolean {
    return this.#waiting
  }

  get uploading(): boolean {
    return this.#uploading
  }

  /** A connection is there. Returns false when the request cannot be written; the connection is then untouched. */
  beginOn(connection: H1Connection): boolean {
    const { method, target, headers, body } = this.#request
    const content = body instanceof Uint8Array && body.byteLength > 0 ? body : null
    const streamed = this.#body !== null && this.#declaredBytes !== 0
    // Some page of some origin does not read content, and takes it for the next request (CL.0 desync): nobody's request follows on this connection.
    const reusable = content === null && !streamed
    let framing = ''
    if (content !== null) framing = `content-length: ${content.byteLength}\r\n`
    else if (streamed) framing = this.#declaredBytes > 0 ? `content-length: ${this.#declaredBytes}\r\n` : 'transfer-encoding: chunked\r\n'
    else if (contentMethods.has(method) || body !== null) framing = 'content-length: 0\r\n'
    if (this.protocol !== '') framing += `connection: upgrade\r\nupgrade: ${this.protocol}\r\n`
    else if (!reusable) framing += 'connection: close\r\n'
    const head = requestHead(method, target, headers, framing)
    if (head === null) return false
    this.#connection = connection
    this.#uploading = streamed
    this.receiver.onSending()
    if (this.#over) return true
    connection.begin(this, head, content, !streamed, reusable)
    if (streamed) {
      this.#waiting = true
      this.#body?.start(this)
    } else this.#body?.discard()
    return true
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    this.#waiting = this.#uploading = false
    this.#connection?.destroy()
  }

  resume(): void {
    if (!this.#over) this.#connection?.resume()
  }

  stopUpload(): void {
    if (!this.#uploading) return
    this.#uploading = this.#waiting = false
    this.#body?.discard()
  }

  onDrain(): void {
    if (!this.#blocked || !this.#uploading) return
    this.#blocked = false
    this.#waiting = true
    this.#body?.resume()
  }

  onData(chunk: Uint8Array): boolean {
    if (!this.#uploading || this.#connection === null) return true
    if (chunk.byteLength === 0) return true
    this.uploadedBytes += chunk.byteLength
    if (this.#declaredBytes >= 0 && this.uploadedBytes > this.#declaredBytes) {
      // Never a byte beyond the length that was promised: it would be read as another request.
      this.#breakOff(faults.badRequest)
      return true
    }
    if (this.#connection.writeContent(chunk, this.#declaredBytes < 0)) return true
    this.#blocked = true
    this.#waiting = false
    return false
  }

  onEnd(trailers: HeaderList | null): void {
    if (!this.#uploading || this.#connection === null) return
    if (this.#declaredBytes >= 0 && this.uploadedBytes !== this.#declaredBytes) return this.#breakOff(faults.badRequest)
    this.#uploading = this.#waiting = false
    this.#connection.finishRequest(this.#declaredBytes >= 0 ? '' : lastChunk(trailers === null ? null : trailerFields(trailers)))
  }

  onError(reason: Reason): void {
    if (!this.#uploading) return
    this.#breakOff({ reason, detail: 'content of the request failed', kind: 'visitor', beforeSending: false, upstreamAtFault: false })
  }

  /** 101 came: what was content is over, the connection belongs to the tunnel. */
  onSwitched(): void {
    this.answered = true
    this.stopUpload()
  }

  /** The answer is whole. */
  onComplete(): void {
    this.#over = true
    this.stopUpload()
  }

  onFault(fault: Fault): void {
    if (this.#over) return
    this.#over = true
    this.#waiting = this.#uploading = false
    this.receiver.onFault(fault)
  }

  #breakOff(fault: Fault): void {
    if (this.#over) return
    this.abort()
    this.receiver.onFault(fault)
  }
}
