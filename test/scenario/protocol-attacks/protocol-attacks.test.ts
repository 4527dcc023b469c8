/**
 * Issue 3: every protocol attack of the design, with a real tool or raw sockets. In each the limit acts and is counted under its reason, and a second visitor
 * from another address is served throughout: no failure, and the slowest hundredth of his answers within 100 ms, or within what the same visitor saw on this
 * machine before the attack, three times over.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls'
import { eventually, metric, startTestShield, type TestShield } from '../../support/in-process-shield.ts'
import { AttackOrigin } from '../../support/attack-origin.ts'
import { keepSection, table } from '../../support/kept-section.ts'
import { RawConnection } from '../../support/raw-http1.ts'
import { SecondVisitor, type Visit } from '../../support/second-visitor.ts'
import type { Http2AttackSeen } from './http2-attacker.ts'
import { http2Attacks } from './http2-attacks.ts'
import { slowHttpTest } from './slow-tool.ts'

const P99_MS = 100
const BASELINE_MS = 500
const ATTACK_MS = 1_000
/** Deadlines are short so that they are seen to act; how they act does not depend on their length. No penalty: attackers and the second visitor share an address here. */
const settings = (origin: string): string => `listen: [127.0.0.1:0, { address: 127.0.0.2:0, tls: true }]
origin: ${origin}
workers: 2
edge: { headerDeadlineMs: 2s, headerDeadlineCrowdedMs: 1s, bodyGraceMs: 1s, bodyDeadlineMs: 3s, readerGraceMs: 2s, maxConnections: 300, abusePenaltyMs: 0s }
admission: { limitInitial: 20, limitMax: 20, totalLimitMax: 40 }
cache: { diskBytes: 0 }
routes:
  - { path: /page/keyed, cache: { queryKeys: [id], dropUnknownQueryKeys: true } }
  - { path: /live/socket, upgrade: true }
`

let origin: AttackOrigin
let polder: TestShield
let visitor: SecondVisitor
let plain = ''
let tls = ''
const rows: string[][] = []

before(async () => {
  origin = await AttackOrigin.start()
  polder = await startTestShield(settings(origin.url))
  plain = polder.shield.urls.find((url) => url.startsWith('http:'))!
  tls = polder.shield.urls.find((url) => url.startsWith('https:'))!
  visitor = new SecondVisitor(plain, ['/page/1', '/live/1', '/page/2'])
  // A thread that never spoke HTTP/2 is slow the first time; that is not what is measured.
  await http2Attacker(http2Attacks[0].name, 1)
})

after(async () => {
  await visitor?.stop()
  await polder?.stop()
  await origin?.close()
})

/** The attacker's own process. */
function http2Attacker(name: string, seconds: number): Promise<Http2AttackSeen> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [join(import.meta.dirname, 'http2-attacker.ts'), name, tls, String(seconds), '6'], { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as Http2AttackSeen)
      else reject(new Error(`${error.message}\n${stderr}`))
    })
  })
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const counted = (reason: string): Promise<number> => metric(polder.shield.adminUrl, `polder_requests_ended_total{reason="${reason}"}`)

interface Expected {
  readonly row: string
  readonly tool: string
  readonly limit: string
  /** One of them must be counted at least `times` more. */
  readonly reasons?: readonly string[]
  readonly times?: number
}

/** An attacker who was cut comes again, for a second at least. */
async function besideVisitor(run: () => Promise<void>): Promise<Visit> {
  const until = performance.now() + ATTACK_MS
  do await run()
  while (performance.now() < until)
  return visitor.take()
}

