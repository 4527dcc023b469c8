import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseH2load } from './h2load.ts'

const out = `
finished in 2.00s, 24001.50 req/s, 188.58MB/s
requests: 48003 total, 48131 started, 48003 done, 48003 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 48003 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 377.16MB (395480352) total, 1.37MB (1440090) headers (space savings 83.00%), 375.02MB (393240576) data
                     min         max         mean         sd        +/- sd
time for request:      320us     14.32ms      5.31ms       901us    88.05%
`

test('the closing lines of h2load are read', () => {
  assert.deepEqual(parseH2load(out, 2), { requests: 48_003, seconds: 2, refusals: 0, errors: 0, bytes: 395_480_352, bodyBytes: 393_240_576, p50Ms: 5.31, p99Ms: Number.NaN })
})

test('an h2load that could not connect is an error, not a zero', () => {
  assert.throws(() => parseH2load('Could not connect', 2), /no result/)
})
