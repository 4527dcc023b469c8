/** Issue 3: cache poisoning shapes. What an attacker asked with never stands in what the next visitor gets, unless only the origin could prevent it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestShield, type TestShield } from '../../support/in-process-shield.ts'
import { keepSection, table } from '../../support/kept-section.ts'
import { openPoisonOrigin, type PoisonOrigin } from '../../support/poison-origin.ts'
import { type RawAnswer, RawConnection } from '../../support/raw-http1.ts'
import { EVIL, poisonShapes } from './poison-shapes.ts'

let origin: PoisonOrigin
let polder: TestShield

before(async () => {
  origin = await openPoisonOrigin()
  polder = await startTestShield(`listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 1\ncache: { diskBytes: 0 }\nroutes: [{ path: '/keyed/*', cache: { queryKeys: [q], dropUnknownQueryKeys: true } }]\n`)
})

after(async () => {
  await polder?.stop()
  await origin?.close()
})

async function ask(from: string, bytes: string, method = 'GET'): Promise<RawAnswer> {
  const connection = await RawConnection.open(polder.url, { from })
  try {
    return await connection.ask(bytes, { method })
  } finally {
    connection.destroy()
  }
}

function holds({ headers, body }: RawAnswer, word: string): boolean {
  return body.includes(word) || [...headers.values()].some((value) => value.includes(word))
}

test('no shape puts an attacker\'s words, an error or a part in front of the next visitor, and the manual says what became of each', async () => {
  const rows: string[][] = []
  const wrong: string[] = []
  for (const [number, shape] of poisonShapes.entries()) {
    const path = `/${shape.habit}/page-${number}`
    const first = await ask('127.66.0.1', shape.attack(path), shape.method)
    const victimAsks = shape.victim?.(path) ?? `GET ${path} HTTP/1.1\r\nHost: polder.test\r\n\r\n`
    const second = await ask('127.77.0.1', victimAsks)
    const poisoned = second.status !== (shape.status ?? 200) || holds(second, EVIL) || (second.status === 200 && second.body.length < 60)
    const name = `${shape.family}: ${shape.name}`
    // Whoever looks twice finds the stored answer: it must be the same.
    const third = await ask('127.77.0.2', victimAsks)
    if (third.status !== second.status || holds(third, EVIL) !== holds(second, EVIL)) wrong.push(`${name}: the third visitor got ${third.status}`)
    if (poisoned !== (shape.known !== undefined)) wrong.push(`${name}: the victim got ${second.status} ${second.headers.get('cache-status')} ${JSON.stringify(second.body.toString('latin1', 0, 300))}`)
    const hit = second.headers.get('cache-status')?.includes('; hit') === true
    rows.push([shape.family, shape.name, `${first.status}${first.headers.has('polder-reason') ? ` ${first.headers.get('polder-reason')}` : ''}`, hit ? 'the same copy' : 'asked anew', poisoned ? `not prevented: ${shape.known}` : 'clean'])
  }
  assert.deepEqual(wrong, [])
  keepSection('docs/benchmarks/attack-shapes.md', 'poisoning', table(['family', 'shape', 'attacker got', 'next visitor got', 'outcome'], rows), import.meta.filename)
})

test('an answer that sets a cookie is never stored, though it says public', async () => {
  const cookies = new Set<string>()
  for (let i = 0; i < 5; i++) cookies.add((await ask('127.77.0.1', 'GET /cookie/x HTTP/1.1\r\nHost: polder.test\r\n\r\n')).headers.get('set-cookie')!)
  assert.equal(cookies.size, 5)
})

test('an error asked for on purpose does not push out the page that is there', async () => {
  const page = 'GET /limits/known HTTP/1.1\r\nHost: polder.test\r\n'
  const good = await ask('127.77.0.1', `${page}\r\n`)
  for (const field of ['X-Meta: x', 'X-Break: x', 'X-Block: x', 'X-HTTP-Method-Override: DELETE', 'Cache-Control: no-cache, no-store\r\nX-Meta: x', 'Pragma: no-cache\r\nX-Break: x', `X: ${'a'.repeat(7_000)}`]) {
    await ask('127.66.0.1', `${page}${field}\r\n\r\n`)
    const again = await ask('127.77.0.1', `${page}\r\n`)
    assert.equal(again.status, 200, field)
    assert.deepEqual(again.body, good.body)
  }
})

test('every spelling of an address has its own answer: none is served for another, fresh or stored', async () => {
  const spellings = ['/reflect/a', '//reflect/a', '/reflect//a', '/reflect/a/', '/reflect/a?', '/reflect/a?x', '/reflect/a%3fx', '/reflect/a;x', '/reflect/a%3bx', '/reflect/./a', '/reflect/b/../a', '/reflect/%61',
    '/REFLECT/a', '/reflect/A', '/reflect%2fa', '/reflect%2Fa', '/reflect\\a', '/reflect/a%00', '/reflect/a%20', '/reflect/a+', '/reflect/a#x'.replace('#', '%23'), '/reflect/a__x', '/reflect/a?x__y', '/reflect/a?a=1&b=2', '/reflect/a?b=2&a=1', '/reflect/a?a=1&a=2', '/reflect/a?a=2&a=1']
  const hosts = ['polder.test', 'polder.test.', 'polder.test:80', 'polder.test:8080', 'a.polder.test', 'polder.test0']
  for (const round of ['fresh', 'stored']) {
    for (const host of hosts) {
      for (const target of spellings) {
        const { body, headers } = await ask('127.77.0.1', `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
        const [line] = body.toString('latin1').split('\n')
        assert.equal(line, `GET ${target}`)
        assert.match(body.toString('latin1'), new RegExp(`^host: ${host.replaceAll('.', '\\.')}$`, 'm'))
        if (round === 'stored') assert.match(headers.get('cache-status') ?? '', /hit/, `${host} ${target}`)
      }
    }
  }
})
