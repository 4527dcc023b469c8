import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type RequestBody } from '../request.ts'
import { ask } from './challenge.testing.ts'
import { canBeHeld, type HeldForm, MOST_HELD_BYTES, readForm } from './held-form.ts'
import { fromSameSite, opensPage } from './what-asks.ts'

const line = fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replace(/[\r\n\0]/g, '')), { maxLength: 3 }).map((parts) => parts.join('\r\n'))

const urlencoded = 'application/x-www-form-urlencoded'

function read(type: string, body: Uint8Array): HeldForm | null {
  return readForm(ask('/contact', ['content-type', type], { method: 'POST' }), body)
}

test('what a browser sends is sent again byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(line.filter((name) => name !== '' && name !== '_charset_'), line), { maxLength: 10 }), (fields) => {
      const body = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString()
      const form = read(urlencoded, Buffer.from(body))
      assert.deepEqual(form, { multipart: false, fields })
      assert.equal(new URLSearchParams(form!.fields.map(([name, value]): [string, string] => [name, value!])).toString(), body)
    }),
  )
})

test('nothing makes the reading throw, and what could not be sent again unchanged is not kept', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (body) => void read(urlencoded, body)))
  for (const body of ['a=%E9', 'a=%zz', 'a=%', 'a=\u00e9', 'a=%00', 'a=1%0A2', 'a=1%0D2', '=1', '_charset_=x', 'a=1&'.repeat(501)]) assert.equal(read(urlencoded, Buffer.from(body, 'latin1')), null, body.slice(0, 20))
})

test('only a small form in UTF-8 is kept', () => {
  const held = (type: string, declaredBytes: number, more: readonly string[] = []): boolean => {
    const request = ask('/contact', ['content-type', type, ...more], { method: 'POST' })
    Object.defineProperty(request, 'body', { value: { declaredBytes } as RequestBody })
    return canBeHeld(request)
  }
  assert.ok(held('application/x-www-form-urlencoded', MOST_HELD_BYTES))
  assert.ok(held('application/x-www-form-urlencoded; charset=UTF-8', 10))
  assert.ok(!held('application/x-www-form-urlencoded', MOST_HELD_BYTES + 1))
  assert.ok(!held('application/x-www-form-urlencoded', -1), 'of unknown length')
  assert.ok(!held('application/x-www-form-urlencoded; charset=iso-8859-1', 10))
  assert.ok(!held('application/x-www-form-urlencoded', 10, ['content-encoding', 'gzip']))
  assert.ok(held('multipart/form-data; boundary=x', MOST_HELD_BYTES) && !held('multipart/form-data; boundary=x', MOST_HELD_BYTES + 1))
  assert.ok(!held('multipart/form-data', 10) && !held('multipart/mixed; boundary=x', 10) && !held('multipart/form-data; boundary=x', 10, ['content-encoding', 'gzip']))
  assert.ok(!held('application/json', 10))
})

test('a form of another site, or of nobody known, is not one of ours', () => {
  const same = (headers: readonly string[]): boolean => fromSameSite(ask('/contact', headers, { method: 'POST', scheme: 'https' }))
  assert.ok(same(['sec-fetch-site', 'same-origin']))
  assert.ok(!same(['sec-fetch-site', 'same-site']) && !same(['sec-fetch-site', 'cross-site', 'origin', 'https://a.example']))
  assert.ok(same(['origin', 'https://a.example']) && !same(['origin', 'http://a.example']) && !same(['origin', 'null']))
  assert.ok(same(['referer', 'https://a.example/contact']) && !same(['referer', 'https://a.example.evil.example/']))
  assert.ok(!same([]))
})

test('a page is opened by browsers old and new; scripts, parts of a page and tools do not open one', () => {
  const opens = (headers: readonly string[], method = 'GET'): boolean => opensPage(ask('/', headers, { method }))
  assert.ok(opens(['sec-fetch-dest', 'document']) && opens(['sec-fetch-dest', 'iframe']) && opens(['accept', 'text/html,*/*']) && opens(['accept', 'text/html'], 'POST'))
  assert.ok(!opens(['sec-fetch-dest', 'empty', 'accept', 'text/html']) && !opens(['sec-fetch-dest', 'image']) && !opens(['accept', '*/*']) && !opens([]))
  assert.ok(!opens(['accept', 'text/html', 'x-requested-with', 'XMLHttpRequest']) && !opens(['accept', 'text/html'], 'PUT'))
})
