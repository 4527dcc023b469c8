import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type MonotonicMs, SimulatedClock } from '../../kernel/clock.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { Request, type ClientAddress, type Reply } from '../request.ts'
import { AccessLog } from './access-log.ts'
import { AddressWriter } from './address-writer.ts'
import { accessLogOptions } from './options.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-log-'))
after(() => rmSync(folder, { recursive: true }))
const client: ClientAddress = { family: 4, text: '192.0.2.77', high: 0xc000024d, low: 0, key: 1 }

function ended(target: string, headers: string[] = []): Request {
  const request = new Request('GET', target, 'a.example', 'http', 11, headers, client, null, null, null as unknown as Reply, 0 as MonotonicMs, '')
  request.status = 200
  request.bytesSent = 12
  return request
}

function open(name: string, more: object): { log: AccessLog; clock: SimulatedClock; path: string } {
  const path = join(folder, name)
  const clock = new SimulatedClock(Date.UTC(2026, 10, 23, 20, 14, 5))
  const settings = { ...defaultsOf(accessLogOptions), format: 'combined' as const, file: path, ...more }
  return { log: new AccessLog(settings, clock, new SeededRandom(1), () => {}), clock, path }
}

test('a combined line can be read by every log tool, with the address shortened', async () => {
  const { log, path } = open('a.log', {})
  log.write(ended('/news?id=1', ['user-agent', 'Firefox']))
  await log.close()
  assert.equal(readFileSync(path, 'utf8'), '192.0.2.0 - - [23/Nov/2026:20:14:05 +0000] "GET /news?id=1 HTTP/1.1" 200 12 "-" "Firefox"\n')
})

test('no header can end its field or begin a new line', async () => {
  const { log, path } = open('b.log', {})
  log.write(ended('/', ['user-agent', 'x" 200 1\\\t\u0085y']))
  await log.close()
  assert.match(readFileSync(path, 'utf8'), /"x\\x22 200 1\\x5C\\x09\\x85y"\n$/)
})

test('under a flood the log is a sample that says what each line stands for', async () => {
  const { log, clock, path } = open('c.log', { format: 'json', sampleAbovePerSecond: 100 })
  for (let second = 0; second < 5; second++) {
    for (let i = 0; i < 5_000; i++) log.write(ended('/'))
    clock.advanceMs(1_000)
  }
  await log.close()
  const lines = readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { standsFor: number })
  assert.ok(lines.length < 900, String(lines.length))
  assert.ok(lines.length > 300)
  assert.equal(lines.at(-1)!.standsFor, 50)
})

/** The system opens and writes files behind us: looks again until it has. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

test('after logrotate moved the file, reopening continues in a new one and loses nothing', async () => {
  const { log, path } = open('d.log', {})
  log.write(ended('/before'))
  log.flush()
  await until(() => existsSync(path) && readFileSync(path, 'utf8').includes('/before'))
  renameSync(path, `${path}.1`)
  log.write(ended('/between'))
  log.reopen()
  log.write(ended('/after'))
  await log.close()
  const read = (): string => readFileSync(`${path}.1`, 'utf8') + (existsSync(path) ? readFileSync(path, 'utf8') : '')
  await until(() => read().includes('/between'))
  const all = read()
  for (const word of ['/before', '/between', '/after']) assert.match(all, new RegExp(word))
})

test('a hashed address is the same within a day and another the next day', () => {
  const writer = new AddressWriter()
  const today = writer.write(client, 'hashed', 0)
  assert.equal(writer.write(client, 'hashed', 86_399_999), today)
  assert.notEqual(writer.write(client, 'hashed', 86_400_000), today)
  assert.doesNotMatch(today, /192/)
})

test('a file that cannot be written is tried again, and only the lines in between are lost', async () => {
  const folderThatComes = join(folder, 'comes-later')
  const path = join(folderThatComes, 'access.log')
  const clock = new SimulatedClock(Date.UTC(2026, 10, 23, 20, 14, 5))
  const said: string[] = []
  const trouble = Promise.withResolvers<void>()
  const log = new AccessLog({ ...defaultsOf(accessLogOptions), format: 'combined', file: path }, clock, new SeededRandom(1), (message) => {
    said.push(message)
    trouble.resolve()
  })
  await trouble.promise
  log.write(ended('/lost'))
  mkdirSync(folderThatComes)
  clock.advanceMs(29_999)
  log.flush()
  log.write(ended('/lost-too'))
  clock.advanceMs(1)
  log.flush()
  log.write(ended('/kept'))
  await log.close()
  assert.match(readFileSync(path, 'utf8'), /^[^\n]*"GET \/kept [^\n]*\n$/)
  assert.equal(said.length, 1)
  assert.equal(log.dropped, 2)
})
