import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { settingsProblemCodes } from '../contract/settings-problem.ts'
import type { OptionTable } from '../kernel/option.ts'
import { formatRange } from './quantity.ts'
import { generatedFiles } from './manual.ts'
import { parseOption } from './option-leaf.ts'
import { Refusal } from './refusal.ts'
import { topLevelKeys } from './schema.ts'
import { sectionNames, sectionTables, writtenElsewhere } from './tables.ts'

const root = join(import.meta.dirname, '../..')

for (const { path, make } of generatedFiles) {
  test(`${path} is up to date (else run script/generate-docs)`, () => {
    assert.ok(readFileSync(join(root, path), 'utf8') === make(), `${path} differs from what the options tables say: run script/generate-docs`)
  })
}

test('the manual names every setting with its default, and every problem code', () => {
  const manual = readFileSync(join(root, 'docs/operator/settings.md'), 'utf8')
  for (const key of topLevelKeys) assert.ok(manual.includes(`\`${key}\``), key)
  for (const code of settingsProblemCodes) assert.ok(manual.includes(`\`${code}\``), code)
  for (const section of sectionNames) for (const key of Object.keys(sectionTables[section])) assert.ok(manual.includes(`\`${key}\``), `${section}.${key}`)
})

test('every option has a default that its own parser accepts, a real range, and a sentence', () => {
  for (const section of sectionNames) {
    for (const [key, option] of Object.entries(sectionTables[section] as OptionTable)) {
      const at = `${section}.${key}`
      const parsed = parseOption(option, option.default)
      assert.ok(!(parsed instanceof Refusal) || option.kind === 'text', `${at}: the default is refused`)
      assert.match(option.sentence, /^.{20,}[.!]$/s, `${at}: a whole sentence`)
      if ('min' in option) assert.ok(option.min < option.max, `${at}: ${formatRange(option)}`)
      const unit = { durationMs: /Ms$|MsPer/, bytes: /Bytes$/, share: /Share$/, perSecond: /PerSecond$/ }[option.kind as string]
      if (unit !== undefined) assert.match(key, unit, `${at}: the unit belongs into the name`)
    }
  }
})

test('what is written elsewhere in the file is an option that exists', () => {
  for (const path of Object.keys(writtenElsewhere)) {
    const [section, key] = path.split('.') as [keyof typeof sectionTables, string]
    assert.ok(key in sectionTables[section])
  }
})

test('the JSON Schema allows what the parser allows at the top, and nothing else', () => {
  const schema = JSON.parse(readFileSync(join(root, 'docs/polder.schema.json'), 'utf8')) as { properties: Record<string, { description?: string }>; required: string[]; additionalProperties: boolean }
  assert.deepEqual(Object.keys(schema.properties).toSorted(), [...topLevelKeys].toSorted())
  assert.deepEqual(schema.required, ['listen', 'origin'])
  assert.equal(schema.additionalProperties, false)
  for (const key of topLevelKeys) assert.ok(schema.properties[key]!.description, key)
})
