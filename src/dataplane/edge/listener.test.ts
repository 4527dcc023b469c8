import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as tcpConnect, type Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { connect as tlsConnect, type TLSSocket } from 'node:tls'
import { Worker } from 'node:worker_threads'
import { SimulatedClock, type WallMs } from '../../kernel/clock.ts'
import type { CertificateSet, CertificateStore } from './certificates.ts'
import { makeDevelopmentCertificate } from './development-certificate.ts'
import { fixedCertificates, openHarness, TICKET_KEYS, type Harness, type HarnessOptions } from './edge.testing.ts'

let open: Harness[] = []
async function harness(options: HarnessOptions = {}): Promise<Harness> {
  const made = await openHarness(options)
  open.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()))
  open = []
})

async function said(socket: Socket, text = 'x'): Promise<string> {
  socket.write(text)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString('latin1')
}

async function closed(socket: Socket): Promise<void> {
  if (socket.destroyed) return
  socket.resume()
  await new Promise((resolve) => {
    socket.once('close', resolve)
  })
}

/** Connects and waits to be cut. */
async function turnedAway(h: Harness): Promise<void> {
  const socket = tcpConnect(h.listener.port, h.listener.address)
  socket.on('error', () => {})
  await closed(socket)
}

const http = { protocol: 'http' } as const

