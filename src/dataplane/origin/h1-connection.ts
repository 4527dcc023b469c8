/**
 * One connection to an upstream: writes a request, reads its answer, is free again or closed.
 * Acts on one try at a time (no pipelining). A byte that nobody asked for closes it: the next visitor must not get it.
 * Bytes are read into one buffer shared by all connections of the thread and content is copied out at its exact size:
 * the receiver may keep chunks, and a small chunk does not hold a big buffer.
 */
import net from 'node:net'
import tls from 'node:tls'
import { agreesToSwitch, keepAliveHint, readAnswerHead } from './answer-head.ts'
import type { AnswerHead } from './answer-head.ts'
import { ChunkedReader } from './chunked-reader.ts'
import { connectFault, faults } from './fault.ts'
import type { Fault } from './fault.ts'
import type { H1Try } from './h1-try.ts'
import { Tunnel } from './tunnel.ts'

/** What a connection tells its pool. */
export interface ConnectionPool {
  readonly answerHeadBytes: number
  onConnected(connection: H1Connection): void
  /** The try is over and the connection may take another. */
  onFree(connection: H1Connection): void
  /** Gone, at any stage; `cause` when it never was there. */
  onGone(connection: H1Connection, cause: Fault | null): void
  onTlsSession(session: Buffer): void
}

export type ConnectOptions = (net.TcpNetConnectOpts | net.IpcNetConnectOpts) & { tls: tls.ConnectionOptions | null }

/** One read of the kernel: 64 KiB is what libuv suggests. Valid only within one callback, and callbacks never nest. */
const readBuffer = Buffer.allocUnsafeSlow(65_536)
const EMPTY_LINE = Buffer.from('\r\n\r\n')
/** Interim answers before the final one. Chosen: 103 comes once or twice in practice. */
const MAX_INTERIM = 16

/** One read of the edge and the frame of a chunk. */
const UPLOAD_BYTES = 65_536 + 16

const HEAD = 0
const LENGTH = 1
const CHUNKED = 2
const CLOSE = 3
const TUNNEL = 4

export class H1Connection {
  readonly #pool: ConnectionPool
  readonly #socket: net.Socket
  #connected = false
  #gone = false
  #try: H1Try | null = null
  #phase = HEAD
  /** Start of a head that did not come in one read. */
  #partial: Buffer | null = null
  #left = 0
  #chunks: ChunkedReader | null = null
  #reusable = true
  #interim = 0
  #answered = false
  #requestWhole = false
  #ready = true
  /** The answer ended within this read; told to the pool when the rest of the read was found empty. */
  #freeing = false
  #tunnel: Tunnel | null = null
  #uploadBuffer: Buffer | null = null
  /** Set by the pool: when it became free, and its place there. */
  freeSinceMs = 0
  /** From the origin's Keep-Alive field, 0 when it says nothing. */
  keepAliveHintMs = 0
  connectStartedMs = 0
  timedOut = false

  constructor(pool: ConnectionPool, options: ConnectOptions) {
    this.#pool = pool
    const onread = { buffer: readBuffer, callback: (bytes: number) => this.#read(bytes) }
    if (options.tls === null) {
      this.#socket = net.connect({ ...options, onread, noDelay: true } as net.NetConnectOpts)
      this.#socket.once('connect', () => this.#onConnected())
    } else {
      // onread is passed on by tls.connect (Node 24 lib/_tls_wrap.js), its type only does not say so.
      const socket = tls.connect({ ...options, ...options.tls, onread } as unknown as tls.ConnectionOptions)
      socket.setNoDelay(true)
      socket.once('secureConnect', () => this.#onConnected())
      socket.on('session', (session) => pool.onTlsSession(session))
      this.#socket = socket
    }
    this.#socket.on('error', (error) => this.#onGone(error))
    this.#socket.on('end', () => this.#onEof())
    this.#socket.on('close', () => this.#onGone(null))
    this.#socket.on('drain', () => (this.#tunnel === null ? this.#try?.onDrain() : this.#tunnel.onOriginDrain()))
  }

  get usable(): boolean {
    return this.#connected && !this.#gone && this.#try === null && !this.#socket.destroyed && this.#socket.writable
  }

  /** Begins a try; its head was already made. */
  begin(attempt: H1Try, head: string, content: Uint8Array | null, requestWhole: boolean, reusable: boolean): void {
    this.#try = attempt
    this.#phase = HEAD
    this.#reusable = reusable
    this.#interim = 0
    this.#answered = false
    this.#requestWhole = requestWhole
    this.#ready = true
    if (content === null) this.#socket.write(head, 'latin1')
    else {
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      this.#socket.write(content)
      this.#socket.uncork()
    }
  }

  /** Returns false when the origin is slower; the bytes must not change until they are sent. */
  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes)
  }

