import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { reasons } from '../src/contract/reason.ts'
import { edgeOptions } from '../src/dataplane/edge/options.ts'
import { statusOf } from '../src/dataplane/pages/refusal-page.ts'

const manual = readFileSync(join(import.meta.dirname, '../docs/operator/errors.md'), 'utf8')
const rows = new Map([...manual.matchAll(/^\| `([a-z0-9-]+)` \|([^|]*)\|/gm)].map((row) => [row[1], row[2].trim()]))

test('every reason code stands in the operator’s manual, and nothing else does', () => {
  assert.deepEqual([...rows.keys()].sort(), [...reasons].sort())
})

test('the status in the manual is the status that is sent', () => {
  for (const reason of reasons) {
    const said = rows.get(reason)!
    if (!/^\d{3}$/.test(said) || reason.startsWith('served-') || reason === 'challenge-passed') continue
    const sent = statusOf(reason)
    // 500 stands for: the edge refuses before there is a request, with its own status.
    if (sent !== 500 || reason === 'shield-error') assert.equal(sent, Number(said), reason)
  }
})

test('settings that the manual names exist', () => {
  for (const [, name] of manual.matchAll(/`edge\.([A-Za-z0-9]+)`/g)) assert.ok(name in edgeOptions, `edge.${name}`)
})
