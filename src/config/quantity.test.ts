import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { NumberOption } from '../kernel/option.ts'
import { formatNumber, numberPatterns, parseQuantity } from './quantity.ts'
import { Refusal } from './refusal.ts'

function option(kind: NumberOption['kind'], min: number, max: number, fraction?: boolean): NumberOption {
  return { kind, min, max, default: min, applies: 'live', sentence: 'x', ...(fraction === undefined ? {} : { fraction }) }
}
const duration = option('durationMs', 0, 90 * 86_400_000)
const bytes = option('bytes', 0, 2 ** 45)
const share = option('share', 0, 1)
const rate = option('perSecond', 0, 1e6)
const count = option('count', 0, 1e6)

test('a value is read with its unit, and a bare number in the unit of the name', () => {
  for (const [wanted, raw, kind] of [
    [10_000, '10s', duration], [500, '500ms', duration], [120_000, '2m', duration], [3_600_000, '1h', duration], [86_400_000, '1d', duration], [1_500, '1.5s', duration], [250, 250, duration], [250, '250', duration],
    [1_048_576, '1MiB', bytes], [65_536, '64 KiB', bytes], [512, '512B', bytes], [1_024, '1kib', bytes], [2_147_483_648, '2GiB', bytes], [7, 7, bytes],
    [0.05, '5%', share], [0.05, 0.05, share], [1, '100%', share],
    [20, '20/s', rate], [1.5, '90/m', rate], [0.5, 0.5, rate],
    [100, 100, count], [100, '100', count],
  ] as const) assert.equal(parseQuantity(kind, raw), wanted, String(raw))
})

test('what can be read two ways is refused, with the right spelling', () => {
  for (const [raw, kind, mend] of [
    ['8MB', bytes, '8MiB'], ['64k', bytes, '64KiB'], ['1,000', count, '1000'], ['10 000', count, '10000'], ['10 seconds', duration, '10s'], ['10S', duration, '10s'], ['1h30m', duration, '90m'],
    ['2min', duration, '2m'], ['5 percent', share, '5%'], ['5/minute', rate, '5/m'], ['20 rps', rate, '20/s'], ['2k', count, '2000'],
  ] as const) {
    const refusal = parseQuantity(kind, raw)
    assert.ok(refusal instanceof Refusal, raw)
    assert.equal(refusal.mend, `did you mean ${mend}?`)
  }
})

test('a forgotten unit is guessed only when the guess would be allowed', () => {
  const deadline = option('durationMs', 1_000, 120_000)
  assert.equal((parseQuantity(deadline, 10) as Refusal).mend, 'did you mean 10s?')
  assert.equal((parseQuantity(deadline, 0) as Refusal).mend, '')
  assert.equal((parseQuantity(share, 5) as Refusal).mend, 'did you mean 5%?')
  assert.equal((parseQuantity(share, 500) as Refusal).mend, '')
  assert.equal((parseQuantity(deadline, '10ms') as Refusal).mend, '', 'a written unit is believed')
})

test('a whole number is wanted unless the option allows fractions', () => {
  assert.ok(parseQuantity(count, 1.5) instanceof Refusal)
  assert.ok(parseQuantity(bytes, '0.3B') instanceof Refusal)
  assert.equal(parseQuantity(bytes, '0.5KiB'), 512)
  assert.equal(parseQuantity(option('count', 0, 10, true), 1.5), 1.5)
})

test('what is written for a person reads back as the same value', () => {
  const cases = fc.oneof(
    fc.tuple(fc.constant(duration), fc.integer({ min: 0, max: duration.max })),
    fc.tuple(fc.constant(bytes), fc.integer({ min: 0, max: bytes.max })),
    fc.tuple(fc.constant(count), fc.integer({ min: 0, max: count.max })),
    fc.tuple(fc.constant(share), fc.integer({ min: 0, max: 10_000 }).map((n) => n / 10_000)),
    fc.tuple(fc.constant(rate), fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 4)),
  )
  fc.assert(
    fc.property(cases, ([kind, value]) => {
      const text = formatNumber(kind.kind, value)
      const read = parseQuantity(kind, text)
      assert.ok(typeof read === 'number' && Math.abs(read - value) <= 1e-9 * Math.max(1, value), `${text} read as ${JSON.stringify(read)}`)
      assert.match(text, new RegExp(numberPatterns[kind.kind]), 'the pattern for editors accepts what we write')
    }),
  )
})

test('any value at all gives a number in range or a refusal', () => {
  fc.assert(
    fc.property(fc.constantFrom(duration, bytes, share, rate, count), fc.oneof(fc.anything(), fc.string(), fc.double().map(String)), (kind, raw) => {
      const read = parseQuantity(kind, raw)
      assert.ok(read instanceof Refusal || (read >= kind.min && read <= kind.max))
    }),
  )
})
