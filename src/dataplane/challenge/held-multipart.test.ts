import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { boundaryOf, readParts } from './held-multipart.ts'

type Fields = ReadonlyArray<readonly [string, string | null]>

const B = '----WebKitFormBoundary7MA4YWxkTrZu0gW'
const part = (name: string, value: string): string => `--${B}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const read = (text: string): Fields | null => readParts(Buffer.from(text), B)
const end = `--${B}--\r\n`

const line = fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replace(/[\r\n\0]/g, '')), { maxLength: 3 }).map((parts) => parts.join('\r\n'))
/** As it travels: a quote and a line end in a name are written with a percent sign, and nothing else is. */
const name = line.map((text) => text.replaceAll('"', '%22').replaceAll('\r\n', '%0D%0A')).filter((text) => text !== '')
const field = fc.tuple(name, fc.option(line, { nil: null }))

/** The writer of the standard in Node, which is not ours. It leaves out the empty name of a file that was not chosen; browsers write it. */
async function written(fields: Fields): Promise<readonly [body: Buffer, type: string]> {
  const form = new FormData()
  for (const [key, value] of fields) {
    const decoded = key.replaceAll('%22', '"').replaceAll('%0D%0A', '\r\n')
    if (value === null) form.append(decoded, new File([], ''))
    else form.append(decoded, value)
  }
  const response = new Response(form)
  const text = Buffer.from(await response.arrayBuffer()).toString().replaceAll('"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n', '"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n')
  return [Buffer.from(text), response.headers.get('content-type')!]
}

test('fields written by another program come out as they went in: order, repeats, line ends, empty file fields', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(field, { maxLength: 10 }), async (fields) => {
      const [body, type] = await written(fields)
      assert.deepEqual(readParts(body, boundaryOf(type)!), fields)
    }),
  )
})

test('a whole form cut anywhere is not kept, and a changed byte never makes the reading throw', async () => {
  const [body, type] = await written([['name', 'Zoë'], ['file', null], ['message', 'a\r\nb']])
  const boundary = boundaryOf(type)!
  const whole = readParts(body, boundary)
  assert.equal(whole?.length, 3)
  // The last line end may be missing.
  for (let length = 0; length < body.length - 2; length++) assert.equal(readParts(body.subarray(0, length), boundary), null, `${length} bytes`)
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(body)
      changed[at] = byte
      const fields = readParts(changed, boundary)
      assert.ok(fields === null || fields.length <= 3)
    }),
    { numRuns: 2_000 },
  )
})

test('random bytes and random pieces of a form never make the reading throw', () => {
  const pieces = fc.constantFrom(`--${B}`, '--', '\r\n', '\r\n\r\n', 'Content-Disposition: form-data; name="a"', '; filename=""', 'Content-Type: application/octet-stream', 'x', '\0', '"')
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (body) => void readParts(body, B)))
  fc.assert(fc.property(fc.array(pieces, { maxLength: 30 }), (all) => void read(all.join(''))), { numRuns: 2_000 })
})

test('what is kept holds no boundary: a value cannot become a further field', () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 5 }), (fields) => {
      const text = fields.map(([key, value]) => part(key, value ?? '')).join('') + end
      for (const [key, value] of read(text) ?? []) assert.ok(!key.includes('"') && !`\r\n${value}`.includes(`\r\n--${B}`))
    }),
  )
})

const hostile: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'no end': part('a', '1'),
  'no end, and a part begun': `${part('a', '1')}--${B}\r\n`,
  'text before the first part': `hello\r\n${part('a', '1')}${end}`,
  'text behind the end': `${part('a', '1')}${end}more`,
  'a second form behind the end': `${part('a', '1')}${end}${part('b', '2')}${end}`,
  'a boundary that goes on': part('a', `1\r\n--${B}x\r\n`) + end,
  'bare line feeds': (part('a', '1') + end).replaceAll('\r\n', '\n'),
  'a part without a head': `--${B}\r\n\r\nvalue\r\n${end}`,
  'a part without a name': `--${B}\r\nContent-Disposition: form-data\r\n\r\n1\r\n${end}`,
  'an empty name': part('', '1') + end,
  'a huge name': part('a'.repeat(2_000), '1') + end,
  'two names': part('a"; name="b', '1') + end,
  'a quote behind a backslash': part('a\\"b', '1') + end,
  'a file': part('f"; filename="a.txt', 'content') + end,
  'a file with a type': `--${B}\r\nContent-Disposition: form-data; name="f"; filename="a"\r\nContent-Type: text/plain\r\n\r\nx\r\n${end}`,
  'content where no file was chosen': `--${B}\r\nContent-Disposition: form-data; name="f"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n${end}`,
  'a file name of the other kind': part("f\"; filename*=\"UTF-8''a", 'x') + end,
  'another charset': `--${B}\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n1\r\n${end}`,
  'a transfer encoding': `--${B}\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==\r\n${end}`,
  'a nested multipart': `--${B}\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n1\r\n--y--\r\n${end}`,
  'more fields than any form has': part('a', '1').repeat(501) + end,
}

for (const [what, text] of Object.entries(hostile)) {
  test(`not kept: ${what}`, () => assert.equal(read(text), null))
}

test('not kept: bytes that are not UTF-8, in a value and in a name', () => {
  assert.equal(readParts(Buffer.from(part('a', 'caf\u00e9') + end, 'latin1'), B), null)
  assert.equal(readParts(Buffer.from(part('caf\u00e9', '1') + end, 'latin1'), B), null)
})

test('64 KiB of heads without an end take no longer than one pass', () => {
  const body = Buffer.from(`--${B}\r\n`.repeat(1_600))
  const from = process.cpuUsage().user
  for (let i = 0; i < 200; i++) assert.equal(readParts(body, B), null)
  assert.ok((process.cpuUsage().user - from) / 1_000 < 1_000, 'a second of CPU for 200')
})

test('the boundary of a browser is found, anything doubtful is not one', () => {
  assert.equal(boundaryOf(`multipart/form-data; boundary=${B}`), B)
  assert.equal(boundaryOf('Multipart/Form-Data; Boundary="a b(c)"'), 'a b(c)')
  for (const type of ['', 'multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=""', `multipart/form-data; boundary=${'x'.repeat(71)}`, 'multipart/form-data; boundary=a; boundary=b', 'multipart/form-data; boundary=a b', 'multipart/form-data; boundary="a "', 'multipart/mixed; boundary=a', 'multipart/form-data; charset=utf-8; boundary=a', 'multipart/form-data; boundary=a\r\nb']) {
    assert.equal(boundaryOf(type), null, type)
  }
})
