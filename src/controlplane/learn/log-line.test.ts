import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LogLineReader } from './log-line.ts'
import { MinuteCounts } from './minute-counts.ts'

function read(line: string) {
  const reader = new LogLineReader()
  const problem = reader.read(line)
  return problem === null ? { ...reader.request } : problem
}
const at = Date.UTC(2023, 9, 10, 8, 22, 41)

test('combined format is read with its time zone, referer and agent', () => {
  assert.deepEqual(read('192.0.2.7 - ada [10/Oct/2023:10:22:41 +0200] "GET /a?b=1 HTTP/1.1" 200 157 "https://a.example/x" "Fire\\"fox \\xe9"'), {
    atWallMs: at, client: '192.0.2.7', method: 'GET', target: '/a?b=1', version: 11, status: 200, referer: 'https://a.example/x', agent: 'Fire"fox é', host: '', standsFor: 1, reason: '',
  })
  for (const time of ['10/Oct/2023:08:22:41 +0000', '10/Oct/2023:03:52:41 -0430', '2023-10-10T08:22:41Z']) assert.equal((read(`h - - [${time}] "GET / HTTP/1.0" 200 -`) as { atWallMs: number }).atWallMs, at, time)
})

test('common format, virtual hosts, absolute targets and cut agents are read', () => {
  const common = read('::1 - - [10/Oct/2023:08:22:41 +0000] "HEAD http://a.example/x?y HTTP/2.0" 304 -') as Record<string, unknown>
  assert.deepEqual([common['target'], common['version'], common['agent'], common['method']], ['/x?y', 20, '', 'HEAD'])
  const vhost = read('www.a.example:443 192.0.2.7 - - [10/Oct/2023:08:22:41 +0000] "GET / HTTP/1.1" 200 5 "-" "-"') as Record<string, unknown>
  assert.deepEqual([vhost['host'], vhost['client'], vhost['referer'], vhost['agent']], ['www.a.example', '192.0.2.7', '', ''])
  assert.equal((read('h - - [10/Oct/2023:08:22:41 +0000] "GET / HTTP/1.1" 200 5 "-" "cut of') as { agent: string }).agent, 'cut of')
})

test('JSON lines of Polder and of nginx say the same request', () => {
  const polder = JSON.stringify({ time: '2023-10-10T08:22:41.000Z', client: '192.0.2.0', method: 'GET', host: 'a.example', target: '/a?b=1', version: 1.1, status: 200, reason: 'rule-block', referer: 'https://a.example/', agent: 'é', standsFor: 7 })
  const wanted = { atWallMs: at, client: '192.0.2.0', method: 'GET', target: '/a?b=1', version: 11, status: 200, referer: 'https://a.example/', agent: 'é', host: 'a.example', standsFor: 7, reason: 'rule-block' }
  assert.deepEqual(read(polder), wanted)
  for (const nginx of [
    { time_local: '10/Oct/2023:10:22:41 +0200', remote_addr: '192.0.2.0', request: 'GET /a?b=1 HTTP/1.1', status: '200', http_referer: 'https://a.example/', http_user_agent: 'é', http_host: 'A.example' },
    { msec: '1696926161.000', remote_addr: '192.0.2.0', request_method: 'GET', uri: '/a', args: 'b=1', server_protocol: 'HTTP/1.1', status: 200, http_referer: 'https://a.example/', http_user_agent: 'é', host: 'a.example' },
    { '@timestamp': '2023-10-10T08:22:41+00:00', client_ip: '192.0.2.0', method: 'GET', request_uri: '/a?b=1', status: 200, referer: 'https://a.example/', user_agent: 'é', server_name: 'a.example' },
  ]) assert.deepEqual(read(JSON.stringify(nginx)), { ...wanted, standsFor: 1, reason: '' })
})

test('a line that is no request says why', () => {
  for (const [line, why] of [
    ['hello', /no \[time\]/], ['h - - [yesterday] "GET / HTTP/1.1" 200 1', /the time "yesterday"/], ['h - - [10/Oct/2023:08:22:41 +0000] "\\x16\\x03\\x01" 400 0', /is no request line/],
    ['h - - [10/Oct/2023:08:22:41 +0000] "-" 408 0', /the request is empty/], ['h - - [10/Oct/2023:08:22:41 +0000] "GET / HTTP/1.2" 400 0', /no HTTP version/], ['h - - [10/Oct/2023:08:22:41 +0000] "GET / HTTP/1.1" x', /no status/],
    ['h - - [10/Foo/2023:08:22:41 +0000] "GET / HTTP/1.1" 200 1', /cannot be read/], ['{"a":', /begins as JSON/], ['{}', /no time/], ['{"time":"2023-10-10T08:22:41Z"}', /no request/], ['[10/Oct/2023:08:22:41 +0000] "GET / HTTP/1.1" 200 1', /no \[time\]/],
    ['{"msec":"1696926161","method":"GET","uri":"/","status":200}', /no client/],
  ] as const) assert.match(read(line) as string, why, line)
})

test('whatever a line holds, it is read or refused, never thrown', () => {
  const piece = fc.constantFrom('"', '\\', '[', ']', '{', '}', ' ', '10/Oct/2023:08:22:41 +0000', 'GET / HTTP/1.1', '200', '"a":', 'null', '1e999', '\u0000')
  fc.assert(fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 30 }), (parts) => void read(parts.join(''))), { numRuns: 2_000 })
})

const minute = (n: number): number => Date.UTC(2024, 0, 1) + n * 60_000
function whole(counts: MinuteCounts): { gaps: number; minutes: Array<[number, number]> } {
  const minutes: Array<[number, number]> = []
  return { gaps: counts.eachWhole((wallMs, requests) => minutes.push([(wallMs - minute(0)) / 60_000, requests])), minutes }
}

test('minutes of several logs add up in any order; silent minutes count, cut ones and gaps do not', () => {
  const counts = new MinuteCounts()
  for (const [n, requests] of [[5, 1], [1, 2], [3, 3], [2, 4], [3, 30], [1_000, 5], [1_001, 6], [1_002, 7]] as const) counts.add(minute(n) + 59_999, requests)
  assert.deepEqual(whole(counts), { gaps: 1, minutes: [[2, 4], [3, 33], [4, 0], [1_001, 6]] })
})

test('whole minutes are what was added, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 3, maxLength: 200 }), (ns) => {
      const counts = new MinuteCounts()
      for (const n of ns) assert.ok(counts.add(minute(n), 1))
      const { minutes } = whole(counts)
      const [first, last] = [Math.min(...ns), Math.max(...ns)]
      assert.deepEqual(minutes, Array.from({ length: Math.max(0, last - first - 1) }, (_, i) => [first + 1 + i, ns.filter((n) => n === first + 1 + i).length]))
    }),
  )
})
