import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleFields, sampleFlags } from '../../contract/sample.ts'
import { setBit } from '../../kernel/bitset.ts'
import { ClientFacts } from '../detection/client-facts.ts'
import { RequestWindow } from '../detection/request-window.ts'
import { fieldIndex } from '../evidence.ts'
import { SourceDrops } from './source-drops.ts'

/** Ten ticks of 100 requests a second from one page-only source; `feedFlags`: of one more request each second, of the same source. */
function dropsAfter(feedFlags: number): string[] {
  const window = new RequestWindow(10, 128)
  const facts = new ClientFacts(64)
  const drops = new SourceDrops()
  let found: string[] = []
  for (let tick = 1; tick <= 11; tick++) {
    window.begin(tick, 1, 101)
    for (let i = 0; i < 101; i++) {
      const words = new Uint32Array(sampleFields.length)
      words[fieldIndex.family] = 4
      words[fieldIndex.addressHigh] = 0xc0000207
      words[fieldIndex.clientKey] = 9
      words[fieldIndex.flags] = i === 100 ? feedFlags : 0
      window.add(words, 0)
    }
    facts.see(9, tick, 60, 50, 0, 0, false)
    window.judge(facts, tick)
    const refused = new Uint32Array(window.present.length)
    for (let row = 0; row < window.capacity; row++) setBit(refused, row)
    found = drops.update(window, refused, 'source', tick, tick * 1_000).map((drop) => drop.cidr)
  }
  return found
}

test('a source that keeps flooding although refused is handed to the kernel after ten seconds', () => {
  assert.deepEqual(dropsAfter(0), ['192.0.2.7/32'])
})

test('not one that also asks for something always admitted: the kernel cannot tell the two apart', () => {
  for (const flag of [sampleFlags.allowListed, sampleFlags.verifiedCrawler, sampleFlags.exemptPath]) assert.deepEqual(dropsAfter(flag), [])
})
