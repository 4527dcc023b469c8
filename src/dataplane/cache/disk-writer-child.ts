/** For disk-store.test.ts: writes copies for ever, until it is killed. */
import type { WallMs } from '../../kernel/clock.ts'
import { DiskStore } from './disk-store.ts'
import { sampleResponse } from './sample-response.ts'

const store = new DiskStore({ path: process.argv[2], maxBytes: 8 * 1_048_576, hashKey: 1, wallMs: () => 1_700_000_000_000 as WallMs, log: () => {} })
process.stdout.write('ready\n')
for (let i = 0; ; i++) {
  store.put(sampleResponse(`http://example.org/${i % 300}`, `${i} `.repeat(1 + (i * 7_919) % 4_000)))
  if (i % 20 === 0) store.flush()
}
