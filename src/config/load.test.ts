import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { WallMs } from '../kernel/clock.ts'
import { defaultsOf } from '../kernel/option.ts'
import { loadSettings, parseInheritedSockets, readEnvironment, settingsFileOf, settingsFrom } from './load.ts'
import { sectionNames, sectionTables } from './tables.ts'
import { MAX_FILE_BYTES } from './yaml-source.ts'

const now = 1_800_000_000_000 as WallMs
const bare = readEnvironment({})
const read = (text: string | Uint8Array) => settingsFrom(typeof text === 'string' ? Buffer.from(text) : text, '/srv/site/polder.yaml', bare, now, 'polder.yaml')

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'polder-config-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('two lines are enough, and everything else has its default', () => {
  const { settings, problems } = read('listen: 127.0.0.1:8080\norigin: http://127.0.0.1:8090\n')
  assert.deepEqual(problems, [])
  assert.ok(settings)
  for (const name of sectionNames) assert.deepEqual({ ...settings[name] }, { ...defaultsOf(sectionTables[name]), ...(name === 'origin' ? { upstreams: ['http://127.0.0.1:8090'] } : {}) })
  assert.deepEqual(settings.admin.listen, { text: '127.0.0.1:8081', host: '127.0.0.1', port: 8081 })
  assert.equal(settings.workers, 'auto')
  assert.equal(settings.dataDir, '/srv/site/polder-data')
})

test('settings are frozen to the last value and can be sent to a worker', () => {
  const { settings } = read('listen: [127.0.0.1:8080, {address: ":8443", tls: true}]\norigin: {upstreams: [http://127.0.0.1:8090]}\nrules: [{path: /a, action: block}]\nroutes: [{path: /a, cache: {queryKeys: [q], dropUnknownQueryKeys: true}}]\nhosts: [a.example]\ntrustedProxies: [10.0.0.0/8]\n')
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    assert.ok(Object.isFrozen(value), `${path} is frozen`)
    for (const [key, item] of Object.entries(value)) walk(item, `${path}.${key}`)
  }
  walk(settings, 'settings')
  assert.deepEqual(structuredClone(settings), settings)
  assert.deepEqual(settings?.edge.trustedProxies, ['10.0.0.0/8'])
})

test('the environment names the file, the state folder and the inherited sockets', () => {
  const environment = readEnvironment({ POLDER_CONFIG: '/srv/a.yaml', STATE_DIRECTORY: '/var/lib/polder:/var/lib/other', NO_COLOR: '1', NOTIFY_SOCKET: '/run/n', POLDER_INHERITED_FDS: 'http:3,10,11;1:4,12' })
  assert.equal(settingsFileOf(null, environment), '/srv/a.yaml')
  assert.equal(settingsFileOf('/b.yaml', environment), '/b.yaml')
  assert.equal(environment.stateDirectory, '/var/lib/polder')
  assert.equal(environment.noColor, true)
  assert.deepEqual(environment.inheritedSockets, [{ name: 'http', fds: [3, 10, 11] }, { name: '1', fds: [4, 12] }])
  assert.equal(readEnvironment({ NO_COLOR: '' }).noColor, false, 'an empty NO_COLOR means nothing (no-color.org)')
  assert.deepEqual(parseInheritedSockets('a:b;:3;x:3,;'), [])
})

test('a file that is not there, a folder and a huge file are refused without being read', (t) => {
  const folder = folderOf(t)
  const huge = join(folder, 'huge.yaml')
  writeFileSync(huge, Buffer.alloc(MAX_FILE_BYTES + 1, 32))
  const codeOf = (file: string) => loadSettings(file, bare, now).problems.map((problem) => problem.code)
  assert.deepEqual(codeOf(join(folder, 'none.yaml')), ['file-not-found'])
  assert.deepEqual(codeOf(folder), ['file-unreadable'])
  assert.deepEqual(codeOf(huge), ['file-too-large'])
  assert.deepEqual(read(Buffer.alloc(MAX_FILE_BYTES + 1, 32)).problems.map((problem) => problem.code), ['file-too-large'])
})

