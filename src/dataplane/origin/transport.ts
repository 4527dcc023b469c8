import type { HeaderList } from '../../kernel/header-list.ts'
import type { RequestBody } from '../request.ts'
import type { Fault } from './fault.ts'

/** One try of one request on the wire. `headers` begins with host and holds no framing. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  readonly headers: string[]
  readonly body: RequestBody | Uint8Array | null
}

/** Hears of one try. After onEnd, onFault or abort nothing more comes. */
export interface WireReceiver {
  /** A connection is there; the request is being written now. */
  onSending(): void
  onInformational(status: number, headers: HeaderList): void
  /** Raw fields: lower-case names, latin1 values, checked for forbidden characters. */
  onHead(status: number, headers: HeaderList): void
  onData(chunk: Uint8Array): boolean
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
  readonly openConnections: number
  /** Lets running exchanges end. */
  close(): Promise<void>
  /** Cuts them. */
  destroy(): Promise<void>
}
