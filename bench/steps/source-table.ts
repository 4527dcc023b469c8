import { SourceTable, sourceTableBytes } from '../../src/dataplane/admission/source-table.ts'
import { mix32 } from '../../src/kernel/hash.ts'

/** One touch of the source table at its default size: hot (the same 1,000 clients) and cold (a storm of one-shot addresses). */
const sources = new SourceTable(new SharedArrayBuffer(sourceTableBytes(1_048_576)), 0x5eed)
const address = { family: 4 as const, text: '', high: 0, low: 0, key: 0 }
let shot = 0x10000000

export const bench = {
  name: 'source table: touch, 1,000 known clients',
  run(iterations: number): void {
    for (let i = 0; i < iterations; i++) {
      address.high = i % 1_000
      address.key = mix32(address.high)
      sources.touch(address, i >>> 6)
    }
  },
}

export const benchStorm = {
  name: 'source table: touch, one-shot addresses',
  run(iterations: number): void {
    for (let i = 0; i < iterations; i++) {
      address.high = shot++
      address.key = mix32(address.high)
      sources.touch(address, i >>> 6)
    }
  },
}
