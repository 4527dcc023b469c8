import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import { connect as tcpConnect, type Socket } from 'node:net'
import { connect as tlsConnect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Reason } from '../../contract/reason.ts'
import { SimulatedClock, systemClock, type Clock } from '../../kernel/clock.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { SeededRandom } from '../../kernel/random.ts'
import type { ClientAddress, Request, RequestHandler } from '../request.ts'
import { certificateSet, type CertificateStore } from './certificates.ts'
import type { EdgeContext } from './connection-context.ts'
import { makeDevelopmentCertificate } from './development-certificate.ts'
import { makeEdgeParts, openListener, type EdgeParts, type Listener, type ListenerSpec, type ServeHttp1 } from './listener.ts'
import { edgeOptions, type EdgeSettings } from './options.ts'

/** A real listener on a loopback port with a handler of the test's own, and clients for it. Tests only. */
export interface Harness {
  readonly listener: Listener
  readonly context: EdgeContext
  readonly parts: EdgeParts
  readonly requests: Request[]
  readonly refusals: Array<{ readonly client: ClientAddress | null; readonly reason: Reason; readonly status: number }>
  readonly certificate: string
  h2(): Promise<ClientHttp2Session>
  tls(options?: ConnectionOptions): Promise<TLSSocket>
  tcp(): Promise<Socket>
  close(): Promise<void>
}

export interface HarnessOptions {
  readonly handler?: RequestHandler
  readonly settings?: Partial<EdgeSettings>
  readonly spec?: Partial<ListenerSpec>
  readonly clock?: Clock
  readonly serveHttp1?: ServeHttp1
  readonly ticketKeys?: Uint8Array
  readonly certificates?: CertificateStore
}

export const HASH_KEY = 0x5eed
export const TICKET_KEYS = Buffer.alloc(48, 7)
const pair = makeDevelopmentCertificate(['localhost', '127.0.0.1', '::1'], systemClock.wallMs())

/** A store of certificates that stand still. */
export function fixedCertificates(...pairs: ReadonlyArray<{ readonly certPem: string; readonly keyPem: string }>): CertificateStore {
  const files = { certificate: 'cert.pem', key: 'key.pem' }
  const current = certificateSet(pairs.map((one) => ({ pair: files, cert: one.certPem, key: one.keyPem })))
  return { current, onSwap: () => () => {} } as unknown as CertificateStore
}

export async function openHarness(options: HarnessOptions = {}): Promise<Harness> {
  const requests: Request[] = []
  const refusals: Harness['refusals'] = []
  const protocol = options.spec?.protocol ?? 'https'
  const settings: EdgeSettings = { ...defaultsOf(edgeOptions), ...options.settings }
  const handler = options.handler ?? ((request) => request.reply.sendWhole(200, ['content-type', 'text/plain'], Buffer.from('hello')))
  const context: EdgeContext = {
    clock: options.clock ?? new SimulatedClock(),
    settings,
    onRequest: (request) => {
      requests.push(request)
      handler(request)
    },
    onRefusal: (client, reason, status) => refusals.push({ client, reason, status }),
    hashKey: HASH_KEY,
    scheme: protocol,
    counts: { openConnections: 0, openRequests: 0, acceptedConnections: 0, refusedConnections: 0, bytesIn: 0, bytesOut: 0 },
    draining: false,
    crowded: false,
  }
  const parts = makeEdgeParts(settings, HASH_KEY, new SeededRandom(1), undefined, options.serveHttp1 ?? sayHello)
  const tls = protocol === 'https' ? { certificates: options.certificates ?? fixedCertificates(pair), ticketKeys: options.ticketKeys ?? TICKET_KEYS } : undefined
  const listener = await openListener({ host: '127.0.0.1', port: 0, protocol, reusePort: true, proxyProtocol: false, backlog: 128, tls, ...options.spec }, context, parts)
  const clients = new Set<{ destroy(): void }>()
  const keep = <C extends { destroy(): void }>(client: C): C => {
    clients.add(client)
    return client
  }
  return {
    listener, context, parts, requests, refusals,
    certificate: pair.certPem,
    async h2() {
      const session = keep(connect(`https://localhost:${listener.port}`, { ca: pair.certPem, lookup: toLoopback as never }))
      session.on('error', () => {})
      await once(session, 'connect')
      return session
    },
    async tls(given = {}) {
      const socket = keep(tlsConnect({ host: '127.0.0.1', port: listener.port, ca: pair.certPem, servername: 'localhost', ...given }))
      socket.on('error', () => {})
      await once(socket, 'secureConnect')
      return socket
    },
    async tcp() {
      const socket = keep(tcpConnect(listener.port, listener.address))
      socket.on('error', () => {})
      await once(socket, 'connect')
      return socket
    },
    async close() {
      for (const client of clients) client.destroy()
      await listener.close()
    },
  }
}

function toLoopback(_host: string, options: { readonly all?: boolean }, done: (error: null, address: unknown, family?: number) => void): void {
  if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }])
  else done(null, '127.0.0.1', 4)
}

/** Stands in for the HTTP/1 codec: says the peer's address to whatever comes, and closes when asked twice. */
const sayHello: ServeHttp1 = (socket, facts) => {
  socket.on('error', () => {})
  socket.on('end', () => socket.end())
  socket.on('data', (chunk: Buffer) => {
    facts.activity.completedRequests++
    socket.write(`${facts.peer.text} ${facts.tls?.serverName ?? '-'} ${chunk.toString('latin1')}`)
  })
  socket.resume()
}