test('one mistake hides no other: each of many is reported, on its own line', () => {
  const sections = sectionNames.filter((name) => name !== 'origin')
  const lines = ['listen: nonsense', 'origin: nonsense', 'workers: nonsense', 'hosts: [":"]', 'trustedProxies: [nonsense]', 'rules: [{path: x, action: block}]', 'routes: [{path: x}]', 'admin: {listen: nonsense}', ...sections.map((name) => `${name}: {nonsense: 1}`)]
  const { problems } = read(lines.join('\n'))
  assert.deepEqual([...new Set(problems.map((problem) => problem.line))].toSorted((a, b) => a - b), lines.map((_, i) => i + 1))
})

test('a file with thousands of mistakes is answered with a hundred, and their number', () => {
  const { problems, problemCount } = read(`listen: 127.0.0.1:8080\norigin: http://127.0.0.1:8090\nrules:\n${'  - {path: x, action: block}\n'.repeat(5_000)}`)
  assert.equal(problems.length, 100)
  assert.equal(problemCount, 5_000)
})

const whole = `listen:
  - 127.0.0.1:8080
  - {address: ":8443", tls: {certificates: [{cert: a.pem, key: a.key, hosts: [a.example]}]}}
origin: {upstreams: [http://127.0.0.1:8090, {url: http://127.0.0.1:8091, weight: 2}], retryShare: 5%}
hosts: ["*.a.example"]
trustedProxies: [10.0.0.0/8]
rules: [{path: /blocked, method: GET, prefixes: [192.0.2.0/24], action: block, expires: 2126-12-01T18:00:00Z}]
routes: [{path: "/s*", class: search, cache: {queryKeys: [q], dropUnknownQueryKeys: true}, timeoutMs: 5s}]
edge: {headerDeadlineMs: 8s}
cache: &c {memoryBytes: 1GiB}
log: {format: json}
workers: 2
`

test('whatever happens to a file, loading it gives settings or errors, and never throws', () => {
  const piece = fc.constantFrom('\t', '\n', ': ', '- ', '"', "'", '[', ']', '{', '}', '*c', '&c ', '!!int ', '#', '|', '>', '? ', '<<: ', '%YAML 1.1\n', '---\n', '...\n', '\u0000', '\uFEFF', '~', 'null', '-1', '1e999', '.nan', '0x', '__proto__: 1\n', '\\', '9'.repeat(400))
  const edit = fc.record({ at: fc.nat(whole.length), cut: fc.nat(12), put: fc.oneof(piece, fc.string({ maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 3 })) })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let text = whole
      for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut)
      const { settings, problems } = read(text)
      assert.equal(settings === null, problems.some((problem) => problem.severity === 'error'))
      const lines = text.split('\n').length + 1
      for (const problem of problems) {
        assert.ok(problem.line >= 0 && problem.line <= lines)
        assert.ok(problem.message.length > 0)
      }
    }),
    { numRuns: 400 },
  )
})

test('arbitrary bytes, and arbitrary values in the place of any setting, never make it throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void read(bytes)), { numRuns: 200 })
  const keys = ['listen', 'origin', 'hosts', 'trustedProxies', 'rules', 'routes', 'admin', 'workers', 'dataDir', ...sectionNames]
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 4 })), (value) => {
      const { settings, problems } = read(JSON.stringify(value))
      assert.equal(settings === null, problems.some((problem) => problem.severity === 'error'))
    }),
    { numRuns: 300 },
  )
})

test('a large file of many keys or deep brackets is answered quickly', { timeout: 20_000 }, () => {
  const many = Array.from({ length: 30_000 }, (_, i) => `k${i}: 1`).join('\n')
  assert.equal(read(many).settings, null)
  assert.equal(read('['.repeat(100_000)).settings, null)
  assert.equal(read('- '.repeat(50_000)).settings, null)
  assert.equal(read('a: '.repeat(30_000)).settings, null)
})
