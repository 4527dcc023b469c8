import assert from 'node:assert/strict'
import { test } from 'node:test'
import { barChart } from './bar-chart.ts'
import { lineChart } from './line-chart.ts'
import { figure, markdownTable } from './markdown-table.ts'
import { escapeXml, niceCeiling } from './svg-frame.ts'

/** A small check that every tag is closed and every attribute quoted; a real parser is not worth a dependency. */
function assertWellFormed(svg: string): void {
  const open: string[] = []
  for (const [, closing, name, , self] of svg.replaceAll(/<style>[\s\S]*?<\/style>/g, '').matchAll(/<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g)) {
    if (closing === '/') assert.equal(open.pop(), name)
    else if (self !== '/') open.push(name)
  }
  assert.deepEqual(open, [])
  assert.equal((svg.match(/</g) ?? []).length, (svg.match(/>/g) ?? []).length)
  assert.ok(!svg.includes('NaN'), 'a coordinate is not a number')
}

const spread = (median: number) => ({ median, min: median * 0.9, max: median * 1.1, count: 3 })

test('a bar chart is well-formed, keeps text as text, and follows light and dark', () => {
  const svg = barChart('A <b> & c', 'd', [{ title: 'Cached "8"', bars: [{ label: 'nginx', series: 0, spread: spread(100), text: '100' }, { label: 'zero', series: 9, spread: spread(0), text: '0' }] }])
  assertWellFormed(svg)
  assert.ok(svg.includes('>nginx</text>'))
  assert.ok(svg.includes('prefers-color-scheme: dark'))
  assert.ok(svg.includes('A &lt;b&gt; &amp; c'))
})

test('a line chart is well-formed, also for one sample and for zeros', () => {
  for (const values of [[1, 2, 3], [0, 0, 0], [5]]) {
    assertWellFormed(lineChart('t', 'd', values.map((_, i) => i * 5 + 5), [{ title: 'Memory', unit: 'MiB', lines: [{ label: 'resident', values }] }], 5))
  }
})

test('a scale ends at a round number not below the largest value', () => {
  for (const value of [0.0012, 0.9, 1, 1.1, 7, 99, 101, 123_456]) {
    const top = niceCeiling(value)
    assert.ok(top >= value * 0.999 && top <= value * 2.5, `${value} -> ${top}`)
  }
  assert.equal(niceCeiling(0), 1)
})

test('figures have as many digits as they mean', () => {
  assert.deepEqual([123_456, 999, 45.67, 4.567, 0.4567, 0, Number.NaN].map(figure), ['123,456', '999', '45.7', '4.57', '0.457', '0', '–'])
})

test('a table aligns numbers right and keeps a bar in a cell in its cell', () => {
  assert.equal(markdownTable(['a', 'n'], [['x|y', '1'], ['z', '']]), '| a | n |\n|---|---:|\n| x\\|y | 1 |\n| z |  |')
})

test('text cannot end an attribute or begin a tag', () => {
  assert.equal(escapeXml('<a href="x">&'), '&lt;a href=&quot;x&quot;&gt;&amp;')
})
