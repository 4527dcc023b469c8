import type { Duplex } from 'node:stream'
import type { Reason } from '../../contract/reason.ts'
import type { RouteClass } from '../../contract/route-class.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { RequestBody } from '../request.ts'

/** One request towards the origin. Plain data; read during `forward` and kept until the exchange ends. */
export interface OriginCall {
  readonly method: string
  /** Origin-form, starting with `/`, or `*` for OPTIONS. */
  readonly target: string
  /** As the visitor sent them: lower-case names, repeats kept. Hop-by-hop and forwarding fields are dealt with here. */
  readonly headers: HeaderList
  /** A RequestBody is started when a connection to the origin is there, not before. */
  readonly body: RequestBody | Uint8Array | null
  readonly host: string
  readonly scheme: 'http' | 'https'
  /** The visitor's address as the edge settled it. */
  readonly clientAddress: string
  /** The TCP peer, when that is a trusted hop; '' otherwise. */
  readonly peerAddress: string
  /** The peer is a configured hop whose forwarding fields may be passed on. */
  readonly trustedHop: boolean
  readonly requestId: string
  readonly routeClass: RouteClass
  /** Time for the whole exchange in ms; 0 takes the setting (none for route class `stream`). */
  readonly deadlineMs: number
  /** May be sent twice without harm. Default: by method (GET, HEAD, OPTIONS). A started RequestBody is never repeated. */
  readonly idempotent?: boolean
  /** The lifeline's questions are another mix than the visitors': they say nothing about how the origin serves visitors. Failures still count for the upstream's health. */
  readonly unmetered?: boolean
  readonly sink: OriginSink
}

/** Hears of one exchange: any number of onInformational, at most one onHead, then onData; at last exactly one of onEnd and onError, or none after `abort`. */
export interface OriginSink {
  /** 1xx other than 100 and 101. */
  onInformational?(status: number, headers: HeaderList): void
  /** Final status (200 to 599). Hop-by-hop fields are gone; content-length, when there is one, is a checked decimal number. */
  onHead(status: number, headers: HeaderList, trailersExpected: boolean): void
  /**
   * The bytes are only valid during the call: they are the thread's one read buffer. A fresh copy of each would let some 64 MiB of garbage
   * gather in each worker during a large download, because the collector counts memory outside its heap late.
   * Returns false to be left alone until `handle.resume()`; what was already read (at most 64 KiB) may still follow when the origin closes.
   */
  onData(chunk: Uint8Array): boolean
  onEnd(trailers: HeaderList | null): void
  /** `retryable`: nothing of an answer came and the request did no harm; another try later may work. After onHead it is always false. */
  onError(reason: Reason, detail: string, retryable: boolean): void
}

/** A request to change protocol (WebSocket), from a visitor on HTTP/1.1. */
export interface UpgradeCall extends OriginCall {
  /** The protocol asked for, a token: `websocket`. */
  readonly protocol: string
  /** Called once, when the origin has agreed: the visitor's raw connection, nothing written yet (we write the 101), or null when the visitor is gone. */
  takeOver(): Duplex | null
}

export interface OriginHandle {
  /** Ends the exchange; its origin connection is closed, the sink hears nothing more. Safe at any time, more than once. */
  abort(): void
  /** After onData returned false. */
  resume(): void
}
