/** Issue 2, Shows 2: a real access log replayed through Polder; every answer is the origin's own, and the origin is asked far less. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Agent, type IncomingHttpHeaders, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type LoggedRequest, readCombinedLog } from '../support/combined-log.ts'
import { metric, startTestShield, type TestShield } from '../support/in-process-shield.ts'
import { LoggedOrigin } from '../support/logged-origin.ts'

const AT_ONCE = 16
const log = readCombinedLog(join(import.meta.dirname, '../data/semicomplete_2015-05.anon.log.gz'))
let origin: LoggedOrigin
let polder: TestShield

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: number
  readonly digest: string
}

before(async () => {
  origin = await LoggedOrigin.start(log.requests)
  // The log's own client addresses, as a load balancer would name them.
  polder = await startTestShield(`listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 2\ntrustedProxies: [127.0.0.1]\n`)
})

after(async () => {
  await polder?.stop()
  await origin?.close()
})

/** Also the conditions and ranges that the log shows only by their answers: 304, 206 and 416. */
function headersFor(line: LoggedRequest): Record<string, string> {
  const headers: Record<string, string> = { host: 'www.semicomplete.com', 'x-forwarded-for': line.client }
  if (line.referer !== '') headers['referer'] = line.referer
  if (line.agent !== '') headers['user-agent'] = line.agent
  if (line.method === 'POST') headers['content-length'] = '0'
  if (line.status === 304) headers['if-none-match'] = origin.etagOf(line.target)
  if (line.status === 206) headers['range'] = `bytes=0-${Math.max(0, line.bytes - 1)}`
  if (line.status === 416) headers['range'] = `bytes=${origin.lengthOf(line.target)}-`
  return headers
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
after(() => agent.destroy())

function ask(base: string, line: LoggedRequest): Promise<Answer> {
  return line.version === 'HTTP/1.0' ? askOldStyle(base, line) : askWithKeepAlive(base, line)
}

function askWithKeepAlive(base: string, line: LoggedRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base)
    httpRequest({ hostname, port, path: line.target, method: line.method, headers: headersFor(line), agent }, (response) => {
      const hash = createHash('sha256')
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        hash.update(chunk)
      })
      response.once('end', () => resolve({ status: response.statusCode!, headers: response.headers, bytes, digest: hash.digest('hex') }))
      response.once('error', reject)
    })
      .once('error', reject)
      .end()
  })
}

/** HTTP/1.0 as its clients spoke it: one connection, closed after the answer. */
function askOldStyle(base: string, line: LoggedRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base)
    const socket = connect(Number(port), hostname)
    const parts: Buffer[] = []
    socket.once('error', reject)
    socket.on('data', (chunk) => parts.push(chunk))
    socket.once('end', () => {
      socket.end()
      const all = Buffer.concat(parts)
      const split = all.indexOf('\r\n\r\n')
      const [first, ...fields] = all.subarray(0, split).toString('latin1').split('\r\n')
      const headers: Record<string, string> = {}
      for (const field of fields) headers[field.slice(0, field.indexOf(':')).toLowerCase()] = field.slice(field.indexOf(':') + 1).trim()
      const body = all.subarray(split + 4)
      assert.equal(headers['transfer-encoding'], undefined, `${line.target}: a 1.0 client cannot read chunks`)
      resolve({ status: Number(first.split(' ')[1]), headers, bytes: body.length, digest: createHash('sha256').update(body).digest('hex') })
    })
    const head = Object.entries(headersFor(line)).map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.write(`${line.method} ${line.target} HTTP/1.0\r\n${head}\r\n`, 'latin1')
  })
}

async function replay(base: string, onAnswer: (answer: Answer, index: number) => void): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let index = next++; index < log.requests.length; index = next++) onAnswer(await ask(base, log.requests[index]), index)
    }),
  )
}

/** What must be the same; Date, Age and framing may differ. */
const compared = ['content-type', 'content-range', 'etag', 'last-modified', 'location', 'cache-control'] as const

function differences(own: Answer, through: Answer): string[] {
  const found: string[] = []
  if (own.status !== through.status) found.push(`status ${own.status}, through Polder ${through.status}`)
  if (own.digest !== through.digest) found.push(`content of ${own.bytes} bytes, through Polder ${through.bytes} bytes`)
  for (const name of compared) {
    if (own.headers[name] !== through.headers[name]) found.push(`${name} ${own.headers[name]}, through Polder ${through.headers[name]}`)
  }
  return found
}

test('a real log replayed through Polder: every answer equals the origin\'s own, and the origin sees a fraction of the requests', async () => {
  assert.ok(log.requests.length >= 9_999, `${log.requests.length} requests, ${log.unreadable} unreadable lines`)
  const own: Answer[] = []
  await replay(origin.url, (answer, index) => {
    own[index] = answer
  })
  const before = { requests: origin.answered, bytes: origin.bytes }
  assert.equal(before.requests, log.requests.length)
  // The origin of this test does what the log says, or the comparison is worth nothing.
  const asLogged = log.requests.filter((line, i) => own[i].status === line.status).length
  assert.ok(asLogged / log.requests.length > 0.99, `${asLogged} answered with the status of the log`)

  origin.answered = 0
  origin.bytes = 0
  const wrong: string[] = []
  const from = performance.now()
  await replay(polder.url, (answer, index) => {
    const { method, target, version } = log.requests[index]
    for (const difference of differences(own[index], answer)) wrong.push(`${method} ${target} ${version}: ${difference}`)
  })
  const seconds = (performance.now() - from) / 1_000
  assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} differences`)

  const hitShare = 1 - origin.answered / before.requests
  const bytesShare = 1 - origin.bytes / before.bytes
  process.stdout.write(
    `real log: ${before.requests} requests for ${origin.addresses} addresses in ${seconds.toFixed(1)} s (four days in the log, so little grew stale); ` +
      `at the origin ${before.requests} before, ${origin.answered} behind Polder; hit ratio ${(hitShare * 100).toFixed(1)} %, of bytes ${(bytesShare * 100).toFixed(1)} %\n`,
  )
  // Each of the addresses has to be asked for once; what is left over are ranges, conditions, POST and short-lived 404s.
  assert.ok(hitShare > 0.8, `hit ratio ${hitShare}`)
  assert.ok(origin.answered >= origin.addresses * 0.9, 'the origin was asked for every address')
  assert.equal(await metric(polder.shield.adminUrl, 'polder_requests_ended_total{reason="shield-error"}'), 0)
})