/** Runs an attack beside the second visitor and checks what both sides saw. */
async function attack(title: string, { row, tool, limit, reasons = [], times = 1 }: Expected, run: () => Promise<void>): Promise<void> {
  // Places the last attack took at the origin are free again.
  await eventually('calm', 8_000, () => origin.of('live').inFlight <= 1 && origin.of('search').inFlight === 0)
  visitor.take()
  await wait(BASELINE_MS)
  const calm = visitor.take()
  const before = new Map<string, number>()
  for (const reason of reasons) before.set(reason, await counted(reason))
  let seen = await besideVisitor(run)
  const allowed = Math.max(P99_MS, 3 * calm.slowestMs)
  // A machine that does other things as well: what the attack does, it does again.
  for (let again = 0; again < 2 && seen.failures.length === 0 && seen.p99Ms > allowed; again++) {
    seen = await besideVisitor(run)
  }
  assert.deepEqual(seen.failures, [], title)
  assert.ok(seen.answers >= 10, `${title}: the second visitor got ${seen.answers} answers`)
  assert.ok(seen.p99Ms <= allowed, `${title}: p99 ${seen.p99Ms} ms, before the attack ${calm.p99Ms} ms`)
  if (reasons.length > 0) {
    const more = async (): Promise<number> => {
      let sum = 0
      for (const reason of reasons) sum += (await counted(reason)) - before.get(reason)!
      return sum
    }
    await eventually(`${title}: ${reasons.join(' or ')} counted ${times} times`, 4_000, async () => (await more()) >= times, 200)
  }
  rows.push([row, title, tool, limit, reasons.join(', ') || '–'])
  process.stdout.write(`${title}: second visitor ${seen.answers} answers, 0 failures, p99 ${seen.p99Ms.toFixed(1)} ms (before ${calm.p99Ms.toFixed(1)} ms)\n`)
}

for (const one of http2Attacks) {
  const bomb = one.name.startsWith('header bomb')
  const family = one.name.startsWith('rapid') ? 'Rapid Reset' : one.name.startsWith('Made') ? 'MadeYouReset' : one.name.includes('CONTINUATION') ? 'CONTINUATION' : bomb ? 'header bombs' : 'control frame floods'
  test(`HTTP/2 ${one.name}: the connection is closed and counted, a second visitor is served`, async () => {
    await attack(`HTTP/2 ${one.name} (${one.cve})`, { row: family, tool: 'raw frames, 6 connections that come back', limit: 'budget of the connection, then GOAWAY and close', reasons: one.reasons, times: 6 }, async () => {
      const asked = origin.of('live').asked
      const seen = await http2Attacker(one.name, 1.5)
      assert.ok(seen.opened >= 6 && seen.closedByServer === seen.opened, JSON.stringify(seen))
      // 100 streams at once and some more until the budget says stop; the visitor's own few are in it.
      assert.ok(origin.of('live').asked - asked < seen.opened * 160 + 200, `${origin.of('live').asked - asked} requests at the origin, ${JSON.stringify(seen)}`)
    })
    await eventually('nothing stays at the origin', 5_000, () => origin.of('live').inFlight <= 1)
  })
}

test('slowloris: header sections that never end are closed, whoever holds many connections loses them', async () => {
  await attack('slowloris, 250 connections', { row: 'slowloris', tool: 'slowhttptest -H', limit: 'absolute header deadline; connections per source', reasons: ['header-timeout'], times: 20 }, () => slowHttpTest(`${plain}/live/1`, 5, 250, ['-H', '-i', '1']))
})

test('R.U.D.Y.: slow content is cut and never takes a place at the origin', async () => {
  await attack('R.U.D.Y., 250 connections', { row: 'R.U.D.Y.', tool: 'slowhttptest -B', limit: 'lowest rate of content; content gathered before the origin is asked', reasons: ['body-too-slow', 'body-timeout'], times: 20 }, async () => {
    await slowHttpTest(`${plain}/form`, 5, 250, ['-B', '-i', '1', '-s', '8192', '-x', '3'])
    assert.equal(origin.of('form').asked, 0)
  })
})

test('slow read: readers who take a few bytes a second are cut', async () => {
  await attack('slow read of a stored 1 MiB page, 60 connections', { row: 'slow read', tool: 'slowhttptest -X', limit: 'lowest rate of reading; stored answers hold nothing at the origin', reasons: ['reader-too-slow'], times: 20 }, async () => {
    await slowHttpTest(`${plain}/page/big`, 6, 60, ['-X', '-w', '1', '-y', '64', '-n', '1', '-z', '16', '-k', '8'])
    assert.ok(origin.of('page').peak <= 4, `${origin.of('page').peak} at once`)
  })
})

