import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Glob } from './glob.ts'

test('a pattern without a star matches only itself', () => {
  assert.ok(new Glob('/blocked').matches('/blocked'))
  assert.ok(!new Glob('/blocked').matches('/blocked/'))
  assert.ok(!new Glob('/blocked').matches('/x/blocked'))
})

test('a star stands for any characters, slashes too', () => {
  assert.ok(new Glob('/news/*').matches('/news/2026/11/vote'))
  assert.ok(new Glob('*.pdf').matches('/documents/1.pdf'))
  assert.ok(!new Glob('*.pdf').matches('/documents/1.pdf.html'))
  assert.ok(new Glob('/a*b*c').matches('/axxbyyc'))
  assert.ok(!new Glob('/a*b*c').matches('/axxcyyb'))
})

test('head and tail of a pattern never share a character of the text', () => {
  assert.ok(!new Glob('aba*aba').matches('ababa'.slice(0, 4)))
  assert.ok(!new Glob('ab*ba').matches('aba'))
})

test('matching agrees with the same pattern as a regular expression, for any text', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 12 })
  const plain = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 16 })
  fc.assert(
    fc.property(letters, plain, (pattern, text) => {
      const expected = new RegExp(`^${pattern.replaceAll('/', '\\/').replaceAll('*', '.*')}$`, 's').test(text)
      assert.equal(new Glob(pattern).matches(text), expected)
    }),
  )
})
