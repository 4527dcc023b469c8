/**
 * Slow read (algorithms (c)): readers who hardly read hold no place at the origin and nobody else's fetch, whether the page may be stored or not and whether
 * its length was said or not.
 */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { eventually, metric, startTestShield, type TestShield } from '../../support/in-process-shield.ts'
import { RawConnection } from '../../support/raw-http1.ts'
import { SecondVisitor } from '../../support/second-visitor.ts'

const PIECE = Buffer.alloc(65_536, 'x')
/** Above what the kernel's buffers on both sides take (some 5 MiB on loopback). */
const PIECES = 400

let origin: Server
let polder: TestShield

before(async () => {
  origin = createServer((request, response) => {
    const [, kind, form] = request.url!.split('/')
    if (kind !== 'big') {
      response.writeHead(200, { 'cache-control': kind === 'page' ? 'public, max-age=60' : 'no-store' }).end('a page\n')
      return
    }
    const cacheControl = form.startsWith('stored') ? 'public, max-age=60' : 'no-store'
    response.writeHead(200, { 'cache-control': cacheControl, ...(form.endsWith('chunked') ? {} : { 'content-length': PIECE.length * PIECES }) })
    let left = PIECES
    const more = (): void => {
      while (left > 0 && !response.destroyed) {
        left--
        if (!response.write(PIECE)) {
          response.once('drain', more)
          return
        }
      }
      response.end()
    }
    more()
  })
  await new Promise<void>((resolve) => {
    origin.listen(0, '127.0.0.1', resolve)
  })
  // The smallest places: a reader who held one would be noticed at once.
  polder = await startTestShield(`listen: 127.0.0.1:0
origin: http://127.0.0.1:${(origin.address() as AddressInfo).port}
workers: 1
cache: { diskBytes: 0, maxObjectBytes: 64MiB }
admission: { limitInitial: 20, limitMax: 20 }
`)
})

after(async () => {
  await polder?.stop()
  origin?.closeAllConnections()
  await new Promise((resolve) => {
    origin.close(resolve)
  })
})

const inFlight = async (): Promise<number> => (await metric(polder.shield.adminUrl, 'polder_origin_in_flight{class="page"}')) || 0

for (const form of ['live', 'live-chunked', 'stored', 'stored-chunked']) {
  test(`30 readers who stop reading a large page (${form}) hold no place at the origin, and a second visitor is served`, async () => {
    const readers: RawConnection[] = []
    for (let i = 0; i < 30; i++) {
      const reader = await RawConnection.open(polder.url, { from: `127.66.0.${1 + (i % 5)}` })
      reader.socket.pause()
      reader.send(`GET /big/${form}/${i} HTTP/1.1\r\nHost: polder.test\r\n\r\n`)
      readers.push(reader)
    }
    try {
      // All are with the origin, or wait for it.
      await new Promise((resolve) => setTimeout(resolve, 1_200))
      await eventually('no place at the origin is held', 9_000, async () => (await inFlight()) === 0)
      const visitor = new SecondVisitor(polder.url, ['/live/1', '/page/1'])
      await new Promise((resolve) => setTimeout(resolve, 700))
      await visitor.stop()
      const { answers, failures } = visitor.take()
      assert.deepEqual(failures, [])
      assert.ok(answers > 10, `${answers} answers`)
    } finally {
      for (const reader of readers) reader.destroy()
    }
    await eventually('all is given back', 5_000, async () => (await inFlight()) === 0)
  })
}

test('a reader who stops on a page others want does not make them wait for as long as he likes', async () => {
  const reader = await RawConnection.open(polder.url, { from: '127.66.0.1' })
  reader.socket.pause()
  reader.send(`GET /big/stored-chunked/shared HTTP/1.1\r\nHost: ${new URL(polder.url).host}\r\n\r\n`)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const from = performance.now()
  const response = await fetch(`${polder.url}/big/stored-chunked/shared`)
  const waitedMs = performance.now() - from
  const body = await response.arrayBuffer()
  reader.destroy()
  assert.equal(response.status, 200)
  assert.equal(body.byteLength, PIECE.length * PIECES)
  // Without help it would be ten seconds, the longest wait for another's fetch.
  assert.ok(waitedMs > 500 && waitedMs < 5_000, `${waitedMs} ms`)
})
