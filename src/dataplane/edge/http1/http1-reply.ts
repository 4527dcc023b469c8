import type { Duplex } from 'node:stream'
import type { Reason } from '../../../contract/reason.ts'
import { hasHeader, type HeaderList } from '../../../kernel/header-list.ts'
import type { PreparedAnswer, Reply } from '../../request.ts'
import { neverInTrailers } from './chunked-decoder.ts'
import type { ConnectionOutput } from './connection-output.ts'
import { imageOf, inlineBody, isWithoutContent, preparedFraming } from './prepared-image.ts'
import { FRAMED_BY_CHUNKS, FRAMED_BY_CLOSE, LENGTH_AS_GIVEN, NO_CONTENT, writeHead, writeTrailers, type ConnectionField } from './response-head.ts'
import type { RequestHead } from './request-head.ts'

/** What a reply needs of its connection. */
export interface ReplyOwner {
  /** False when this answer must be the last one of the connection. */
  mayStayOpen(): boolean
  /** The last byte was written. */
  replyWritten(): void
  cut(reason: Reason): void
  takeOver(): Duplex | null
}

/** The answer to one HTTP/1 request. A call that comes too late (the visitor is gone, the answer is complete) does nothing. */
export class Http1Reply implements Reply {
  started = false
  finished = false
  onDrain: (() => void) | null = null
  onClose: ((gone: boolean) => void) | null = null
  /** The connection serves another request after this answer. */
  keepsOpen: boolean
  /** The answer ends where the connection ends, so only a reset shows that it was cut. */
  endsWithConnection = false
  /** `write` returned false and `onDrain` is owed. */
  owesDrain = false
  readonly #owner: ReplyOwner
  readonly #output: ConnectionOutput
  readonly #isHead: boolean
  readonly #version: number
  readonly #takesTrailers: boolean
  #framing = NO_CONTENT
  #left = 0
  #withoutContent = false

  /** Takes what it needs of `head` at once. */
  constructor(owner: ReplyOwner, output: ConnectionOutput, head: RequestHead) {
    this.#owner = owner
    this.#output = output
    this.#isHead = head.method === 'HEAD'
    this.#version = head.version
    this.keepsOpen = head.keepAlive
    this.#takesTrailers = head.takesTrailers
  }

