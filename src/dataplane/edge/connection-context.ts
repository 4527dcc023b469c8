import type { Clock } from '../../kernel/clock.ts'
import type { ClientAddress, RefusalHandler, RequestHandler, TlsFacts } from '../request.ts'
import type { EdgeSettings } from './options.ts'

/** What a connection of any protocol needs to know; one per listener and settings version, shared by its connections. */
export interface EdgeContext {
  readonly clock: Clock
  readonly settings: EdgeSettings
  readonly onRequest: RequestHandler
  readonly onRefusal: RefusalHandler
  /** Key for hashText and client keys; drawn at start, the same in all workers. */
  readonly hashKey: number
  readonly scheme: 'http' | 'https'
  /** Live counters of this worker, for guard and vitals. */
  readonly counts: EdgeCounts
  /** True once the shield drains: answers carry `Connection: close` (h1) or a GOAWAY goes out (h2). */
  draining: boolean
  /** More than 80 % of the allowed connections are in use: deadlines get short. Kept up to date by the listener. */
  crowded: boolean
}

export interface EdgeCounts {
  openConnections: number
  openRequests: number
  acceptedConnections: number
  refusedConnections: number
  bytesIn: number
  bytesOut: number
}

/** Facts of one connection, fixed when it is accepted (and after PROXY protocol and TLS handshake). */
export interface ConnectionFacts {
  /** Peer of the TCP connection, or what PROXY protocol said when it is trusted. */
  readonly peer: ClientAddress
  readonly tls: TlsFacts | null
  /** The peer is a configured trusted hop: its Forwarded / X-Forwarded-For may be believed. */
  readonly trustedHop: boolean
  /** Kept by whoever serves the connection; the connection guard reads it when it must choose whom to close. */
  readonly activity: ConnectionActivity
}

export interface ConnectionActivity {
  /** Requests received and not yet answered. */
  activeRequests: number
  completedRequests: number
}
