import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

/** `reply.onClose = (gone) => …`: V8 makes such a function in the old generation. */
const WRITTEN_AT_THE_FIELD = /\breply\.on[A-Z][A-Za-z]* = (async )?(function\b|[\w$]+ =>|\([^)]*\)[^=;]*=>)/

test('no listener of a reply is made in the old generation, where it would keep its whole request until the next whole collection', () => {
  assert.match('request.reply.onClose = (gone) => end(gone)', WRITTEN_AT_THE_FIELD)
  assert.match('reply.onDrain = (): void => end()', WRITTEN_AT_THE_FIELD)
  assert.doesNotMatch('request.reply.onClose = onClose', WRITTEN_AT_THE_FIELD)
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('.testing.ts'))
  assert.ok(files.includes('origin-fetch.ts'))
  const found = files.filter((name) => WRITTEN_AT_THE_FIELD.test(readFileSync(join(import.meta.dirname, name), 'utf8')))
  assert.deepEqual(found, [])
})
