import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type BenchCommand, UsageError, helpOf, readFlags } from './command-line.ts'

const command: BenchCommand = {
  description: 'For tests.',
  flags: {
    runs: { kind: 'number', min: 1, max: 9, default: 3, sentence: 'runs' },
    only: { kind: 'names', choices: ['a', 'b', 'c'], sentence: 'which' },
    ref: { kind: 'text', default: '', sentence: 'ref' },
    json: { kind: 'switch', sentence: 'json' },
  },
  run: () => Promise.resolve(0),
}

test('defaults hold when nothing is given', () => {
  const flags = readFlags(command, [])
  assert.equal(flags.number('runs'), 3)
  assert.deepEqual(flags.names('only'), ['a', 'b', 'c'])
  assert.equal(flags.isOn('json'), false)
  assert.equal(flags.wasGiven('only'), false)
})

test('names keep the order of the table, and are remembered as given', () => {
  const flags = readFlags(command, ['--only', 'c, a', '--runs=2', '--json'])
  assert.deepEqual(flags.names('only'), ['a', 'c'])
  assert.equal(flags.number('runs'), 2)
  assert.ok(flags.isOn('json'))
  assert.ok(flags.wasGiven('only'))
})

for (const wrong of [['--runs', '0'], ['--runs', 'many'], ['--runs', ''], ['--only', 'd'], ['--host', 'example.org'], ['word']]) {
  test(`${wrong.join(' ')} is refused in words`, () => {
    assert.throws(() => readFlags(command, wrong), UsageError)
  })
}

test('the help names every option with its bounds', () => {
  const help = helpOf('x', command)
  for (const part of ['--runs N', '1 to 9', 'default 3', 'of: a, b, c', '--json']) assert.ok(help.includes(part), part)
})

test('no file under bench names another address than loopback', () => {
  const stray: string[] = []
  for (const file of globSync('**/*.{ts,lua}', { cwd: import.meta.dirname })) {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8')
    // A URL or an address to connect to: anything after a scheme, or after `host:`. `origin` is the name of nginx's own upstream block.
    for (const [, host] of text.matchAll(/\bhttps?:\/\/([\w.$-]+)/g)) {
      if (!/^(127\.|localhost$|origin$|\$|www\.w3\.org$)/.test(host)) stray.push(`${file}: ${host}`)
    }
    for (const [, host] of text.matchAll(/\bhost: '([^']+)'/g)) if (!host.startsWith('127.')) stray.push(`${file}: ${host}`)
  }
  assert.deepEqual(stray, [])
})
