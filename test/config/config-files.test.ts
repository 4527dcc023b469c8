/** Every file under good/ is accepted, every file under bad/ refused, and each says exactly what stands in the .txt beside it (renew with --test-update-snapshots). */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { loadSettings, readEnvironment } from '../../src/config/load.ts'
import { problemText } from '../../src/surfaces/cli/problem-text.ts'
import { settingsProblemCodes } from '../../src/contract/settings-problem.ts'
import type { WallMs } from '../../src/kernel/clock.ts'

const folder = import.meta.dirname
const nowWallMs = Date.parse('2027-01-01T00:00:00Z') as WallMs
const environment = readEnvironment({ STATE_DIRECTORY: '/var/lib/polder' })
const load = (kind: string, name: string) => loadSettings(join(folder, kind, name), environment, nowWallMs, name)
const namesIn = (kind: string) => readdirSync(join(folder, kind)).filter((name) => name.endsWith('.yaml'))
const plain = (text: string) => text.replaceAll(resolve(folder), '.')
const snapshot = { serializers: [(text: string) => text] }

for (const name of namesIn('good')) {
  test(`good/${name} is accepted`, (t) => {
    const { settings, problems, effective } = load('good', name)
    assert.deepEqual(problems.filter((problem) => problem.severity === 'error'), [])
    assert.ok(settings)
    assert.deepEqual(structuredClone(settings), settings)
    const said = effective.filter((row) => !row.from.startsWith('default')).map((row) => `${row.path} = ${row.value}  (${row.from}, ${row.applies})\n`)
    const warned = problems.map((problem) => problemText(problem, 'off'))
    t.assert.fileSnapshot(plain([...said, ...warned].join('')), join(folder, 'good', name.replace('.yaml', '.txt')), snapshot)
  })
}

for (const name of namesIn('bad')) {
  test(`bad/${name} is refused`, (t) => {
    const { settings, problems } = load('bad', name)
    assert.equal(settings, null)
    assert.ok(problems.some((problem) => problem.severity === 'error'))
    t.assert.fileSnapshot(plain(problems.map((problem) => problemText(problem, 'off')).join('')), join(folder, 'bad', name.replace('.yaml', '.txt')), snapshot)
  })
}

test('every example is accepted', () => {
  const examples = readdirSync(join(folder, '../../examples')).filter((name) => name.endsWith('.yaml'))
  assert.ok(examples.includes('polder.yaml') && examples.includes('alerts.yaml'))
  for (const name of examples) assert.deepEqual(load('../../examples', name).problems.filter((problem) => problem.severity === 'error'), [], name)
})

test('no message repeats a password', () => {
  for (const name of namesIn('bad')) assert.doesNotMatch(readFileSync(join(folder, 'bad', name.replace('.yaml', '.txt')), 'utf8'), /secret(?!File|Environment)|hidden-/)
})

test('every problem code but those about the file itself is shown by an example', () => {
  const shown = new Set([...namesIn('good').map((name) => ['good', name]), ...namesIn('bad').map((name) => ['bad', name])].flatMap(([kind, name]) => load(kind!, name!).problems.map((problem) => problem.code)))
  const elsewhere: ReadonlySet<string> = new Set(['file-not-found', 'file-too-large'])
  assert.deepEqual(settingsProblemCodes.filter((code) => !shown.has(code) && !elsewhere.has(code)), [])
})
