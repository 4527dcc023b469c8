/** Answers of an origin that is broken, or that lets a visitor write into its header section: never passed on by halves, never stored, never another's. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { startSampleSite } from '../../../sample-site/start-sample-site.ts'
import { startTestShield, type TestShield } from '../../support/in-process-shield.ts'
import { RawConnection } from '../../support/raw-http1.ts'

const KEPT = 'Cache-Control: public, max-age=60\r\n'
const whole = (head: string, body = 'evil\n'): string => `HTTP/1.1 200 OK\r\n${KEPT}${head}\r\n${body}`
const second = `HTTP/1.1 200 OK\r\n${KEPT}Content-Length: 7\r\n\r\nanother`

const answers: ReadonlyArray<readonly [name: string, bytes: string, status: number]> = [
  ['a bare CR in a value', whole('Content-Length: 5\r\nX: a\rSet-Cookie: evil=1\r\n'), 502],
  ['a bare LF in a value', whole('Content-Length: 5\r\nX: a\nSet-Cookie: evil=1\r\n'), 502],
  ['NUL in a value', whole('Content-Length: 5\r\nX: a\0b\r\n'), 502],
  ['a folded field', whole('Content-Length: 5\r\nX: a\r\n b\r\n'), 502],
  ['a space before the colon', whole('Content-Length : 5\r\n'), 502],
  ['two lengths', whole('Content-Length: 5\r\nContent-Length: 6\r\n'), 502],
  ['a length and chunked', whole('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '5\r\nevil\n\r\n0\r\n\r\n'), 502],
  ['a length of +5', whole('Content-Length: +5\r\n'), 502],
  ['an unknown coding', whole('Transfer-Encoding: xchunked\r\n', '5\r\nevil\n\r\n0\r\n\r\n'), 502],
  ['a status of 99', 'HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n', 502],
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', 502],
  ['a second answer behind the first', whole('Content-Length: 5\r\n') + second, 200],
  ['a second answer behind a 304', `HTTP/1.1 304 Not Modified\r\n${KEPT}\r\n${second}`, 304],
  ['content with a 204', `HTTP/1.1 204 No Content\r\n${KEPT}Content-Length: 5\r\n\r\nevil\n`, 204],
]

let origin: Server
let polder: TestShield

before(async () => {
  origin = createServer((socket) => {
    socket.on('error', () => {})
    let held = ''
    socket.on('data', (chunk: Buffer) => {
      held += chunk.toString('latin1')
      for (let end = held.indexOf('\r\n\r\n'); end !== -1; end = held.indexOf('\r\n\r\n')) {
        const target = held.split(' ')[1]
        held = held.slice(end + 4)
        const number = /^\/bad\/(\d+)$/.exec(target)?.[1]
        const mine = `mine ${target}\n`
        socket.write(Buffer.from(number === undefined ? `HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: ${mine.length}\r\n\r\n${mine}` : answers[Number(number)][1], 'latin1'))
      }
    })
  })
  await new Promise<void>((resolve) => {
    origin.listen(0, '127.0.0.1', resolve)
  })
  polder = await startTestShield(`listen: 127.0.0.1:0\norigin: { upstreams: [http://127.0.0.1:${(origin.address() as AddressInfo).port}], connections: 1, retryShare: 0% }\nworkers: 1\ncache: { diskBytes: 0 }\n`)
})

after(async () => {
  await polder?.stop()
  await new Promise((resolve) => {
    origin.close(resolve)
  })
})

test('a broken answer of the origin ends as 502, or as far as it is clear, and the next visitor of that connection gets their own', async () => {
  const victim = await RawConnection.open(polder.url, { from: '127.77.0.1' })
  for (const [number, [name, , status]] of answers.entries()) {
    const attacker = await RawConnection.open(polder.url, { from: '127.66.0.1' })
    const first = await attacker.ask(`GET /bad/${number} HTTP/1.1\r\nHost: polder.test\r\n\r\n`)
    assert.equal(first.status, status, name)
    assert.ok(![...first.headers.values()].some((value) => value.includes('evil')), name)
    if (status === 502) assert.doesNotMatch(first.body.toString('latin1'), /evil/, name)
    for (let i = 0; i < 3; i++) {
      const answer = await victim.ask(`GET /victim/${number}/${i} HTTP/1.1\r\nHost: polder.test\r\n\r\n`)
      assert.equal(answer.body.toString('latin1'), `mine /victim/${number}/${i}\n`, `after ${name}`)
    }
    attacker.destroy()
  }
  victim.destroy()
})

test('feeds and sitemap of the sample site, which write the host into their links, are never stored with an attacker\'s', async () => {
  const site = await startSampleSite({ port: 0, quiet: true, today: '2026-03-10', documentCount: 200, searchCost: 0 })
  const shield = await startTestShield(`listen: 127.0.0.1:0\norigin: ${site.url}\nworkers: 1\ncache: { diskBytes: 0 }\n`)
  try {
    for (const path of ['/rss.xml', '/atom.xml', '/sitemap.xml', '/robots.txt']) {
      for (const fields of ['Host: polder.test\r\nX-Forwarded-Host: evil.test', 'Host: polder.test\r\nX-Forwarded-Proto: evil', 'Host: polder.test\r\nForwarded: host=evil.test', 'Host: evil.test', 'Host: polder.test\r\nX-Host: evil.test']) {
        const attacker = await RawConnection.open(shield.url, { from: '127.66.0.1' })
        await attacker.ask(`GET ${path} HTTP/1.1\r\n${fields}\r\n\r\n`)
        attacker.destroy()
      }
      const victim = await RawConnection.open(shield.url, { from: '127.77.0.1' })
      const { status, body, headers } = await victim.ask(`GET ${path} HTTP/1.1\r\nHost: polder.test\r\n\r\n`)
      victim.destroy()
      assert.equal(status, 200)
      assert.match(headers.get('cache-status') ?? '', /hit/)
      assert.match(body.toString('latin1'), /http:\/\/polder\.test\//)
      assert.doesNotMatch(body.toString('latin1'), /evil/)
    }
  } finally {
    await shield.stop()
    await site.close(0)
  }
})