test('Range abuse: many or overlapping ranges cost no more than one refusal', async () => {
  await attack('many ranges', { row: 'Range abuse', tool: 'slowhttptest -R, raw sockets', limit: 'at most 4 ranges, none overlapping; head of 16 KiB', reasons: ['range-refused'], times: 4 }, async () => {
    await slowHttpTest(`${plain}/page/big`, 3, 60, ['-R', '-a', '5', '-b', '3000', '-t', 'GET'])
    const asker = await RawConnection.open(plain, { from: '127.66.0.1' })
    const asked = origin.of('page').asked
    for (const ranges of ['0-1,2-3,4-5,6-7,8-9', '0-,0-,0-', '0-100,50-150', Array.from({ length: 500 }, (_, i) => `${i}-${i}`).join(',')]) {
      const { status, body } = await asker.ask(`GET /page/big HTTP/1.1\r\nHost: polder.test\r\nRange: bytes=${ranges}\r\n\r\n`)
      assert.equal(status, 416, ranges.slice(0, 40))
      assert.ok(body.length < 10_000)
    }
    asker.destroy()
    assert.ok(origin.of('page').asked - asked <= 1)
  })
})

/** Null when the shield closed it before it was there. */
async function openOrNot(from: string): Promise<RawConnection | null> {
  try {
    return await RawConnection.open(plain, { from })
  } catch {
    return null
  }
}

test('many idle connections: the idle ones make room, a newcomer always gets in', async () => {
  await attack('600 idle connections from 30 addresses, room for 300', { row: 'many idle connections', tool: 'raw sockets', limit: 'connections per source and in all; idle ones with the fewest answers make room', reasons: ['connection-limit', 'header-timeout'], times: 50 }, async () => {
    visitor.beNewcomer(true)
    const idle: RawConnection[] = []
    for (let i = 0; i < 600; i++) {
      const one = await openOrNot(`127.66.${i % 30}.1`)
      if (one !== null) idle.push(one)
      if (i % 25 === 24) await wait(140)
    }
    await wait(1_000)
    for (const one of idle) one.destroy()
    visitor.beNewcomer(false)
  })
})

test('one source with many connections keeps 64 of them', async () => {
  await attack('200 connections from one address', { row: 'many idle connections', tool: 'raw sockets', limit: 'edge.maxConnectionsPerSource', reasons: ['connection-limit'], times: 100 }, async () => {
    const busy: RawConnection[] = []
    for (let i = 0; i < 200; i++) {
      const one = await openOrNot('127.66.0.9')
      if (one !== null) busy.push(one)
    }
    await wait(500)
    const open = busy.filter(({ closed }) => !closed).length
    assert.ok(open <= 64, `${open} stay open`)
    for (const one of busy) one.destroy()
  })
})

/** `count` requests over `width` connections, each from an address of its own, at once as far as the connections allow. */
async function flood(width: number, count: number, requestOf: (i: number) => string): Promise<Map<string, number>> {
  const ends = new Map<string, number>()
  let next = 0
  await Promise.all(Array.from({ length: width }, async (_, number) => {
    let connection = await RawConnection.open(plain, { from: `127.66.${number}.7` })
    while (next < count) {
      const i = next++
      if (connection.closed) connection = await RawConnection.open(plain, { from: `127.66.${number}.7` })
      const { status, headers } = await connection.ask(requestOf(i))
      const end = headers.get('polder-reason') ?? String(status)
      ends.set(end, (ends.get(end) ?? 0) + 1)
      if (headers.get('connection')?.includes('close') === true) {
        connection.destroy()
        connection = await RawConnection.open(plain, { from: `127.66.${number}.7` })
      }
    }
    connection.destroy()
  }))
  return ends
}

const random = (i: number): string => Math.imul(i + 1, 0x9e3779b1).toString(36).replace('-', 'm')

