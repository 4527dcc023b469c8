import type { Reason } from '../contract/reason.ts'
import type { RouteClass, VisitorClass } from '../contract/route-class.ts'
import type { MonotonicMs } from '../kernel/clock.ts'
import type { HeaderList } from '../kernel/header-list.ts'

/** Who asks: the peer, or what a trusted hop says of it. The client key is IPv4 /32 or IPv6 /64. */
export interface ClientAddress {
  readonly family: 4 | 6
  /** As written in logs before shortening; never stored as it is. */
  readonly text: string
  /** IPv4 address, or bits 0 to 31 of the IPv6 address, unsigned. */
  readonly high: number
  /** 0, or bits 32 to 63 of the IPv6 address, unsigned. */
  readonly low: number
  /** Keyed 32-bit hash of (family, high, low): index into the source table. */
  readonly key: number
}

export interface TlsFacts {
  readonly serverName: string
  readonly protocol: 'h2' | 'http/1.1'
  readonly resumed: boolean
  /** JA4 of the ClientHello and its keyed hash; '' and 0 when not taken. */
  readonly ja4: string
  readonly ja4Hash: number
}

/**
 * One request, however it came (HTTP/1.0, 1.1, 2). One object per request; every field is set in the constructor so that its shape never changes.
 * The edge fills the first part and never changes it after; the pipeline's steps own the second part.
 */
export class Request {
  readonly method: string
  /** Origin-form: path and query exactly as received (absolute-form and h2 pseudo headers already reduced). `*` only for OPTIONS. Changed by `setTarget` alone. */
  target: string
  /** Part of target before `?`. Not decoded, not normalised. */
  readonly path: string
  /** Part of target after `?`, or ''. */
  query: string
  /** Lower case host, with port when one was given. */
  readonly host: string
  readonly scheme: 'http' | 'https'
  /** 10, 11 or 20. */
  readonly version: number
  /** As received; the pipeline's first step takes our own cookie out. */
  headers: HeaderList
  readonly client: ClientAddress
  readonly tls: TlsFacts | null
  /** null when the message has no content. */
  readonly body: RequestBody | null
  readonly reply: Reply
  readonly receivedAtMs: MonotonicMs
  /** True when the visitor asked to change protocol (`Connection: upgrade`); the name is in `upgrade`. */
  readonly upgrade: string

  routeClass: RouteClass = 'page'
  visitorClass: VisitorClass = 'unknown'
  /** Row of this client in the source table, -1 before the touch. */
  sourceSlot = -1
  /** A clearance that is valid, by where it was found; '' when there is none. */
  clearedBy: '' | 'cookie' | 'address' | 'referer' = ''
  /** The clearance was got by work, not by waiting: it speaks for a visitor. Any machine can wait. */
  worked = false
  /** Our token from the query, unjudged, or ''. */
  ticket = ''
  /** The value of our cookie, unjudged, or ''. */
  clearanceCookie = ''
  /** A place ticket of the waiting room, unjudged, or '': from the address or from the page the click came from, and from our cookie. */
  place = ''
  placeInAddress = false
  placeCookie = ''
  /** The visitor's number in the line of its route class; -1 when it has none, or was not asked for. */
  placeNumber = -1
  /** No automatic rule is for this request: allow-listed, a verified crawler, an exempt path. */
  exempt = false
  /** The language chosen on one of our pages, or ''; `-lost` behind it: on one that says a form was not sent. */
  language = ''
  /** Why the request ended; set once, read by log, vitals and metrics. */
  reason: Reason = 'served-origin'
  /** Id of the rule that decided, or ''. */
  ruleId = ''
  /** 128-bit request id as 32 hex digits, made when first needed. */
  id = ''
  status = 0
  bytesSent = 0
  /** Set to true by the pipeline once this request was counted as ended. */
  ended = false

  constructor(
    method: string,
    target: string,
    host: string,
    scheme: 'http' | 'https',
    version: number,
    headers: HeaderList,
    client: ClientAddress,
    tls: TlsFacts | null,
    body: RequestBody | null,
    reply: Reply,
    receivedAtMs: MonotonicMs,
    upgrade: string,
  ) {
    this.method = method
    this.target = target
    const mark = target.indexOf('?')
    this.path = mark === -1 ? target : target.slice(0, mark)
    this.query = mark === -1 ? '' : target.slice(mark + 1)
    this.host = host
    this.scheme = scheme
    this.version = version
    this.headers = headers
    this.client = client
    this.tls = tls
    this.body = body
    this.reply = reply
    this.receivedAtMs = receivedAtMs
    this.upgrade = upgrade
  }

