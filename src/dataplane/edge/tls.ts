/**
 * Ends TLS for one listener: versions and ciphers, the certificate by server name, ALPN, session tickets.
 * A node:tls server that never listens does the handshakes; a new certificate or ticket key makes a new one, so a handshake under way and every
 * open connection keep what they began with. Renegotiation by the client is refused (it lets one connection order many key exchanges).
 * Tickets: the 48-byte key is the same in all workers and handed in, so that a visitor who meets another worker resumes.
 * Sources: RFC 8446, RFC 5077, RFC 7301; CVE-2011-1473 (renegotiation).
 */
import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import { Server, type TLSSocket } from 'node:tls'
import { ContextsByName, type CertificateSet, CIPHERS, SESSION_CONTEXT } from './certificates.ts'
import type { EdgeSettings } from './options.ts'

/** node:tls rearms its own handshake timer; ours (listener sweep) is absolute and always first. This one is only a second net. */
const SECOND_NET_MS = 180_000

export class TlsTerminator {
  #server: Server
  #set: CertificateSet
  #ticketKeys: Buffer
  #minVersion: EdgeSettings['tlsMinVersion']
  readonly #onSecure: (socket: TLSSocket) => void
  readonly #onFailure: (socket: TLSSocket) => void

  /** `ticketKeys`: 48 unpredictable bytes. `onSecure` or `onFailure` is called once for each socket given to `accept`. */
  constructor(set: CertificateSet, ticketKeys: Uint8Array, settings: EdgeSettings, onSecure: (socket: TLSSocket) => void, onFailure: (socket: TLSSocket) => void) {
    this.#set = set
    this.#ticketKeys = checkedKeys(ticketKeys)
    this.#minVersion = settings.tlsMinVersion
    this.#onSecure = onSecure
    this.#onFailure = onFailure
    this.#server = this.#make()
  }

  accept(socket: Socket): void {
    this.#server.emit('connection', socket)
  }

  setCertificates(set: CertificateSet): void {
    this.#set = set
    this.#server = this.#make()
  }

  /** From now on tickets are made with these keys; a ticket of older keys costs its holder one full handshake. */
  setTicketKeys(ticketKeys: Uint8Array): void {
    this.#ticketKeys = checkedKeys(ticketKeys)
    this.#server.setTicketKeys(this.#ticketKeys)
  }

  configure(settings: EdgeSettings): void {
    if (settings.tlsMinVersion === this.#minVersion) return
    this.#minVersion = settings.tlsMinVersion
    this.#server = this.#make()
  }

  #make(): Server {
    const contexts = new ContextsByName(this.#set, this.#minVersion)
    const first = this.#set.identities[0]!
    const server = new Server({
      cert: first.certs,
      key: first.keys,
      minVersion: this.#minVersion,
      ciphers: CIPHERS,
      honorCipherOrder: true,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: SECOND_NET_MS,
      sessionIdContext: SESSION_CONTEXT,
      ticketKeys: this.#ticketKeys,
      SNICallback: contexts.count === 1 ? undefined : (name, done) => done(null, contexts.choose(name)),
    })
    server.on('secureConnection', this.#onSecure)
    server.on('tlsClientError', (_error: Error, socket: TLSSocket) => this.#onFailure(socket))
    return server
  }
}

function checkedKeys(keys: Uint8Array): Buffer {
  if (keys.length !== 48) throw new RangeError(`session ticket keys are 48 bytes, not ${keys.length}`)
  return Buffer.from(keys)
}
