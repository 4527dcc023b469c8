import { cidrProblem } from '../../kernel/cidr-set.ts'
import type { OptionTable, OptionValues } from '../../kernel/option.ts'

/** Limits towards the visitor. Defaults: design note algorithms (c), protocol attacks. */
export const edgeOptions = {
  headerDeadlineMs: {
    kind: 'durationMs', min: 1_000, max: 120_000, default: 10_000, applies: 'live',
    sentence: 'Absolute time from the first byte of a request to the end of its header section; slowloris connections end here.',
    source: 'Apache reqtimeout header=10-20; nginx 60 s and Node 60 s leave room for slowloris',
  },
  headerDeadlineCrowdedMs: {
    kind: 'durationMs', min: 500, max: 120_000, default: 3_000, applies: 'live',
    sentence: 'The same deadline when more than 80 % of the allowed connections are in use.',
  },

  // Rates, HTTP/1 and HTTP/2 alike
  bodyMinBytesPerSecond: {
    kind: 'count', min: 1, max: 1_000_000, default: 500, applies: 'live',
    sentence: 'Slowest rate at which a visitor may send content, measured after bodyGraceMs; R.U.D.Y. connections end here.',
    source: 'Apache reqtimeout body MinRate=500',
  },
  bodyGraceMs: {
    kind: 'durationMs', min: 1_000, max: 600_000, default: 5_000, applies: 'live',
    sentence: 'Time before bodyMinBytesPerSecond is held against a visitor.',
  },
  readerMinBytesPerSecond: {
    kind: 'count', min: 1, max: 1_000_000, default: 1_024, applies: 'live',
    sentence: 'Slowest rate at which a visitor may take an answer, measured over readerGraceMs; slow-read connections end here.',
  },
  readerGraceMs: {
    kind: 'durationMs', min: 1_000, max: 600_000, default: 20_000, applies: 'live',
    sentence: 'Time over which readerMinBytesPerSecond is measured.',
  },

  // Connections
  maxConnections: {
    kind: 'count', min: 64, max: 1_000_000, default: 20_000, applies: 'live',
    sentence: 'Connections held open at once, over all workers; when full, an idle connection with the fewest answered requests makes room. Never more than the process may open files.',
  },
  maxConnectionsPerSource: {
    kind: 'count', min: 4, max: 100_000, default: 64, applies: 'live',
    sentence: 'Connections held open at once for one IPv4 address or IPv6 /64; above it the source\'s own idle connections make room. Trusted proxies are not limited.',
  },
  trustedProxies: {
    kind: 'textList', default: [], maxItems: 256, form: 'addresses or prefixes, like 192.0.2.10 or 2001:db8::/48', check: cidrProblem, applies: 'live',
    sentence: 'Proxies and load balancers in front of Polder: only these may say who the visitor is (PROXY protocol, trustedProxyHeader).',
  },
  trustedProxyHeader: {
    kind: 'choice', choices: ['x-forwarded-for', 'forwarded'], default: 'x-forwarded-for', applies: 'live',
    sentence: 'The one header in which the trusted proxies name the visitor; the other is ignored, because a visitor could have sent it.',
  },
  proxyHeaderDeadlineMs: {
    kind: 'durationMs', min: 100, max: 60_000, default: 3_000, applies: 'live',
    sentence: 'Time for a trusted peer to send its whole PROXY protocol header; on listeners with proxyProtocol only.',
    source: 'PROXY protocol specification section 2: at least 3 seconds',
  },

  // TLS
  tlsMinVersion: {
    kind: 'choice', choices: ['TLSv1.2', 'TLSv1.3'], default: 'TLSv1.2', applies: 'live',
    sentence: 'Oldest TLS version spoken. TLSv1.3 shuts out browsers from before about 2018.',
  },
  tlsHandshakeDeadlineMs: {
    kind: 'durationMs', min: 1_000, max: 120_000, default: 10_000, applies: 'live',
    sentence: 'Absolute time for a TLS handshake.',
  },
  tlsHandshakesOpen: {
    kind: 'count', min: 8, max: 100_000, default: 1_000, applies: 'live',
    sentence: 'TLS handshakes under way at once in one worker; a connection above it is closed before it costs anything.',
  },
  tlsHandshakesPerSecond: {
    kind: 'perSecond', min: 1, max: 100_000, default: 20, applies: 'live',
    sentence: 'New TLS handshakes per second in one worker from one IPv4 /24 or IPv6 /64.',
    source: 'A full handshake costs 0.2 to 1 ms of CPU; design note algorithms (c)',
  },
  tlsHandshakeBurst: {
    kind: 'count', min: 1, max: 1_000_000, default: 40, applies: 'live',
    sentence: 'Handshakes that may come at once before tlsHandshakesPerSecond holds.',
  },
  tlsFingerprint: {
    kind: 'choice', choices: ['off', 'on'], default: 'off', applies: 'live',
    sentence: 'Takes the JA4 fingerprint of each TLS ClientHello, so that rules can name a client by how it speaks TLS.',
  },

  // HTTP/2
  h2Streams: {
    kind: 'count', min: 1, max: 1_000, default: 100, applies: 'live',
    sentence: 'Requests under way at once on one HTTP/2 connection.',
    source: 'RFC 9113 section 6.5.2: at least 100; CVE-2023-44487',
  },
  h2StreamResetBurst: {
    kind: 'count', min: 1, max: 100_000, default: 100, applies: 'live',
    sentence: 'Stream resets by the visitor that may come at once on one HTTP/2 connection before it is closed.',
    source: 'CVE-2023-44487 (Rapid Reset); Node 1000',
  },
  h2StreamResetsPerSecond: {
    kind: 'count', min: 1, max: 100_000, default: 20, applies: 'live',
    sentence: 'Rate at which h2StreamResetBurst fills up again.',
    source: 'Node 33/s',
  },
  h2ResetShare: {
    kind: 'share', min: 0.05, max: 1, default: 0.5, applies: 'live',
    sentence: 'Share of the last 200 streams or more that a visitor may give up before the HTTP/2 connection is closed for abuse.',
    source: 'Envoy closes above 50 % premature resets',
  },
  h2StreamErrors: {
    kind: 'count', min: 1, max: 10_000, default: 50, applies: 'live',
    sentence: 'Streams of one HTTP/2 connection that may end by the visitor breaking the protocol before it is closed.',
    source: 'CVE-2025-8671 (MadeYouReset)',
  },
  h2ControlFrames: {
    kind: 'count', min: 20, max: 100_000, default: 200, applies: 'live',
    sentence: 'PING, SETTINGS, PRIORITY and empty frames in 10 s on one HTTP/2 connection before it is closed.',
    source: 'CVE-2019-9512, 9513, 9515, 9518',
  },
  h2HeaderPairs: {
    kind: 'count', min: 16, max: 1_000, default: 128, applies: 'live',
    sentence: 'Header fields in one HTTP/2 request, pseudo fields among them.',
  },
  h2HeaderBytes: {
    kind: 'bytes', min: 4_096, max: 262_144, default: 16_384, applies: 'live',
    sentence: 'Size of the header fields of one HTTP/2 request, uncompressed.',
    source: 'CVE-2024-27316 (CONTINUATION flood)',
  },
  h2InvalidFrames: {
    kind: 'count', min: 1, max: 100_000, default: 100, applies: 'live',
    sentence: 'Invalid frames on one HTTP/2 connection before it is closed.',
    source: 'Node 1000',
  },
  h2RejectedStreams: {
    kind: 'count', min: 1, max: 100_000, default: 50, applies: 'live',
    sentence: 'Streams opened above h2Streams or for want of memory before the HTTP/2 connection is closed.',
    source: 'Node 100',
  },
  h2SessionMemoryMegabytes: {
    kind: 'count', min: 1, max: 256, default: 4, applies: 'live',
    sentence: 'Memory (in 1,000,000 bytes) that one HTTP/2 connection may hold inside the protocol library.',
    source: 'Node 10',
  },
  h2StreamWindowBytes: {
    kind: 'bytes', min: 16_384, max: 16_777_216, default: 65_536, applies: 'live',
    sentence: 'Content of one HTTP/2 request that may arrive before it is wanted. More makes uploads over long distances faster and costs memory under attack.',
    source: 'Envoy edge advice 64 KiB',
  },
  h2ConnectionWindowBytes: {
    kind: 'bytes', min: 65_535, max: 67_108_864, default: 1_048_576, applies: 'live',
    sentence: 'The same for all requests of one HTTP/2 connection together.',
    source: 'Envoy edge advice 1 MiB',
  },
  h2IdleMs: {
    kind: 'durationMs', min: 1_000, max: 600_000, default: 60_000, applies: 'live',
    sentence: 'How long an HTTP/2 connection without requests is kept (3 s when more than 80 % of the allowed connections are in use).',
  },
} as const satisfies OptionTable

export type EdgeSettings = OptionValues<typeof edgeOptions>
