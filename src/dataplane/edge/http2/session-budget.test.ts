import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { MonotonicMs } from '../../../kernel/clock.ts'
import { defaultsOf } from '../../../kernel/option.ts'
import { Pace } from '../pace.ts'
import { edgeOptions } from '../options.ts'
import { SessionBudget } from './session-budget.ts'

const at = (ms: number): MonotonicMs => ms as MonotonicMs
const budget = (): SessionBudget => new SessionBudget(defaultsOf(edgeOptions), at(0))

describe('what one HTTP/2 connection may cost', () => {
  it('a visitor who gives up more than half of 200 streams is cut, also after a long good past', () => {
    const one = budget()
    for (let i = 0; i < 10_000; i++) one.streamOpened(100, 0)
    let cutAfter = 0
    for (let i = 1; i <= 1_000 && cutAfter === 0; i++) {
      one.streamOpened(100, 0)
      if (one.streamReset()) cutAfter = i
    }
    assert.ok(cutAfter > 100 && cutAfter <= 400, `cut after ${cutAfter}`)
  })

  it('a browser that leaves pages, cancelling a third of its streams, is never cut', () => {
    const one = budget()
    for (let i = 0; i < 100_000; i++) {
      one.streamOpened(300, 0)
      if (i % 3 === 0) assert.equal(one.streamReset(), false)
    }
  })

  it('a few streams say nothing', () => {
    const one = budget()
    for (let i = 0; i < 99; i++) {
      one.streamOpened(100, 0)
      assert.equal(one.streamReset(), false)
    }
  })

  it('fifty broken streams are enough', () => {
    const one = budget()
    for (let i = 1; i <= 50; i++) {
      one.streamOpened(100, 0)
      assert.equal(one.streamError(), i === 50)
    }
  })

  it('200 control frames in ten seconds are allowed, the next is not, and the window forgets', () => {
    const one = budget()
    for (let i = 0; i < 200; i++) assert.equal(one.controlFrame(at(i), 17), false)
    assert.equal(one.controlFrame(at(9_999), 17), true)
    assert.equal(one.controlFrame(at(10_000), 17), false)
  })

  it('bytes that nothing explains are cut; requests, content and a reader\'s window updates are not', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ fields: fc.integer({ min: 50, max: 2_000 }), content: fc.nat(20_000), answer: fc.nat(200_000) }), { maxLength: 60 }), (seconds) => {
        const one = budget()
        let read = 24
        let written = 0
        seconds.forEach(({ fields, content, answer }, i) => {
          one.streamOpened(fields, content > 0 ? 65_536 : 0)
          if (content > 0) one.contentArrived(content)
          // HPACK makes fields smaller; two WINDOW_UPDATE of 13 bytes per 16 KiB frame of answer
          read += fields / 2 + content + 9 + Math.ceil(answer / 16_384) * 26
          written += answer + 100
          assert.equal(one.unexplainedBytes(read, written, at(i * 1_000)), false)
        })
        assert.equal(one.unexplainedBytes(read + 100_000 + seconds.length * 90_000, written, at(seconds.length * 1_000)), true)
      }),
      { numRuns: 100 },
    )
  })
})

describe('pace', () => {
  it('lets pass who keeps the rate, cuts who stays below it, at the end of a window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1_000, max: 30_000 }), (rate, graceMs) => {
        const steady = new Pace(rate, graceMs)
        for (let i = 0; i < 200; i++) assert.equal(steady.step(rate, 1_000), false)
        const half = new Pace(rate * 2, graceMs)
        let seconds = 1
        while (!half.step(rate, 1_000)) assert.ok(++seconds < 1_000)
        assert.equal(seconds, Math.ceil(graceMs / 1_000))
      }),
    )
  })

  it('does not let anybody save up for a long stall', () => {
    const pace = new Pace(500, 5_000)
    for (let i = 0; i < 5; i++) assert.equal(pace.step(100_000_000, 1_000), false)
    let stalled = 1
    while (!pace.step(0, 1_000)) stalled++
    assert.equal(stalled, 5)
  })
})
