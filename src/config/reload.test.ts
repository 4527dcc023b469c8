import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WallMs } from '../kernel/clock.ts'
import type { OptionTable } from '../kernel/option.ts'
import { readEnvironment, settingsFrom } from './load.ts'
import { diffSettings, planReload } from './reload.ts'
import type { Settings } from './settings.ts'
import { sectionNames, sectionTables, writtenElsewhere } from './tables.ts'

const base = 'listen: 127.0.0.1:8080\norigin: http://127.0.0.1:8090\n'

function settings(text: string): Settings {
  const read = settingsFrom(Buffer.from(text), '/srv/polder.yaml', readEnvironment({}), 1 as WallMs)
  assert.ok(read.settings, read.problems.map((problem) => problem.message).join())
  return read.settings
}

test('the same file changes nothing', () => {
  assert.deepEqual(planReload(settings(base), settings(`# a comment\n${base}`)), { kind: 'unchanged' })
})

test('a new rule acts at once', () => {
  const plan = planReload(settings(base), settings(`${base}rules: [{path: /a, action: block}]\n`))
  assert.equal(plan.kind, 'apply')
  assert.deepEqual(plan.kind === 'apply' && [plan.changed, plan.waiting, plan.settings.rules.length], [['rules'], [], 1])
})

test('a rule in a file that also changes what needs a restart acts at once; the rest keeps its old value and is named', () => {
  const before = settings(base)
  const plan = planReload(before, settings('listen: 127.0.0.1:9090\norigin: http://127.0.0.1:8090\nworkers: 7\ndataDir: /x\nadmin: {listen: off}\ncache: {memoryBytes: 1GiB, negativeMs: 3s}\nrules: [{path: /a, action: block}]\n'))
  assert.equal(plan.kind, 'apply')
  if (plan.kind !== 'apply') return
  assert.deepEqual(plan.changed, ['rules', 'cache.negativeMs'])
  assert.deepEqual(plan.waiting, ['listen', 'admin.listen', 'workers', 'dataDir', 'cache.memoryBytes'])
  assert.equal(plan.settings.cache.negativeMs, 3_000)
  assert.equal(plan.settings.cache.memoryBytes, before.cache.memoryBytes)
  assert.deepEqual(plan.settings.listen, before.listen)
  assert.equal(plan.settings.workers, 'auto')
  assert.ok(Object.isFrozen(plan.settings) && Object.isFrozen(plan.settings.cache))
})

test('only restart settings changed: nothing is applied and they are named', () => {
  assert.deepEqual(planReload(settings(base), settings(`${base}workers: 2\n`)), { kind: 'wait', waiting: ['workers'], reasons: [] })
})

test('a mixture that would refuse every visitor is not applied', () => {
  const before = settings('listen: {address: "127.0.0.1:8080", proxyProtocol: true}\norigin: http://127.0.0.1:8090\ntrustedProxies: [10.0.0.1]\n')
  const plan = planReload(before, settings(base))
  assert.equal(plan.kind, 'wait')
  assert.match(plan.kind === 'wait' ? plan.reasons.join() : '', /every visitor would be refused/)
})

test('a listener with other certificate files, or that begins to speak TLS, waits for a restart', () => {
  const files: Settings = { ...settings(base), listen: [{ address: { text: 'x', host: '::', port: 1 }, tls: { kind: 'files', certificates: [] }, proxyProtocol: false }] }
  const other: Settings = { ...files, listen: [{ ...files.listen[0]!, tls: { kind: 'files', certificates: [{ certFile: '/a', keyFile: '/b', hosts: [] }] } }] }
  const clear: Settings = { ...files, listen: [{ ...files.listen[0]!, tls: null }] }
  for (const [before, after] of [[files, other], [clear, other]] as const) assert.deepEqual(diffSettings(before, after), { live: [], restart: ['listen'] })
})

test('every option of every feature is noticed, as live or restart as its table says', () => {
  const before = settings(base)
  for (const section of sectionNames) {
    for (const [key, option] of Object.entries(sectionTables[section] as OptionTable)) {
      const after = { ...before, [section]: { ...before[section], [key]: 'something else' } } as Settings
      const path = writtenElsewhere[`${section}.${key}`] ?? `${section}.${key}`
      assert.deepEqual(diffSettings(before, after), option.applies === 'live' ? { live: [path], restart: [] } : { live: [], restart: [path] })
    }
  }
})
