import { CacheRig } from '../../src/dataplane/cache/cache.testing.ts'
import type { MonotonicMs } from '../../src/kernel/clock.ts'
import type { Step } from './step.ts'

const rig = new CacheRig(() => ({ status: 200, headers: ['content-type', 'text/html', 'cache-control', 'max-age=3600', 'etag', '"one"'], body: Buffer.alloc(8_192, 97) }))
const cache = rig.workers[0]
const PAGES = 64
const requests = Array.from({ length: PAGES }, (_, i) => rig.request(`/news/${i}?page=2`))
for (let i = 0; i < PAGES; i++) await rig.ask(`/news/${i}?page=2`)

export const benchLookup: Step = {
  name: 'cache: lookup of a stored page',
  run(iterations) {
    const now = rig.now
    for (let i = 0; i < iterations; i++) if (cache.lookup(requests[i % PAGES], rig.policy, now, false).kind !== 'fresh') throw new Error('not fresh')
  },
}

export const benchAnswer: Step = {
  name: 'cache: lookup and prepared answer',
  run(iterations) {
    const now: MonotonicMs = rig.now
    for (let i = 0; i < iterations; i++) {
      const request = requests[i % PAGES]
      const found = cache.lookup(request, rig.policy, now, false)
      if (cache.answer(request, found.entry!, rig.policy, now).status !== 200) throw new Error('not answered')
    }
  },
}
