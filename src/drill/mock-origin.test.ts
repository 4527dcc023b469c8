import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { MockOrigin } from './mock-origin.ts'

async function withOrigin(workers: number, queue: number, use: (url: string, origin: MockOrigin) => Promise<void>): Promise<void> {
  const origin = new MockOrigin({ workers, queue, pageMs: 20, searchMs: 80 })
  origin.server.listen(0, '127.0.0.1')
  await once(origin.server, 'listening')
  try {
    await use(`http://127.0.0.1:${(origin.server.address() as { port: number }).port}`, origin)
  } finally {
    origin.server.closeAllConnections()
    origin.server.close()
  }
}

test('past its workers and its queue the origin turns away at once, with its own mark', () =>
  withOrigin(1, 1, async (url, origin) => {
    const answers = await Promise.all([fetch(`${url}/`), fetch(`${url}/`), fetch(`${url}/`)])
    assert.deepEqual(answers.map((answer) => answer.status).sort((a, b) => a - b), [200, 200, 503])
    assert.equal(answers.find((answer) => answer.status === 503)!.headers.get('x-origin'), 'busy')
    assert.equal(origin.seconds.reduce((sum, second) => sum + second.turnedAway, 0), 1)
  }))

test('every right answer names its path, and what may be stored says so', () =>
  withOrigin(6, 128, async (url) => {
    for (const [path, storable] of [['/', false], ['/news/7', true], ['/search', false], ['/style.css', true], ['/feed.xml', true], ['/api/votes', false], ['/law/12', false]] as const) {
      const answer = await fetch(url + path)
      assert.equal(answer.status, 200, path)
      assert.ok((await answer.text()).startsWith(`ok ${path}\n`), path)
      assert.equal(answer.headers.get('cache-control')!.includes('public'), storable, path)
    }
    assert.equal((await fetch(`${url}/QWERTZ`)).status, 404)
    const etag = (await fetch(`${url}/style.css`)).headers.get('etag')!
    assert.equal((await fetch(`${url}/style.css`, { headers: { 'if-none-match': etag } })).status, 304)
  }))

test('work is counted for attackers and visitors apart, by the address the program in front forwards', () =>
  withOrigin(6, 128, async (url, origin) => {
    await fetch(`${url}/`, { headers: { 'x-forwarded-for': '127.80.1.3' } })
    await fetch(`${url}/search?q=x`, { headers: { 'x-forwarded-for': '127.80.1.3, 127.80.1.4' } })
    const sum = (of: 'visitorWorkMs' | 'attackerWorkMs'): number => origin.seconds.reduce((total, second) => total + second[of], 0)
    assert.equal(sum('visitorWorkMs'), 20)
    assert.equal(sum('attackerWorkMs'), 80)
  }))

test('a slowed origin takes as many times as long', () =>
  withOrigin(6, 128, async (url, origin) => {
    origin.slowDown(3)
    await fetch(`${url}/`, { headers: { 'x-forwarded-for': '127.80.1.3' } })
    assert.equal(origin.seconds.reduce((total, second) => total + second.visitorWorkMs, 0), 60)
  }))
