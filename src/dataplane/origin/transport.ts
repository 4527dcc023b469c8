import type { Duplex } from 'node:stream'
import type { MonotonicMs } from '../../kernel/clock.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { RequestBody } from '../request.ts'
import type { Fault } from './fault.ts'

/** One try of one request on the wire. `headers` begins with host and holds no framing. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  readonly headers: string[]
  readonly body: RequestBody | Uint8Array | null
  /** Protocol to change to, a checked token; '' for none. */
  readonly protocol: string
}

/** Hears of one try. After onEnd, onFault or abort nothing more comes. */
export interface WireReceiver {
  /** A connection is there; the request is being written now. */
  onSending(): void
  onInformational(status: number, headers: HeaderList): void
  /** Raw fields: lower-case names, latin1 values, checked for forbidden characters. */
  onHead(status: number, headers: HeaderList): void
  onData(chunk: Uint8Array): boolean
  /** 101 with the protocol asked for. Returns the visitor's raw connection, on which the 101 was written, or null when the visitor is gone. */
  onSwitch(headers: HeaderList): Duplex | null
  /** Bytes went through the tunnel. */
  onTraffic(): void
  onEnd(trailers: HeaderList): void
  onFault(fault: Fault): void
}

export interface WireTry {
  abort(): void
  resume(): void
  /** The answer is here and the rest of the request's content is not wanted. */
  stopUpload(): void
  /** The request's content waits for the visitor, not for the origin. */
  readonly waitsForVisitor: boolean
  /** Content is still being sent. */
  readonly uploading: boolean
  /** When the last content byte went out, or 0. Counter of bytes sent, for progress. */
  readonly uploadedBytes: number
}

/** Connections to one upstream. The only thing to replace when another client library (or our own) takes over. */
export interface Transport {
  /** Never calls the receiver's onFault, onHead or onEnd before it returns. */
  send(request: WireRequest, receiver: WireReceiver): WireTry
  /** Called about ten times a second: idle and connect times. */
  sweep(now: MonotonicMs): void
  readonly openConnections: number
  /** Lets running exchanges end. */
  close(): Promise<void>
  /** Cuts them. */
  destroy(): Promise<void>
}

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
