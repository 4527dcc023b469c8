/** What is asked of every program, in the order of the tables. A workload that a program cannot serve is left out for it, with the reason. */
import { type Ability, paths } from './peer.ts'

export interface Check {
  readonly path: string
  readonly scheme: 'http' | 'https' | 'h2'
  readonly status: number
  /** null: whatever page the program has for it. */
  readonly bodyBytes: number | null
}

interface Named {
  readonly id: string
  readonly title: string
  readonly sentence: string
  readonly needs: readonly Ability[]
  readonly check: Check
}
export interface WrkWorkload extends Named {
  readonly kind: 'wrk'
  readonly connections: number
  readonly headers: readonly string[]
}
export interface H2Workload extends Named {
  readonly kind: 'h2'
  readonly connections: number
  readonly streams: number
}
export interface HandshakeWorkload extends Named {
  readonly kind: 'handshake'
  readonly resume: boolean
}
export interface PacedWorkload extends Named {
  readonly kind: 'paced'
  readonly perSecond: number
}
export interface WorkersWorkload extends Named {
  readonly kind: 'workers'
  readonly connections: number
}
export type Workload = WrkWorkload | H2Workload | HandshakeWorkload | PacedWorkload | WorkersWorkload

/** The fields a Chromium of 2026 sends when a page is opened, without Host. */
const browserFields = [
  'Connection: keep-alive',
  'sec-ch-ua: "Chromium";v="141", "Not?A_Brand";v="8"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site: none',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-User: ?1',
  'Sec-Fetch-Dest: document',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: nl-BE,nl;q=0.9,fr;q=0.8,en;q=0.7',
]

const CONNECTIONS = 32

const reject: Check = { path: paths.reject, scheme: 'http', status: 403, bodyBytes: null }
const rejectTable: Check = { ...reject, path: paths.rejectTable }
const cached = (kibibytes: number): Check => ({ path: paths.cached(kibibytes), scheme: 'http', status: 200, bodyBytes: kibibytes * 1_024 })
const proxied: Check = { path: paths.proxied, scheme: 'http', status: 200, bodyBytes: 1_024 }

export const workloads: readonly Workload[] = [
  {
    kind: 'wrk', id: 'reject', title: 'Reject, keep-alive', connections: CONNECTIONS, headers: [], needs: ['reject'], check: reject,
    sentence: 'A 403 by the cheapest rule each program has. Polder has no way without its table of clients and its rules: they are in its figure, and not in the others\'.',
  },
  {
    kind: 'wrk', id: 'reject-table', title: 'Reject, keep-alive, client table and rule', connections: CONNECTIONS, headers: [], needs: ['reject-table'], check: rejectTable,
    sentence: 'A 403 after the client was looked up and counted in a table of clients: nginx limit_req and deny, HAProxy stick table and deny.',
  },
  {
    kind: 'wrk', id: 'reject-browser', title: 'Reject, keep-alive, browser\'s head', connections: CONNECTIONS, headers: browserFields, needs: ['reject'], check: reject,
    sentence: 'The same 403 for a request head of the size that browsers send (14 fields, about 800 bytes).',
  },
  {
    kind: 'wrk', id: 'reject-close', title: 'Reject, one connection per request', connections: CONNECTIONS, headers: ['Connection: close'], needs: ['reject'], check: reject,
    sentence: 'Connect, ask, 403, close. The load generator is busier than the fast servers here, so CPU per request is what counts.',
  },
  ...([1, 8, 64] as const).map((size): WrkWorkload => ({
    kind: 'wrk', id: `cached${size}`, title: `Cached ${size} KiB, keep-alive`, connections: CONNECTIONS, headers: [], needs: ['cache'], check: cached(size),
    sentence: `A page of ${size} KiB from the program's own cache; the origin is asked once.`,
  })),
  {
    kind: 'wrk', id: 'proxied', title: 'Proxied 1 KiB, keep-alive', connections: CONNECTIONS, headers: [], needs: ['proxy'], check: proxied,
    sentence: 'Each request goes to the origin (no-store) over kept connections. The origin and the load generator share a core when there are only two, so CPU per request is what counts.',
  },
  {
    kind: 'h2', id: 'h2-cached8', title: 'HTTP/2 over TLS, cached 8 KiB', connections: 8, streams: 16, needs: ['h2', 'cache'], check: { ...cached(8), scheme: 'h2' },
    sentence: '8 connections with 16 streams each.',
  },
  {
    kind: 'h2', id: 'h2-reject', title: 'HTTP/2 over TLS, reject', connections: 8, streams: 16, needs: ['h2', 'reject'], check: { ...reject, scheme: 'h2' },
    sentence: '8 connections with 16 streams each.',
  },
  {
    kind: 'handshake', id: 'tls-full', title: 'TLS 1.3 full handshakes', resume: false, needs: ['tls', 'reject'], check: { ...reject, scheme: 'https' },
    sentence: 'Connect, full handshake (X25519, ECDSA P-256), one 403, close. The client costs more than the server, so handshakes per second of the server\'s CPU are given.',
  },
  {
    kind: 'handshake', id: 'tls-resumed', title: 'TLS 1.3 resumed handshakes', resume: true, needs: ['tls', 'reject'], check: { ...reject, scheme: 'https' },
    sentence: 'The same with a session ticket; each is checked to be resumed.',
  },
  {
    kind: 'paced', id: 'added-latency', title: 'Latency added at 1,000 requests/s', perSecond: 1_000, needs: ['proxy'], check: proxied,
    sentence: 'Open loop at a fixed rate, straight to the origin and then through the program; the difference of the two 99th percentiles.',
  },
  {
    kind: 'workers', id: 'workers-reject', title: 'Two workers, reject', connections: 2 * CONNECTIONS, needs: ['two-workers', 'reject'], check: reject,
    sentence: 'Two workers in one process against two processes of one worker each (perfect scaling) with the same neighbours on the same cores, by CPU per request.',
  },
  {
    kind: 'workers', id: 'workers-cached8', title: 'Two workers, cached 8 KiB', connections: 2 * CONNECTIONS, needs: ['two-workers', 'cache'], check: cached(8),
    sentence: 'The same for a cached page.',
  },
]

export const workloadIds: readonly string[] = workloads.map((one) => one.id)
