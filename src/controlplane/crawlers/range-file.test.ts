import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CidrSet } from '../../kernel/cidr-set.ts'
import { parseRangeFile } from './range-file.ts'

test('the JSON that Google and Bing publish is read', () => {
  const text = JSON.stringify({ creationTime: '2026-01-05T15:46:04.000000', prefixes: [{ ipv6Prefix: '2001:4860:4801:10::/64' }, { ipv4Prefix: '66.249.64.0/27' }, { ipv4Prefix: '66.249.64.0/27' }] }, null, 2)
  assert.deepEqual(parseRangeFile(text), { prefixes: ['2001:4860:4801:10::/64', '66.249.64.0/27'], problems: [] })
})

test('plain text is read, with comments, Windows line ends and a byte order mark', () => {
  assert.deepEqual(parseRangeFile('\uFEFF# our own list\r\n40.77.167.0/24\r\n\r\n17.58.96.1 # one host\r\n').prefixes, ['40.77.167.0/24', '17.58.96.1'])
})

test('a wrong line is named by its number and takes no other with it', () => {
  const { prefixes, problems } = parseRangeFile('66.249.64.0/27\n66.249.64.0/33\ncrawler.example\n')
  assert.deepEqual(prefixes, ['66.249.64.0/27'])
  assert.deepEqual(problems, ['line 2: "66.249.64.0/33": the prefix length is 0 to 32', 'line 3: "crawler.example" is not an address or prefix like 192.0.2.0/24 or 2001:db8::/32'])
})

test('a prefix that would exempt half the Internet is refused', () => {
  for (const wide of ['0.0.0.0/0', '64.0.0.0/8', '::/0', '2000::/3']) {
    const { prefixes, problems } = parseRangeFile(wide)
    assert.deepEqual(prefixes, [])
    assert.match(problems[0]!, /is wider than/)
  }
})

test('an empty file, an error page and JSON of another kind are problems, not lists', () => {
  assert.deepEqual(parseRangeFile(''), { prefixes: [], problems: ['holds no prefix'] })
  assert.deepEqual(parseRangeFile('{"error": 404}').problems, ['holds no list "prefixes"'])
  assert.match(parseRangeFile('{"prefixes": [').problems[0]!, /^is not JSON/)
  const page = parseRangeFile(`<html>\n${'<p>not found</p>\n'.repeat(50)}</html>`)
  assert.deepEqual([page.prefixes.length, page.problems.length, page.problems.at(-1)], [0, 6, 'and 47 more'])
})

test('whatever the file holds, reading it never throws and gives only prefixes that can be used', () => {
  const line = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 40 })).map(([a, b]) => `${a}/${b}`), fc.constantFrom('{', '[', '#', '{"prefixes":[{"ipv4Prefix":7}]}', '["1.2.3.4"]', 'null', '[null]'))
  fc.assert(fc.property(fc.array(line, { maxLength: 20 }), (lines) => void new CidrSet(parseRangeFile(lines.join('\n')).prefixes)))
})