  /**
   * Content of the running request, framed as a chunk when `chunked`. The bytes may change after the call: they are copied,
   * into one buffer of this connection as long as the kernel takes everything at once. Returns false when the origin is slower.
   */
  writeContent(bytes: Uint8Array, chunked: boolean): boolean {
    const size = chunked ? `${bytes.byteLength.toString(16)}\r\n` : ''
    const total = bytes.byteLength + (chunked ? size.length + 2 : 0)
    // Nothing of an earlier write is left with the kernel, so the buffer is ours again.
    const own = this.#socket.writableLength === 0 && total <= UPLOAD_BYTES
    const target = own ? (this.#uploadBuffer ??= Buffer.allocUnsafeSlow(UPLOAD_BYTES)).subarray(0, total) : Buffer.allocUnsafe(total)
    target.set(bytes, size.length)
    if (chunked) {
      target.write(size, 0, 'latin1')
      target.write('\r\n', total - 2, 'latin1')
    }
    return this.#socket.write(target)
  }

  finishRequest(last: string): void {
    this.#requestWhole = true
    if (last !== '') this.#socket.write(last, 'latin1')
  }

  resume(): void {
    this.#ready = true
    this.#socket.resume()
  }

  /** One side of the tunnel has ended in peace: the other is flushed and closed, the try hears that it is over. */
  closeTunnel(): void {
    if (this.#try === null) return
    this.#tunnel?.close(true)
    this.#socket.end()
    this.#complete(NO_FIELDS)
  }

  /** Ends it from our side; the try hears nothing. */
  destroy(): void {
    this.#try = null
    this.#tunnel?.close(false)
    this.#socket.destroy()
    this.#onGone(null)
  }

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  #onConnected(): void {
    if (this.#gone) return
    this.#connected = true
    this.#pool.onConnected(this)
  }

  /** Returns false to stop reading. */
  #read(count: number): boolean {
    if (this.#try === null) {
      this.destroy()
      return true
    }
    this.#ready = true
    // Who hears of content copies what it keeps; heads become strings: nothing keeps the shared buffer.
    let bytes: Buffer = readBuffer.subarray(0, count)
    if (this.#partial !== null) {
      bytes = Buffer.concat([this.#partial, bytes])
      this.#partial = null
    }
    let at = 0
    while (at < bytes.length) {
      if (this.#try === null) {
        // More than the answer: whatever it is, it is not for the next request.
        this.destroy()
        return true
      }
      const next = this.#phase === HEAD ? this.#readHead(bytes, at) : this.#readContent(bytes, at)
      if (typeof next !== 'number') {
        this.#fail(next)
        return true
      }
      if (this.#gone) return true
      at = next
    }
    if (this.#freeing) {
      this.#freeing = false
      this.#pool.onFree(this)
    }
    return this.#ready
  }

  #readHead(bytes: Buffer, at: number): number | Fault {
    const end = bytes.indexOf(EMPTY_LINE, at)
    const { answerHeadBytes } = this.#pool
    if ((end === -1 ? bytes.length : end) - at > answerHeadBytes) return faults.headTooLarge
    if (end === -1) {
      // Not HTTP at all: say so now and do not wait for an end that may never come.
      if (!startsLikeHttp(bytes, at)) return faults.badSyntax
      this.#partial = Buffer.from(bytes.subarray(at))
      return bytes.length
    }
    const attempt = this.#try as H1Try
    const head = readAnswerHead(bytes.toString('latin1', at, end), attempt.method)
    if (!('headers' in head)) return head
    if (head.status < 200) {
      if (head.status === 101) return this.#switch(attempt, head, end + 4, bytes)
      if (++this.#interim > MAX_INTERIM) return faults.tooManyInterim
      if (head.status !== 100) attempt.receiver.onInformational(head.status, head.headers)
    } else this.#onHead(attempt, head)
    return end + 4
  }

  /** The origin speaks another protocol from here on: everything goes to the visitor's raw connection, and back. */
  #switch(attempt: H1Try, head: AnswerHead, at: number, bytes: Buffer): number | Fault {
    if (attempt.protocol === '' || !agreesToSwitch(head.headers, attempt.protocol)) return faults.badSwitch
    this.#phase = TUNNEL
    this.#reusable = false
    this.#answered = true
    attempt.onSwitched()
    const visitor = attempt.receiver.onSwitch(head.headers)
    if (this.#gone) return bytes.length
    if (visitor === null) return faults.visitorGone
    this.#tunnel = new Tunnel(visitor, this, attempt.receiver)
    return at
  }

  #onHead(attempt: H1Try, head: AnswerHead): void {
    this.#answered = true
    if (!head.reusable) this.#reusable = false
    this.keepAliveHintMs = keepAliveHint(head.headers)
    switch (head.framing) {
      case 'length':
        this.#phase = LENGTH
        this.#left = head.contentBytes
        break
      case 'chunked':
        this.#phase = CHUNKED
        this.#chunks = new ChunkedReader(this.#pool.answerHeadBytes)
        break
      case 'close':
        this.#phase = CLOSE
        break
      default:
    }
    attempt.answered = true
    attempt.receiver.onHead(head.status, head.headers)
    if (head.framing === 'none' && this.#try !== null) this.#complete(NO_FIELDS)
  }

  #readContent(bytes: Buffer, at: number): number | Fault {
    if (this.#phase === LENGTH) {
      const take = Math.min(this.#left, bytes.length - at)
      this.#left -= take
      this.onContent(bytes.subarray(at, at + take))
      if (this.#left === 0 && this.#try !== null) this.#complete(NO_FIELDS)
      return at + take
    }
    if (this.#phase === TUNNEL) {
      this.#ready = (this.#tunnel as Tunnel).fromOrigin(Buffer.from(bytes.subarray(at)))
      return bytes.length
    }
    if (this.#phase === CLOSE) {
      this.onContent(at === 0 ? bytes : bytes.subarray(at))
      return bytes.length
    }
    const chunks = this.#chunks as ChunkedReader
    const next = chunks.read(bytes, at, this)
    if (typeof next !== 'number') return next
    if (chunks.done && this.#try !== null) this.#complete(chunks.trailers)
    return next
  }

  /** Content of the answer; a view of the shared buffer. */
  onContent(view: Uint8Array): void {
    if (this.#try === null) return
    if (!this.#try.receiver.onData(view)) this.#ready = false
  }

  #complete(trailers: readonly string[]): void {
    const attempt = this.#try as H1Try
    this.#try = null
    this.#chunks = null
    this.#ready = true
    const reusable = this.#reusable && this.#requestWhole
    attempt.onComplete()
    // Closed before the receiver hears of the end, so that what it does next cannot meet this connection.
    if (!reusable) this.destroy()
    else this.#freeing = true
    attempt.receiver.onEnd(trailers)
  }

  #onEof(): void {
    if (this.#try !== null && this.#tunnel !== null) this.closeTunnel()
    else if (this.#try !== null && this.#phase === CLOSE) {
      this.#reusable = false
      this.#complete(NO_FIELDS)
    } else if (this.#try !== null) this.#fail(this.#answered ? faults.truncated : faults.resetBefore)
    else this.destroy()
  }

  #fail(fault: Fault): void {
    const attempt = this.#try
    this.#try = null
    this.#tunnel?.close(false)
    this.#socket.destroy()
    this.#onGone(null)
    attempt?.onFault(fault)
  }

  #onGone(error: Error | null): void {
    if (this.#gone) return
    this.#gone = true
    const attempt = this.#try
    this.#try = null
    this.#partial = null
    this.#tunnel?.close(false)
    this.#pool.onGone(this, this.#connected ? null : error === null ? faults.connectFailed : connectFault(error))
    attempt?.onFault(this.#answered ? faults.resetWithin : faults.resetBefore)
  }
}

const NO_FIELDS: readonly string[] = Object.freeze([])
const HTTP = Buffer.from('HTTP/1.')

function startsLikeHttp(bytes: Buffer, at: number): boolean {
  const length = Math.min(HTTP.length, bytes.length - at)
  return bytes.compare(HTTP, 0, length, at, at + length) === 0
}
