import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { systemClock } from '../../kernel/clock.ts'
import { openHarness, type Harness, type HarnessOptions } from './edge.testing.ts'
import { serveHttp1 } from './http1/http1-connection.ts'

/** The listener and the real HTTP/1 codec together: every way a connection can come to it. */

let open: Harness[] = []
async function harness(options: HarnessOptions): Promise<Harness> {
  const made = await openHarness({
    clock: systemClock,
    serveHttp1,
    handler: ({ client, scheme, tls, reply }) => reply.sendWhole(200, [], Buffer.from(`${client.text} ${scheme} ${tls?.serverName ?? '-'}`)),
    ...options,
  })
  open.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()))
  open = []
})

const GET = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'

async function answer(socket: Socket, text: string, end: string): Promise<string> {
  let got = ''
  socket.on('data', (chunk: Buffer) => {
    got += chunk.toString('latin1')
  })
  socket.write(text)
  while (!got.endsWith(end)) await once(socket, 'data')
  return got
}

describe('HTTP/1 behind the listener', () => {
  it('serves clear text, also pipelined', async () => {
    const h = await harness({ spec: { protocol: 'http' } })
    assert.match(await answer(await h.tcp(), GET, '127.0.0.1 http -'), /^HTTP\/1\.1 200 OK\r\n/)
    await answer(await h.tcp(), GET + GET, '127.0.0.1 http -')
    assert.equal(h.context.counts.openConnections, 2)
  })

  it('serves TLS', async () => {
    const h = await harness({})
    await answer(await h.tls({ ALPNProtocols: ['http/1.1'] }), GET, '127.0.0.1 https localhost')
  })

  it('serves TLS with the fingerprint taken', async () => {
    const h = await harness({ settings: { tlsFingerprint: 'on' } })
    await answer(await h.tls({ ALPNProtocols: ['http/1.1'] }), GET, '127.0.0.1 https localhost')
    assert.match(h.requests[0]!.tls!.ja4, /^t13d/)
  })

  it('serves behind the PROXY protocol, header and request in one piece or two', async () => {
    const h = await harness({ spec: { protocol: 'http', proxyProtocol: true }, settings: { trustedProxies: ['127.0.0.0/8'] } })
    const header = 'PROXY TCP4 192.0.2.9 203.0.113.1 1 2\r\n'
    await answer(await h.tcp(), header + GET, '192.0.2.9 http -')
    const socket = await h.tcp()
    socket.write(header)
    await new Promise((resolve) => setImmediate(resolve))
    await answer(socket, GET, '192.0.2.9 http -')
  })

  it('serves TLS behind the PROXY protocol', async () => {
    const h = await harness({ spec: { protocol: 'https', proxyProtocol: true }, settings: { trustedProxies: ['127.0.0.0/8'] } })
    const raw = await h.tcp()
    raw.write('PROXY TCP4 192.0.2.9 203.0.113.1 1 2\r\n')
    const socket = tlsConnect({ socket: raw, ca: h.certificate, servername: 'localhost', ALPNProtocols: ['http/1.1'] })
    await answer(socket, GET, '192.0.2.9 https localhost')
  })

  it('believes X-Forwarded-For of a trusted hop only', async () => {
    const request = GET.replace('\r\n\r\n', '\r\nx-forwarded-for: 192.0.2.77\r\n\r\n')
    const trusting = await harness({ spec: { protocol: 'http' }, settings: { trustedProxies: ['127.0.0.1'] } })
    await answer(await trusting.tcp(), request, '192.0.2.77 http -')
    const other = await harness({ spec: { protocol: 'http' } })
    await answer(await other.tcp(), request, '127.0.0.1 http -')
  })

  it('gives an idle connection up for a new one when all places are taken, never one with a request under way', async () => {
    const h = await harness({ spec: { protocol: 'http' }, settings: { maxConnectionsPerSource: 4 }, handler: ({ path, reply }) => {
      if (path === '/') reply.sendWhole(200, [], Buffer.from('done'))
    } })
    const sockets = []
    for (let i = 0; i < 4; i++) {
      const socket = await h.tcp()
      sockets.push(socket)
      if (i < 3) socket.write('GET /held HTTP/1.1\r\nhost: a\r\n\r\n')
      else await answer(socket, GET, 'done')
    }
    while (h.requests.length < 4) await new Promise((resolve) => setImmediate(resolve))
    const closed = once(sockets[3]!, 'close')
    await answer(await h.tcp(), GET, 'done')
    await closed
    assert.deepEqual(sockets.map((socket) => socket.destroyed), [false, false, false, true])
    assert.equal(h.parts.guard.counts.evicted, 1)
  })
})
