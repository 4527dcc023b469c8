import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { MonotonicMs } from '../../kernel/clock.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { clientAddress } from './client-address.ts'
import { HandshakeLimit } from './handshake-limit.ts'
import { edgeOptions } from './options.ts'

const client = (text: string) => clientAddress(text, 5)!
const at = (ms: number): MonotonicMs => ms as MonotonicMs

describe('handshake limit', () => {
  it('lets a /24 begin at most burst + rate × time handshakes in any stretch of time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { minLength: 1, maxLength: 300 }), (pauses) => {
        const limit = new HandshakeLimit({ ...defaultsOf(edgeOptions), tlsHandshakesPerSecond: 5, tlsHandshakeBurst: 8 }, 1)
        let now = 0
        const begun: number[] = []
        for (const pause of pauses) {
          now += pause
          if (limit.begin(client(`192.0.2.${now % 256}`), at(now))) {
            limit.finish()
            begun.push(now)
          }
        }
        for (let i = 0; i < begun.length; i++) {
          for (let j = i; j < begun.length; j++) assert.ok(j - i + 1 <= 8 + ((begun[j]! - begun[i]!) * 5) / 1_000 + 1e-3)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('a network that floods costs others nothing', () => {
    const limit = new HandshakeLimit(defaultsOf(edgeOptions), 1)
    let begun = 0
    for (let i = 0; i < 1_000; i++) if (limit.begin(client('192.0.2.1'), at(0))) begun++
    assert.equal(begun, 40)
    assert.equal(limit.begin(client('198.51.100.1'), at(0)), true)
    assert.equal(limit.begin(client('2001:db8::1'), at(0)), true)
  })

  it('one IPv6 /64 is one network', () => {
    const limit = new HandshakeLimit({ ...defaultsOf(edgeOptions), tlsHandshakeBurst: 2 }, 1)
    const begun = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map((text) => limit.begin(client(text), at(0)))
    assert.deepEqual(begun, [true, true, false, true])
  })

  it('bounds how many are under way at once, whoever begins them', () => {
    const limit = new HandshakeLimit({ ...defaultsOf(edgeOptions), tlsHandshakesOpen: 8 }, 1)
    for (let i = 0; i < 8; i++) assert.equal(limit.begin(client(`192.0.${i}.1`), at(0)), true)
    assert.equal(limit.begin(client('198.51.100.1'), at(0)), false)
    limit.finish()
    assert.equal(limit.begin(client('198.51.100.1'), at(0)), true)
    assert.equal(limit.refused, 1)
  })
})
