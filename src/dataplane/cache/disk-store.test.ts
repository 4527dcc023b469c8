import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { SimulatedClock } from '../../kernel/clock.ts'
import type { MonotonicMs, WallMs } from '../../kernel/clock.ts'
import { CacheRig } from './cache.testing.ts'
import { DiskStore } from './disk-store.ts'
import type { DiskEvent } from './disk-store.ts'
import { sampleResponse } from './sample-response.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'polder-disk-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function open(path: string, events: DiskEvent[] = [], maxBytes = 64 * 1_048_576): DiskStore {
  return new DiskStore({ path, maxBytes, hashKey: 1, wallMs: () => 1_700_000_000_000 as WallMs, log: (event) => events.push(event) })
}

const at = (ms: number): MonotonicMs => ms as MonotonicMs
const text = (body: Uint8Array): string => Buffer.from(body).toString('latin1')

test('what was written is read back whole, by another process', (t) => {
  const path = join(folder(t), 'store')
  const store = open(path)
  const written = sampleResponse('http://example.org/', 'hello', { lastModifiedMs: NaN, varyNames: ['foo'], varyKey: '1\n' })
  store.put(written)
  store.close()
  const [read] = open(path).get('http://example.org/')
  assert.equal(text(read.body), 'hello')
  assert.ok(read.body.buffer instanceof SharedArrayBuffer)
  assert.deepEqual({ ...read, id: 0, hash: 0, body: null }, { ...written, id: 0, hash: 0, body: null })
})

test('the file and what SQLite writes beside it are for us alone, also when an earlier version left it open to read', (t) => {
  const path = join(folder(t), 'store')
  writeFileSync(path, '', { mode: 0o644 })
  const store = open(path)
  store.put(sampleResponse('http://example.org/', 'hello'))
  for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal(statSync(file).mode & 0o777, 0o600, file)
  store.close()
})

test('variants of one address are rows of their own; the newest of each stays', (t) => {
  const store = open(join(folder(t), 'store'))
  store.put(sampleResponse('k', 'gzip 1', { varyNames: ['accept-encoding'], varyKey: 'gzip\n' }))
  store.flush()
  store.put(sampleResponse('k', 'gzip 2', { varyNames: ['accept-encoding'], varyKey: 'gzip\n' }))
  store.put(sampleResponse('k', 'plain', { varyNames: ['accept-encoding'], varyKey: 'identity\n' }))
  assert.deepEqual(store.get('k').map(({ body }) => text(body)).sort(), ['gzip 2', 'plain'])
  store.close()
})

test('writes are gathered for a second', (t) => {
  const store = open(join(folder(t), 'store'))
  store.put(sampleResponse('a', 'a'))
  store.tick(at(0))
  assert.equal(store.counts.written, 1)
  store.put(sampleResponse('b', 'b'))
  store.tick(at(999))
  assert.equal(store.counts.written, 1)
  store.tick(at(1_000))
  assert.equal(store.counts.written, 2)
  store.close()
})

test('a row that was changed behind our back is dropped and told, never served', (t) => {
  const path = join(folder(t), 'store')
  const store = open(path)
  for (const key of ['a', 'b', 'c']) store.put(sampleResponse(key, `body of ${key}`))
  store.close()
  const raw = new DatabaseSync(path)
  raw.exec("UPDATE copy SET body = x'00' WHERE key = 'a'; UPDATE copy SET meta = replace(meta, 'text/html', 'text/evil') WHERE key = 'b'")
  raw.close()
  const events: DiskEvent[] = []
  const again = open(path, events)
  assert.deepEqual(again.get('a'), [])
  assert.deepEqual(again.get('b'), [])
  assert.equal(text(again.get('c')[0].body), 'body of c')
  assert.deepEqual(events, ['disk-store-row-dropped', 'disk-store-row-dropped'])
  again.close()
})

test('a file that is no database, or a torn one, is moved aside and a new one begun', (t) => {
  for (const damage of ['garbage', 'torn', 'header'] as const) {
    const path = join(folder(t), 'store')
    if (damage === 'garbage') writeFileSync(path, 'this is not a database, by far'.repeat(1_000))
    else {
      const store = open(path)
      for (let i = 0; i < 200; i++) store.put(sampleResponse(`key ${i}`, 'x'.repeat(5_000)))
      store.close()
      const file = openSync(path, 'r+')
      // Whole pages of nonsense, as a disk that lied about its writes leaves them.
      if (damage === 'header') writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, 0)
      else for (let page = 1; page < 60; page++) writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, page * 4_096)
      closeSync(file)
    }
    const events: DiskEvent[] = []
    const store = open(path, events)
    store.put(sampleResponse('new', 'works'))
    assert.equal(text(store.get('new')[0].body), 'works', damage)
    assert.deepEqual(events, ['disk-store-begun-anew'], damage)
    assert.ok(readdirSync(join(path, '..')).some((name) => name.includes('.broken-')))
    store.close()
  }
})