describe('listener', () => {
  it('hands a clear-text connection to HTTP/1 with its peer', async () => {
    const h = await harness({ spec: http })
    assert.equal(await said(await h.tcp()), '127.0.0.1 - x')
    assert.equal(h.listener.connections, 1)
    assert.equal(h.context.counts.openConnections, 1)
    assert.ok(h.listener.fd > 0)
  })

  it('listens on IPv6 and knows the peer', async () => {
    const h = await harness({ spec: { ...http, host: '::1' } })
    assert.equal(await said(await h.tcp()), '::1 - x')
  })

  it('sees an IPv4 visitor of a dual-stack socket as IPv4', async () => {
    const h = await harness({ spec: { ...http, host: '::' } })
    const socket = tcpConnect(h.listener.port, '127.0.0.1')
    assert.equal(await said(socket), '127.0.0.1 - x')
    socket.destroy()
  })

  it('shares its port with another socket (SO_REUSEPORT) and refuses to without', async () => {
    const first = await harness({ spec: http })
    const second = await harness({ spec: { ...http, port: first.listener.port } })
    assert.equal(second.listener.port, first.listener.port)
    await assert.rejects(harness({ spec: { ...http, port: first.listener.port, reusePort: false } }), (error: Error & { code?: string }) => error.code === 'EADDRINUSE' && error.message.includes(`127.0.0.1:${first.listener.port}`))
  })

  it('adopts an inherited listening socket, here in a thread of its own', async () => {
    const first = await harness({ spec: http })
    const source = `
      import { parentPort } from 'node:worker_threads'
      const { openHarness } = await import('${new URL('edge.testing.ts', import.meta.url).href}')
      const h = await openHarness({ spec: { protocol: 'http', fd: ${first.listener.fd} } })
      parentPort.on('message', () => h.close().then(() => process.exit()))
      parentPort.postMessage(h.listener.port)`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`))
    const [port] = (await once(worker, 'message')) as [number]
    assert.equal(port, first.listener.port)
    assert.match(await said(await first.tcp()), /127\.0\.0\.1/)
    worker.postMessage('end')
    await once(worker, 'exit')
  })

  it('a source with too many busy connections gets no more, others do', async () => {
    const h = await harness({ spec: http, settings: { maxConnectionsPerSource: 4 }, serveHttp1: (socket, facts) => {
      facts.activity.activeRequests = 1
      socket.on('error', () => {})
      socket.write('served')
    } })
    for (let i = 0; i < 4; i++) await once(await h.tcp(), 'data')
    await turnedAway(h)
    const elsewhere = tcpConnect({ port: h.listener.port, host: '127.0.0.1', localAddress: '127.0.0.9' })
    await once(elsewhere, 'data')
    elsewhere.destroy()
    assert.deepEqual(h.refusals.map((one) => one.reason), ['connection-limit'])
    assert.equal(h.context.counts.refusedConnections, 1)
    assert.deepEqual(h.listener.refused, { 'connection-limit': 1 })
  })

  it('drains: nothing new, idle connections end, busy ones are cut at the deadline and counted', async () => {
    const clock = new SimulatedClock()
    const activities: Array<{ activeRequests: number }> = []
    const h = await harness({ spec: http, clock, serveHttp1: (socket, facts) => {
      activities.push(facts.activity)
      socket.on('error', () => {})
      socket.on('end', () => socket.end())
      socket.resume()
      socket.write('served')
    } })
    const idle = await h.tcp()
    await once(idle, 'data')
    const busy = await h.tcp()
    await once(busy, 'data')
    activities[1]!.activeRequests = 1
    const drained = h.listener.drain(300)
    assert.equal(h.context.draining, true)
    clock.advanceMs(1_500)
    h.listener.sweep(clock.monotonicMs())
    idle.resume()
    await closed(idle)
    assert.equal(busy.destroyed, false)
    busy.resume()
    assert.equal(await drained, 1)
    const late = tcpConnect(h.listener.port, '127.0.0.1')
    const [error] = (await once(late, 'error')) as [Error & { code: string }]
    assert.equal(error.code, 'ECONNREFUSED')
  })
})

describe('PROXY protocol on a listener', () => {
  const spec = { ...http, proxyProtocol: true } as const
  const settings = { trustedProxies: ['127.0.0.0/8'] }

  it('gives the visitor of a trusted balancer, and passes on what follows the header, however it is cut', async () => {
    const h = await harness({ spec, settings })
    const whole = 'PROXY TCP4 192.0.2.9 203.0.113.1 56324 443\r\nGET'
    for (const cut of [3, 20, 43, 44, 45]) {
      const socket = await h.tcp()
      socket.write(whole.slice(0, cut))
      await new Promise((resolve) => setImmediate(resolve))
      assert.match(await said(socket, whole.slice(cut)), /^192\.0\.2\.9 - /)
      socket.destroy()
    }
  })

  it('refuses a balancer that is not trusted, and a header that is none', async () => {
    const untrusted = await harness({ spec })
    await turnedAway(untrusted)
    assert.deepEqual(untrusted.refusals.map((one) => one.reason), ['proxy-header-refused'])
    const h = await harness({ spec, settings })
    const socket = await h.tcp()
    socket.write('GET / HTTP/1.1\r\n')
    await closed(socket)
    assert.deepEqual(h.refusals.map((one) => one.reason), ['proxy-header-refused'])
  })

  it('refuses a header that does not come in time', async () => {
    const clock = new SimulatedClock()
    const h = await harness({ spec, settings, clock })
    const socket = await h.tcp()
    socket.write('PROXY TCP4')
    while (h.listener.connections === 0) await new Promise((resolve) => setImmediate(resolve))
    clock.advanceMs(2_900)
    h.listener.sweep(clock.monotonicMs())
    assert.equal(h.refusals.length, 0)
    clock.advanceMs(200)
    h.listener.sweep(clock.monotonicMs())
    await closed(socket)
    assert.deepEqual(h.refusals.map((one) => one.reason), ['proxy-header-refused'])
  })

  it('holds the visitors behind a balancer to the bound of a source, not the balancer', async () => {
    const h = await harness({ spec, settings: { ...settings, maxConnectionsPerSource: 4 }, serveHttp1: (socket, facts) => {
      facts.activity.activeRequests = 1
      socket.on('error', () => {})
      socket.write('served')
    } })
    for (let i = 0; i < 8; i++) {
      const socket = await h.tcp()
      socket.write(`PROXY TCP4 192.0.2.${i} 203.0.113.1 1 2\r\n`)
      await once(socket, 'data')
    }
    for (let i = 0; i < 4; i++) {
      const socket = await h.tcp()
      socket.write('PROXY TCP4 192.0.2.1 203.0.113.1 1 2\r\n')
      if (i < 3) await once(socket, 'data')
      else await closed(socket)
    }
    assert.deepEqual(h.refusals.map((one) => [one.reason, one.client?.text]), [['connection-limit', '192.0.2.1']])
  })

  it('stands before TLS', async () => {
    const h = await harness({ spec: { protocol: 'https', proxyProtocol: true }, settings })
    const raw = await h.tcp()
    raw.write('PROXY TCP6 2001:db8::5 2001:db8::6 1 2\r\n')
    const socket = tlsConnect({ socket: raw, ca: h.certificate, servername: 'localhost' })
    await once(socket, 'secureConnect')
    assert.equal(await said(socket), '2001:db8::5 localhost x')
  })
})

describe('TLS on a listener', () => {
  it('chooses h2 or HTTP/1 by ALPN, and refuses a client that offers neither', async () => {
    const h = await harness()
    assert.equal((await h.tls({ ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol, 'h2')
    const one = await h.tls({ ALPNProtocols: ['http/1.1'] })
    assert.equal(one.alpnProtocol, 'http/1.1')
    assert.equal(await said(one), '127.0.0.1 localhost x')
    assert.equal(await said(await h.tls()), '127.0.0.1 localhost x')
    await assert.rejects(h.tls({ ALPNProtocols: ['spdy/3'] }))
  })

  it('speaks TLS 1.2 and 1.3, nothing older, and only 1.3 when told to', async () => {
    const h = await harness()
    assert.equal((await h.tls({ maxVersion: 'TLSv1.2' })).getProtocol(), 'TLSv1.2')
    assert.equal((await h.tls()).getProtocol(), 'TLSv1.3')
    await assert.rejects(h.tls({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }))
    h.listener.replaceContext({ ...h.context, settings: { ...h.context.settings, tlsMinVersion: 'TLSv1.3' } })
    await assert.rejects(h.tls({ maxVersion: 'TLSv1.2' }))
    assert.equal((await h.tls()).getProtocol(), 'TLSv1.3')
  })

  it('refuses renegotiation by the client', async () => {
    const h = await harness()
    const socket = await h.tls({ maxVersion: 'TLSv1.2' })
    assert.equal(await said(socket), '127.0.0.1 localhost x')
    const outcome = await new Promise<string>((resolve) => {
      socket.once('error', () => resolve('refused'))
      socket.once('close', () => resolve('refused'))
      socket.renegotiate({}, (error) => resolve(error === null ? 'done' : 'refused'))
    })
    assert.equal(outcome, 'refused')
  })

  it('swaps the certificate for new connections and leaves open ones alone', async () => {
    const before = makeDevelopmentCertificate(['localhost'], Date.now() as WallMs)
    const next = makeDevelopmentCertificate(['localhost'], Date.now() as WallMs)
    let swap: (set: CertificateSet) => void = () => {}
    const store = { current: fixedCertificates(before).current, onSwap: (listener: typeof swap) => {
      swap = listener
      return () => {}
    } } as unknown as CertificateStore
    const h = await harness({ certificates: store })
    const old = await h.tls({ ca: before.certPem })
    swap(fixedCertificates(next).current)
    await h.tls({ ca: next.certPem })
    await assert.rejects(h.tls({ ca: before.certPem }))
    assert.equal(await said(old), '127.0.0.1 localhost x')
  })

  it('shows each name its own certificate', async () => {
    const one = makeDevelopmentCertificate(['one.example'], Date.now() as WallMs)
    const two = makeDevelopmentCertificate(['*.two.example'], Date.now() as WallMs)
    const h = await harness({ certificates: fixedCertificates(one, two) })
    await h.tls({ ca: one.certPem, servername: 'one.example' })
    await h.tls({ ca: two.certPem, servername: 'www.two.example' })
    await h.tls({ ca: one.certPem, servername: 'other.example', checkServerIdentity: () => undefined })
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`resumes a ${version} session at another worker with the same ticket keys, also under SNI, and not after the keys changed`, async () => {
      const pairs = fixedCertificates(makeDevelopmentCertificate(['localhost'], Date.now() as WallMs), makeDevelopmentCertificate(['two.example'], Date.now() as WallMs))
      const ca = pairs.current.identities.map((identity) => identity.certs[0]!)
      const first = await harness({ certificates: pairs })
      const second = await harness({ certificates: pairs })
      const third = await harness({ certificates: pairs, ticketKeys: Buffer.alloc(48, 9) })
      for (const servername of ['localhost', 'two.example']) {
        const to = { ca, servername, maxVersion: version }
        const session = await sessionOf(await first.tls(to))
        assert.equal((await second.tls({ ...to, session })).isSessionReused(), true, servername)
        assert.equal((await third.tls({ ...to, session })).isSessionReused(), false, servername)
        second.listener.setTicketKeys(Buffer.alloc(48, 8))
        assert.equal((await second.tls({ ...to, session })).isSessionReused(), false, servername)
        second.listener.setTicketKeys(TICKET_KEYS)
      }
    })
  }

  async function sessionOf(socket: TLSSocket): Promise<Buffer> {
    if (socket.getProtocol() === 'TLSv1.2') return socket.getSession()!
    const got = once(socket, 'session') as Promise<[Buffer]>
    socket.write('x')
    return (await got)[0]
  }

  it('ends a handshake that takes too long, however the bytes drip', async () => {
    const clock = new SimulatedClock()
    const h = await harness({ clock })
    const socket = await h.tcp()
    socket.write(Buffer.from('1603010200', 'hex'))
    while (h.listener.connections === 0) await new Promise((resolve) => setImmediate(resolve))
    for (let i = 0; i < 9; i++) {
      clock.advanceMs(1_000)
      socket.write(Buffer.of(1))
      h.listener.sweep(clock.monotonicMs())
    }
    assert.equal(h.refusals.length, 0)
    clock.advanceMs(1_100)
    h.listener.sweep(clock.monotonicMs())
    await closed(socket)
    assert.deepEqual(h.refusals.map((one) => one.reason), ['tls-refused'])
    assert.equal(h.parts.handshakes.open, 0)
  })

  it('counts what is not TLS, and a network that begins too many handshakes', async () => {
    const h = await harness({ settings: { tlsHandshakeBurst: 3, tlsHandshakesPerSecond: 1 } })
    const plain = await h.tcp()
    plain.write('GET / HTTP/1.1\r\n\r\n')
    await closed(plain)
    await h.tls()
    await h.tls()
    await assert.rejects(h.tls())
    assert.deepEqual(h.refusals.map((one) => one.reason), ['tls-refused', 'tls-refused'])
    assert.equal(h.parts.handshakes.open, 0)
  })

  it('takes the fingerprint of the hello when asked to, without disturbing the handshake', async () => {
    let seen: { ja4: string; ja4Hash: number } | null = null
    const h = await harness({ settings: { tlsFingerprint: 'on' }, serveHttp1: (socket, facts) => {
      seen = facts.tls
      socket.on('error', () => {})
      socket.write('served')
    } })
    await once(await h.tls({ ALPNProtocols: ['http/1.1'] }), 'data')
    assert.match(seen!.ja4, /^t13d\d{4}h1_[0-9a-f]{12}_[0-9a-f]{12}$/)
    assert.notEqual(seen!.ja4Hash, 0)
    const first = seen!.ja4
    await once(await h.tls({ ALPNProtocols: ['http/1.1'] }), 'data')
    assert.equal(seen!.ja4, first)
    const dripping = tcpConnect(h.listener.port, '127.0.0.1')
    const drip = tlsConnect({ socket: dripping, ca: h.certificate, servername: 'localhost' })
    await once(drip, 'data')
    drip.destroy()
    const noise = await h.tcp()
    noise.write(Buffer.concat([Buffer.from('1603014000', 'hex'), Buffer.alloc(0x4000, 3)]))
    await closed(noise)
    assert.deepEqual(h.refusals.map((one) => one.reason), ['tls-refused'])
  })
})