  /** Only to take out what is ours: everything behind sees the request as if it had never been there. */
  setTarget(path: string, query: string): void {
    this.query = query
    this.target = query === '' ? path : `${path}?${query}`
  }
}

/** Receives a request's content. Called from the edge, never after onEnd or onError. */
export interface BodySink {
  /** Returns false to be left alone until `resume`. The bytes are only valid during the call unless copied (HTTP/1 reuses its read buffer). */
  onData(chunk: Uint8Array): boolean
  onEnd(trailers: HeaderList | null): void
  /** The visitor went away, was too slow, or broke the framing. */
  onError(reason: Reason): void
}

/** Content of a request, pulled: nothing is read beyond one buffer until `start`. */
export interface RequestBody {
  /** Content-Length, or -1 when chunked or an h2 stream without one. */
  readonly declaredBytes: number
  /** Most content let through; above it the sink hears 'body-too-large'. The pipeline may change it before `start`, for routes that take large uploads. */
  maxBodyBytes: number
  /** Call once. Sends `100 Continue` first when the visitor waits for it. */
  start(sink: BodySink): void
  resume(): void
  /** Not wanted (any more): the edge drains a little or closes after the answer. Safe to call at any time, more than once. */
  discard(): void
}

/**
 * A whole answer known beforehand. HTTP/1 keeps the wire image in `wire` (keep-alive form, GET) so that sending it again is one write of one buffer.
 * Whoever owns it makes a new one when a header (Date, Age) must change: at most once a second.
 */
export class PreparedAnswer {
  readonly status: number
  readonly headers: HeaderList
  readonly body: Uint8Array | null
  wire: Uint8Array | null = null

  constructor(status: number, headers: HeaderList, body: Uint8Array | null) {
    this.status = status
    this.headers = headers
    this.body = body
  }
}

/**
 * How an answer leaves. The edge adds only what the framing of its protocol needs (Connection, Transfer-Encoding, Content-Length where it knows the length);
 * Date and everything else is in the headers given. Answers to HEAD and 204/304 never carry content, whatever is written.
 */
export interface Reply {
  /** True once a final status is on its way. */
  readonly started: boolean
  /** True once the answer is complete or given up. */
  readonly finished: boolean
  sendPrepared(answer: PreparedAnswer): void
  /** Whole answer, not to be repeated. A null body with a content-length header in `headers` answers HEAD. */
  sendWhole(status: number, headers: HeaderList, body: Uint8Array | null): void
  /** 1xx (100 is sent by the body itself; 103 goes through here). No effect for HTTP/1.0. */
  sendInformational(status: number, headers: HeaderList): void
  /** Begins a streamed answer. `bodyBytes` -1 when not known (chunked, or close for HTTP/1.0). `trailersExpected`: HTTP/2 must know before the end whether trailers come. */
  start(status: number, headers: HeaderList, bodyBytes: number, trailersExpected?: boolean): void
  /** Returns false when the visitor is slower than we are: stop and wait for `onDrain`. The chunk must not be changed afterwards. */
  write(chunk: Uint8Array): boolean
  /** The same for bytes that are only valid during the call: what cannot leave at once is copied. */
  writeView(view: Uint8Array): boolean
  end(trailers: HeaderList | null): void
  /** Cuts the answer so that the visitor can see that it is not whole (no final chunk, connection closed, stream reset). */
  abort(reason: Reason): void
  /** Only HTTP/1, only before `started`: after a 101 answer the raw connection, both ways. Null when not possible. */
  takeOver(): import('node:stream').Duplex | null
  onDrain: (() => void) | null
  /**
   * Called exactly once: the answer was handed to the kernel whole (`gone` false), or the visitor went away or was cut (`gone` true).
   * Set it, and `onDrain`, from a name, never with a function written right of the `=`: V8 makes such a function in the old generation, where it keeps all
   * that its request held until the next whole collection (docs/decisions/0013-proxied-path.md).
   */
  onClose: ((gone: boolean) => void) | null
}

/** The pipeline as the edge sees it. Must not throw. */
export type RequestHandler = (request: Request) => void

/** The edge's word about input that never became a request (bad syntax, limits, timeouts): counted, logged, fed to detection. */
export type RefusalHandler = (client: ClientAddress | null, reason: Reason, status: number) => void