test('a file of another schema version is begun anew', (t) => {
  const path = join(folder(t), 'store')
  const old = new DatabaseSync(path)
  old.exec('CREATE TABLE copy (other TEXT); PRAGMA user_version = 999')
  old.close()
  const store = open(path)
  store.put(sampleResponse('a', 'a'))
  assert.equal(store.get('a').length, 1)
  store.close()
})

test('the file stays within its bound: the oldest copies give way', (t) => {
  const path = join(folder(t), 'store')
  const maxBytes = 2 * 1_048_576
  const store = open(path, [], maxBytes)
  for (let i = 0; i < 600; i++) {
    store.put(sampleResponse(`key ${i}`, 'x'.repeat(10_000), { storedAtWallMs: 1_700_000_000_000 + i }))
    if (i % 10 === 9) assert.ok(store.flush(), `batch at ${i}`)
  }
  store.close()
  assert.ok(statSync(path).size <= maxBytes, `${statSync(path).size} bytes`)
  const again = open(path, [], maxBytes)
  assert.equal(again.get('key 599').length, 1)
  assert.equal(again.get('key 0').length, 0)
  again.close()
})

test('a full disk: writing is suspended and tried again with longer pauses, reading and serving go on, and it resumes by itself', async (t) => {
  const mount = mkdtempSync(join(tmpdir(), 'polder-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]).status === 0
  t.after(() => {
    if (mounted) spawnSync('umount', [mount])
    rmSync(mount, { recursive: true, force: true })
  })
  assert.ok(mounted, 'this test mounts a tmpfs of 1 MiB: run it as root')
  const path = join(mount, 'store')
  const events: DiskEvent[] = []
  const store = open(path, events)
  const clock = new SimulatedClock()
  const rig = new CacheRig(({ target }) => ({ status: 200, headers: ['cache-control', 'max-age=600'], body: `${target} ${'x'.repeat(20_000)}` }), { disk: store, clock })
  await rig.ask('/first')
  rig.advanceMs(1_000)
  writeFileSync(join(mount, 'hog'), Buffer.alloc(1_048_576 - statSync(path).size - 300_000))
  for (let i = 0; i < 100; i++) {
    assert.equal((await rig.ask(`/${i}`)).status, 200)
    rig.advanceMs(500)
  }
  assert.ok(events.includes('disk-store-suspended'))
  assert.equal(events.filter((event) => event === 'disk-store-suspended').length, 1, 'told once')
  assert.ok(store.counts.failedBatches >= 1 && store.counts.failedBatches < 20, `${store.counts.failedBatches} attempts`)
  assert.equal(store.get('http://example.org/first').length, 1)
  rmSync(join(mount, 'hog'))
  // Now only the file's own growth is in the way: copies waiting are more than fit, so the oldest go.
  for (let i = 0; i < 70 && !events.includes('disk-store-resumed'); i++) rig.advanceMs(1_000)
  store.purge('http://example.org/')
  await rig.ask('/after')
  for (let i = 0; i < 70 && !events.includes('disk-store-resumed'); i++) rig.advanceMs(1_000)
  assert.ok(events.includes('disk-store-resumed'), events.join())
  store.close()
})

/** Writes copies for ever, until it is killed. */
const WRITER = `
  const [folder, path] = process.argv.slice(1)
  const { DiskStore } = await import(folder + '/disk-store.ts')
  const { sampleResponse } = await import(folder + '/sample-response.ts')
  const store = new DiskStore({ path, maxBytes: 8 * 1_048_576, hashKey: 1, wallMs: () => 1_700_000_000_000, log: () => {} })
  process.stdout.write('ready')
  for (let i = 0; ; i++) {
    store.put(sampleResponse('http://example.org/' + (i % 300), (i + ' ').repeat(1 + (i * 7_919) % 4_000)))
    if (i % 20 === 0) store.flush()
  }`

test('killed with -9 at any moment: the file opens, and every row that can be read is whole', async (t) => {
  const path = join(folder(t), 'store')
  let rows = 0
  for (let round = 0; round < 6; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, import.meta.dirname, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    await new Promise((resolve) => setTimeout(resolve, 30 + round * 37))
    child.kill('SIGKILL')
    await once(child, 'exit')
    const events: DiskEvent[] = []
    const store = open(path, events, 8 * 1_048_576)
    rows = 0
    for (const response of store.warmStart(64 * 1_048_576)) {
      rows++
      const [number] = text(response.body).split(' ')
      assert.equal(text(response.body), `${number} `.repeat(1 + (Number(number) * 7_919) % 4_000))
      assert.equal(response.key, `http://example.org/${Number(number) % 300}`)
    }
    assert.deepEqual(events, [])
    assert.equal(store.counts.droppedRows, 0)
    store.close()
  }
  assert.ok(rows > 20, `${rows} rows`)
})

test('a restarted process serves what it knew before, while the origin is down', async (t) => {
  const path = join(folder(t), 'store')
  const clock = new SimulatedClock()
  const before = open(path)
  const first = new CacheRig(() => ({ status: 200, headers: ['cache-control', 'max-age=60'], body: 'home' }), { disk: before, clock })
  await first.ask('/')
  await first.ask('/personal', { headers: ['cookie', 'sid=ann'] })
  first.advanceMs(1_000)
  first.keeper.close()
  clock.advanceMs(600_000)
  const after = open(path)
  const second = new CacheRig(() => Promise.reject(new Error('down')), { disk: after, clock, workers: 2 })
  assert.equal(second.keeper.warmStart(64 * 1_048_576), 1)
  const shown = await second.ask('/', { worker: 1 })
  assert.equal(shown.text, 'home')
  assert.match(shown.cacheStatus, /detail=origin-error/)
  after.close()
})

test('a copy that memory gave up is recalled from disk when the origin fails', async (t) => {
  const store = open(join(folder(t), 'store'))
  const rig = new CacheRig(({ target }) => ({ status: 200, headers: ['cache-control', 'max-age=60', 'vary', 'accept-encoding'], body: `${target}${'x'.repeat(50_000)}` }), { disk: store, memoryBytes: 1_048_576 })
  for (let i = 0; i < 100; i++) await rig.ask(`/${i}`, { headers: ['accept-encoding', 'gzip'] })
  rig.advanceMs(1_000)
  rig.origin = () => Promise.reject(new Error('down'))
  const shown = await rig.ask('/0', { headers: ['accept-encoding', 'gzip'] })
  assert.ok(shown.text.startsWith('/0x'))
  const other = rig.ask('/1', { headers: ['accept-encoding', 'br'] })
  await new Promise((resolve) => setImmediate(resolve))
  rig.advanceMs(300)
  assert.equal((await other).status, 502, 'another variant is not shown')
  store.close()
})

test('after an invalidation the copy on disk is not fresh any more, also after a restart', async (t) => {
  const path = join(folder(t), 'store')
  const clock = new SimulatedClock()
  const store = open(path)
  const rig = new CacheRig(({ method }) => ({ status: 200, headers: method === 'POST' ? [] : ['cache-control', 'max-age=600'], body: 'old' }), { disk: store, clock })
  await rig.ask('/')
  await rig.ask('/', { method: 'POST', body: true })
  rig.keeper.close()
  const again = open(path)
  const next = new CacheRig(() => ({ status: 200, headers: ['cache-control', 'max-age=600'], body: 'new' }), { disk: again, clock })
  next.keeper.warmStart(1_048_576)
  assert.equal((await next.ask('/')).text, 'new')
  again.close()
})

test('purge reaches the disk, also what still waits to be written', (t) => {
  const store = open(join(folder(t), 'store'))
  store.put(sampleResponse('http://a/news/1', 'x'))
  store.flush()
  store.put(sampleResponse('http://a/news/2', 'x'))
  store.put(sampleResponse('http://a/about', 'x'))
  store.purge('http://a/news/')
  assert.deepEqual(['http://a/news/1', 'http://a/news/2', 'http://a/about'].map((key) => store.get(key).length), [0, 0, 1])
  store.close()
})

test('a folder that cannot be written is an error at start, not a crash later', (t) => {
  const path = join(folder(t), 'missing', 'store')
  assert.throws(() => open(path))
  assert.ok(!existsSync(path))
  mkdirSync(join(path, '..'))
  open(path).close()
})

test('a file that cannot be opened now is left as it is: only damage gives it up', (t) => {
  const path = join(folder(t), 'store')
  const before = open(path)
  before.put(sampleResponse('kept', 'still here'))
  before.close()
  const holder = new DatabaseSync(path)
  holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  assert.throws(() => open(path), /locked/)
  holder.close()
  const events: DiskEvent[] = []
  const again = open(path, events)
  assert.equal(text(again.get('kept')[0].body), 'still here')
  assert.deepEqual(events, [])
  again.close()
})