test('cache busting: keys that do not matter reach neither the store\'s key nor the origin', async () => {
  await attack('2,000 random queries to one page', { row: 'cache busting', tool: 'raw sockets', limit: 'queryKeys with dropUnknownQueryKeys', reasons: ['served-fresh'], times: 1_900 }, async () => {
    const asked = origin.of('page').asked
    await flood(20, 2_000, (i) => `GET /page/keyed?id=1&${random(i)}=${random(i * 7)} HTTP/1.1\r\nHost: polder.test\r\n\r\n`)
    // The visitor's two pages may be renewed meanwhile.
    assert.ok(origin.of('page').asked - asked <= 4, `${origin.of('page').asked - asked} at the origin`)
  })
})

test('random paths that do not exist: known misses are answered from memory', async () => {
  await attack('2,000 requests for 40 pages that are not there', { row: 'random-path 404', tool: 'raw sockets', limit: 'negative cache (cache.negativeMs); the rest queues', reasons: ['served-fresh'], times: 1_500 }, async () => {
    const from = performance.now()
    await flood(20, 2_000, (i) => `GET /missing/${i % 40} HTTP/1.1\r\nHost: polder.test\r\n\r\n`)
    const lives = 1 + Math.ceil((performance.now() - from) / 2_000)
    assert.ok(origin.of('missing').asked <= 40 * lives, `${origin.of('missing').asked} at the origin`)
  })
})

test('expensive searches hold a quarter of the origin at most', async () => {
  await attack('400 searches over 40 connections', { row: 'search and other expensive routes', tool: 'raw sockets', limit: 'admission.expensiveShare 25 %', reasons: ['queue-full', 'queue-timeout', 'queue-superseded', 'limit-shed', 'source-limit'], times: 1 }, async () => {
    const ends = await flood(40, 400, (i) => `GET /search?q=${random(i)} HTTP/1.1\r\nHost: polder.test\r\n\r\n`)
    assert.ok((ends.get('200') ?? 0) > 0, JSON.stringify([...ends]))
    // A quarter of totalLimitMax 40.
    assert.ok(origin.of('search').peak <= 10, `${origin.of('search').peak} searches at once`)
  })
})

test('names and keys made to collide: many fields and many query keys cost no more than others', async () => {
  await attack('fields and query keys in great number', { row: 'hash collision', tool: 'raw sockets', limit: '128 fields, head of 16 KiB, keyed hashes', reasons: ['header-too-large'], times: 100 }, async () => {
    // Pairs that collide in the multiplicative string hashes of many languages: "Aa" and "BB".
    const word = (i: number): string => Array.from({ length: 8 }, (_, bit) => ((i >> bit) & 1 ? 'Aa' : 'BB')).join('')
    const fields = (count: number): string => Array.from({ length: count }, (_, i) => `${word(i)}: 1\r\n`).join('')
    const query = Array.from({ length: 250 }, (_, i) => `${word(i)}=1`).join('&')
    const ends = await flood(10, 300, (i) => `GET /page/keyed?${i % 2 === 0 ? query : 'id=1'} HTTP/1.1\r\nHost: polder.test\r\n${fields(i % 2 === 0 ? 120 : 250)}\r\n`)
    assert.deepEqual([...ends.keys()].toSorted(), ['200', 'header-too-large'])
  })
})

test('header bombs: a head above 16 KiB is refused while it is read', async () => {
  const tail = Buffer.alloc(262_144, 'a')
  await attack('heads of 256 KiB', { row: 'header bombs', tool: 'raw sockets', limit: 'edge.headBytes, edge.requestLineBytes', reasons: ['header-too-large', 'uri-too-long'], times: 40 }, async () => {
    for (let i = 0; i < 40; i++) {
      const attacker = await RawConnection.open(plain, { from: `127.66.${i}.1` })
      const start = i % 2 === 0 ? 'GET /page/1 HTTP/1.1\r\nHost: polder.test\r\nX: ' : 'GET /page/'
      attacker.send(start)
      attacker.send(tail)
      await attacker.until(() => attacker.answers.length > 0, 2_000)
      attacker.destroy()
      await wait(5)
    }
  })
})