  sendPrepared(answer: PreparedAnswer): void {
    if (this.started || this.finished) return
    this.started = true
    const output = this.#output
    this.keepsOpen = this.keepsOpen && this.#owner.mayStayOpen()
    const inline = inlineBody(answer)
    if (this.keepsOpen && this.#version === 11) {
      const wire = imageOf(answer)
      if (inline !== null && this.#isHead) output.writeBytes(wire.subarray(0, wire.length - inline.length))
      else if (inline !== null || answer.body === null || this.#isHead || isWithoutContent(answer.status)) output.writeBytes(wire)
      else {
        output.hold()
        output.writeBytes(wire)
        output.writeBytes(answer.body)
        output.release()
      }
    } else this.#writeOnce(writeHead(answer.status, answer.headers, preparedFraming(answer), this.#connectionField()), isWithoutContent(answer.status) ? null : answer.body)
    this.#owner.replyWritten()
  }

  sendWhole(status: number, headers: HeaderList, body: Uint8Array | null): void {
    if (this.started || this.finished) return
    this.started = true
    this.keepsOpen = this.keepsOpen && this.#owner.mayStayOpen()
    let framing = body === null ? 0 : body.length
    if (status === 204) framing = NO_CONTENT
    else if (status === 304 || (this.#isHead && body === null)) framing = LENGTH_AS_GIVEN
    this.#writeOnce(writeHead(status, headers, framing, this.#connectionField()), isWithoutContent(status) ? null : body)
    this.#owner.replyWritten()
  }

  sendInformational(status: number, headers: HeaderList): void {
    if (this.started || this.finished || this.#version !== 11) return
    if (status <= 100 || status > 199) return
    this.#output.writeText(writeHead(status, headers, NO_CONTENT, status === 101 ? 'connection: upgrade\r\n' : ''))
  }

  start(status: number, headers: HeaderList, bodyBytes: number): void {
    if (this.started || this.finished) return
    this.started = true
    this.keepsOpen = this.keepsOpen && this.#owner.mayStayOpen()
    this.#withoutContent = this.#isHead || isWithoutContent(status)
    if (status === 204) this.#framing = NO_CONTENT
    else if (this.#withoutContent) this.#framing = bodyBytes > 0 && !hasHeader(headers, 'content-length') ? bodyBytes : LENGTH_AS_GIVEN
    else if (bodyBytes >= 0) this.#framing = bodyBytes
    else if (this.#version === 11) this.#framing = FRAMED_BY_CHUNKS
    else {
      this.#framing = FRAMED_BY_CLOSE
      this.keepsOpen = false
      this.endsWithConnection = true
    }
    this.#left = this.#withoutContent ? 0 : this.#framing
    this.#output.hold()
    this.#output.writeText(writeHead(status, headers, this.#framing, this.#connectionField()))
  }

  write(chunk: Uint8Array): boolean {
    return this.#write(chunk, false)
  }

  writeView(view: Uint8Array): boolean {
    return this.#write(view, true)
  }

  #write(chunk: Uint8Array, isView: boolean): boolean {
    if (!this.started || this.finished) return false
    if (this.#withoutContent) return true
    const length = chunk.length
    const output = this.#output
    if (this.#framing === FRAMED_BY_CHUNKS) {
      if (length !== 0) writeChunk(output, chunk, isView)
    } else {
      if (this.#framing >= 0) {
        // More than was announced would be read as the next answer.
        if (length > this.#left) {
          this.#owner.cut('origin-bad-answer')
          return false
        }
        this.#left -= length
      }
      if (isView) output.writeCopy(chunk, '', '')
      else output.writeBytes(chunk)
    }
    if (output.hasRoom()) return true
    this.owesDrain = true
    return false
  }

  end(trailers: HeaderList | null): void {
    if (!this.started || this.finished) return
    const output = this.#output
    if (this.#framing >= 0 && this.#left > 0) {
      this.#owner.cut('origin-bad-answer')
      return
    }
    if (this.#framing === FRAMED_BY_CHUNKS) {
      const fields = trailers !== null && this.#takesTrailers ? writeTrailers(trailers, neverInTrailers) : ''
      output.writeText(`0\r\n${fields}\r\n`)
    }
    output.release()
    this.#owner.replyWritten()
  }

  abort(reason: Reason): void {
    if (!this.finished) this.#owner.cut(reason)
  }

  takeOver(): Duplex | null {
    if (this.started || this.finished) return null
    const raw = this.#owner.takeOver()
    if (raw !== null) this.started = true
    return raw
  }

  #connectionField(): ConnectionField {
    if (!this.keepsOpen) return 'connection: close\r\n'
    return this.#version === 11 ? '' : 'connection: keep-alive\r\n'
  }

  #writeOnce(head: string, body: Uint8Array | null): void {
    const output = this.#output
    if (body === null || body.length === 0 || this.#isHead) output.writeText(head)
    else if (body.length <= JOIN_BYTES) {
      const whole = Buffer.allocUnsafe(head.length + body.length)
      whole.write(head, 0, 'latin1')
      whole.set(body, head.length)
      output.writeBytes(whole)
    } else {
      output.hold()
      output.writeText(head)
      output.writeBytes(body)
      output.release()
    }
  }
}

/** Up to here one copy into one buffer is cheaper than a write of several. */
const JOIN_BYTES = 16_384
const JOIN_CHUNK_BYTES = 4_096

function writeChunk(output: ConnectionOutput, chunk: Uint8Array, isView: boolean): void {
  const size = `${chunk.length.toString(16)}\r\n`
  if (isView || chunk.length <= JOIN_CHUNK_BYTES) {
    output.writeCopy(chunk, size, '\r\n')
    return
  }
  output.hold()
  output.writeText(size)
  output.writeBytes(chunk)
  output.writeText('\r\n')
  output.release()
}
