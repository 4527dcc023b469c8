/** What Polder set out to reach beside the others. A target is judged on medians of one session; nothing here is rounded in our favour. */
import { figure } from '../report/markdown-table.ts'
import type { Results } from './results.ts'

export interface Target {
  readonly title: string
  readonly wanted: string
  /** NaN when it was not measured. */
  readonly value: (results: Results) => number
  readonly holds: (value: number) => boolean
  readonly show: (value: number) => string
}

const perCore = (results: Results, ours: string, peer: 'nginx' | 'http-proxy-3', theirs = ours): number =>
  results.median('polder', ours, (one) => one.perCore) / results.median(peer, theirs, (one) => one.perCore)

const cpuEach = (results: Results, peer: 'polder' | 'nginx'): number => results.median(peer, 'reject-close', (one) => one.cpuMicrosecondsPerRequest)

const atLeast = (least: number) => (value: number): boolean => value >= least
const atMost = (most: number) => (value: number): boolean => value <= most
const ratio = (value: number): string => `${figure(value)} ×`

export const targets: readonly Target[] = [
  { title: 'Reject, keep-alive, requests/s per core (client table and rule in the path), of nginx `return 403`', wanted: '≥ 0.75', value: (r) => perCore(r, 'reject-table', 'nginx', 'reject'), holds: atLeast(0.75), show: ratio },
  { title: 'Cached 8 KiB, requests/s per core, of nginx proxy_cache', wanted: '≥ 1.0', value: (r) => perCore(r, 'cached8', 'nginx'), holds: atLeast(1), show: ratio },
  { title: 'Proxied, keep-alive, requests/s per core, of nginx', wanted: '≥ 0.4', value: (r) => perCore(r, 'proxied', 'nginx'), holds: atLeast(0.4), show: ratio },
  { title: 'Proxied, keep-alive, requests/s per core, of http-proxy-3', wanted: '≥ 2', value: (r) => perCore(r, 'proxied', 'http-proxy-3'), holds: atLeast(2), show: ratio },
  { title: 'One connection per request, reject: CPU per request, of nginx', wanted: '≤ 2.5', value: (r) => cpuEach(r, 'polder') / cpuEach(r, 'nginx'), holds: atMost(2.5), show: ratio },
  { title: 'HTTP/2, cached 8 KiB, requests/s per core, of nginx', wanted: '≥ 0.4', value: (r) => perCore(r, 'h2-cached8', 'nginx'), holds: atLeast(0.4), show: ratio },
  { title: 'TLS full handshakes per core, of nginx', wanted: '≥ 0.7', value: (r) => perCore(r, 'tls-full', 'nginx'), holds: atLeast(0.7), show: ratio },
  { title: 'Two edge workers, reject, of one', wanted: '≥ 1.8', value: (r) => scaling(r, 'workers-reject'), holds: atLeast(1.8), show: ratio },
  { title: 'Two edge workers, cached 8 KiB, of one', wanted: '≥ 1.8', value: (r) => scaling(r, 'workers-cached8'), holds: atLeast(1.8), show: ratio },
  { title: 'p99 added to a proxied request at 1,000/s', wanted: '≤ 2 ms', value: (r) => r.median('polder', 'added-latency', (one) => (one.direct === undefined || one.p99Ms === null ? null : one.p99Ms - one.direct.p99Ms)), holds: atMost(2), show: (value) => `${figure(value)} ms` },
]

/** Twice what one worker of a perfect pair does for its CPU time, against what the two do for theirs. */
function scaling(results: Results, workload: string): number {
  return results.median('polder', workload, (one) => (one.workers === undefined ? null : (2 * one.workers.pairUs) / one.workers.twoUs))
}
