import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaultsOf } from '../kernel/option.ts'
import { detectionOptions } from './detection/options.ts'
import { ControlLoop } from './loop.ts'
import { mitigationOptions } from './mitigation/options.ts'
import { watchful } from './posture.ts'

const usual = defaultsOf(detectionOptions)

test('on alert every sign of strain counts earlier and calm must last longer, within what the settings allow', () => {
  fc.assert(fc.property(fc.double({ min: 0.25, max: 1, noNaN: true }), (sensitivity) => {
    const now = watchful(usual, sensitivity)
    for (const [name, option] of Object.entries(detectionOptions)) {
      const [value, before] = [now[name as keyof typeof now], usual[name as keyof typeof usual]]
      assert.ok(value >= option.min && value <= option.max, name)
      assert.ok(name === 'calmDwellMs' ? value >= before : value <= before, name)
    }
  }))
  assert.deepEqual(watchful(usual, 1), usual)
})

test('a posture that is not renewed runs out by itself', () => {
  const loop = new ControlLoop({ detection: usual, mitigation: defaultsOf(mitigationOptions) }, 1)
  const tick = (atWallMs: number) => loop.tick(atWallMs, { vitals: [], samples: [], commands: [] }).views.posture
  const at = 1_700_000_000_000
  loop.posture = { sensitivity: 0.5, untilWallMs: at + 5_000 }
  assert.deepEqual(tick(at), { sensitivity: 0.5, untilWallMs: at + 5_000 })
  assert.ok(tick(at + 4_999))
  assert.equal(tick(at + 5_000), undefined)
})
