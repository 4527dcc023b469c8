import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { connect, type ConnectionOptions } from 'node:tls'
import fc from 'fast-check'
import { calculateJa4, readTlsClientHello } from 'read-tls-client-hello'
import { fingerprintOf, isWholeHello } from './fingerprint.ts'

/** The first flight of a real client. */
async function realHello(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ...options })
  client.on('error', () => {})
  const [socket] = await once(server, 'connection')
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  socket.destroy()
  server.close()
  return bytes
}

describe('JA4', async () => {
  const hellos = [
    await realHello({ servername: 'localhost', ALPNProtocols: ['h2', 'http/1.1'] }),
    await realHello({ maxVersion: 'TLSv1.2' }),
    await realHello({ servername: 'example.org', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }),
  ]

  it('is what the reference implementation says of the same bytes', async () => {
    for (const hello of hellos) {
      const expected = calculateJa4(await readTlsClientHello(Readable.from(hello, { objectMode: false })))
      assert.equal(fingerprintOf(hello, 1).ja4, expected)
    }
    assert.equal(new Set(hellos.map((hello) => fingerprintOf(hello, 1).ja4)).size, 3)
  })

  it('knows when the hello is whole, and gives up on what is none', () => {
    for (const hello of hellos) {
      for (let length = 0; length < hello.length; length += 13) assert.equal(isWholeHello(hello.subarray(0, length)), false)
      assert.equal(isWholeHello(hello), true)
    }
    assert.equal(isWholeHello(Buffer.from('GET')), true)
  })

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.nat(2), fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 6 }), fc.nat(600), (which, changes, cut) => {
        const bytes = Buffer.from(hellos[which]!)
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        const { ja4, ja4Hash } = fingerprintOf(bytes.subarray(0, cut), 1)
        assert.equal(ja4 === '', ja4Hash === 0)
      }),
      { numRuns: 1_000 },
    )
  })
})