test('TLS handshakes: one network is held to its rate, others get in, renegotiation is refused', async () => {
  await attack('300 handshakes from one /24', { row: 'TLS handshake flood', tool: 'node:tls', limit: 'edge.tlsHandshakesPerSecond and tlsHandshakeBurst per network', reasons: ['tls-refused'], times: 30 }, async () => {
    const { hostname, port } = new URL(tls)
    const shake = async (from: string): Promise<boolean> => {
      const socket = tlsConnect({ host: hostname, port: Number(port), localAddress: from, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] } as ConnectionOptions)
      socket.on('error', () => {})
      const through = await Promise.race([once(socket, 'secureConnect').then(() => true, () => false), once(socket, 'close').then(() => false, () => false)])
      socket.destroy()
      return through
    }
    let refused = 0
    const from = performance.now()
    let passed = 0
    // A slow machine does not come above the rate with a few at once.
    for (const atOnce of [8, 24, 72]) {
      for (let i = 0; i < 300; i += atOnce) {
        const through = await Promise.all(Array.from({ length: atOnce }, (_, j) => shake(`127.67.0.${1 + ((i + j) % 200)}`)))
        passed += through.filter(Boolean).length
        refused += through.filter((one) => !one).length
      }
      if (refused >= 30) break
    }
    // Two workers, each with the burst and the rate of the settings' defaults.
    const most = 2 * (40 + (20 * (performance.now() - from)) / 1_000) + 2
    assert.ok(passed <= most, `${passed} passed, at most ${Math.floor(most)} may`)
    assert.ok(refused >= 30, `${refused} refused`)
    for (let i = 0; i < 5; i++) assert.equal(await shake(`127.68.${i}.1`), true, 'another network gets in')
  })
  const { hostname, port } = new URL(tls)
  const socket = tlsConnect({ host: hostname, port: Number(port), localAddress: '127.69.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2' } as ConnectionOptions)
  let gone = false
  socket.on('error', () => {})
  socket.on('close', () => {
    gone = true
  })
  await once(socket, 'secureConnect')
  const outcome = await Promise.race([
    new Promise<string>((resolve) => {
      if (!socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null ? 'renegotiated' : 'refused'))) resolve('refused')
    }),
    once(socket, 'close').then(() => 'refused', () => 'refused'),
    wait(3_000).then(() => 'unanswered'),
  ])
  assert.notEqual(outcome, 'renegotiated')
  socket.destroy()
  assert.ok(gone || outcome !== 'renegotiated')
  rows.push(['TLS handshake flood', 'renegotiation by the client', 'node:tls with TLS 1.2', 'refused', '–'])
})

test('WebSocket: off unless the route says so, and then it holds a place of its own', async () => {
  await attack('upgrades where none is configured', { row: 'WebSocket and other upgrades', tool: 'raw sockets', limit: 'upgrade: true on the route', reasons: [] }, async () => {
    const upgrade = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: polder.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
    const { upgrades } = origin
    for (let i = 0; i < 20; i++) {
      const one = await RawConnection.open(plain, { from: `127.66.${i}.1` })
      assert.equal((await one.ask(upgrade('/live/1'))).status, 200)
      one.destroy()
    }
    assert.equal(origin.upgrades, upgrades)
    const wanted = await RawConnection.open(plain, { from: '127.66.0.1' })
    wanted.send(upgrade('/live/socket'))
    await eventually('the configured route reaches the origin', 3_000, () => origin.upgrades === upgrades + 1)
    wanted.destroy()
    await wait(200)
  })
})

test('the manual lists what was attacked', () => {
  rows.push(['slow read', '30 readers who stop, of pages that cannot be stored or whose length is not said', 'raw sockets (slow-readers.test.ts)', 'the place at the origin is given back after 2 s; 32 per worker may wait without one', 'reader-too-slow'])
  keepSection('docs/benchmarks/attack-shapes.md', 'protocol attacks', table(['row of the design', 'attack', 'sent with', 'limit that acts', 'counted as (one of)'], rows), import.meta.filename)
})
