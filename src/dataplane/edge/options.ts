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
    sentence: 'The one header in which the trusted proxies name the visitor; the other is ignored, because a visitor could have sent it. Whether he came over https they say in X-Forwarded-Proto, or in proto= of Forwarded.',
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
    sentence: 'Takes the JA4 fingerprint of each TLS ClientHello, so that rules can name a client by how it speaks TLS. Costs about a fifth more CPU for each new TLS connection.',
    source: 'decision 0006: 0.09 ms of CPU on top of 0.42 ms a full handshake',
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
  abusePenaltyMs: {
    kind: 'durationMs', min: 0, max: 60_000, default: 2_000, applies: 'live',
    sentence: 'How long new TLS connections of an address are closed at once after one of its connections was closed for HTTP/2 abuse; doubles with each repetition, up to a minute. Connections that are open are not touched. 0s: never.',
    source: 'Rapid reset from many addresses: without it each comes back within a millisecond (docs/benchmarks/slow.md)',
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

  // HTTP/1
  requestLineBytes: {
    kind: 'bytes', min: 1_024, max: 65_536, default: 8_192, applies: 'live',
    sentence: 'Longest request line of an HTTP/1 request, longest path of an HTTP/2 request; longer ones are answered 414.',
    source: 'RFC 9112 section 3: at least 8,000',
  },
  headBytes: {
    kind: 'bytes', min: 2_048, max: 262_144, default: 16_384, applies: 'live',
    sentence: 'Longest head of a request, request line and all header fields (HTTP/2: fields uncompressed, 32 bytes more for each); longer ones are answered 431. Raise it when a login system sets very large cookies.',
    source: 'Node and HAProxy 16 KiB',
  },
  headerFields: {
    kind: 'count', min: 16, max: 512, default: 128, applies: 'live',
    sentence: 'Most header fields in a request, and most trailer fields; more are answered 431.',
    source: 'HAProxy 101, Apache 100; browsers send 10 to 30',
  },
  keepAliveIdleMs: {
    kind: 'durationMs', min: 250, max: 600_000, default: 15_000, applies: 'live',
    sentence: 'How long an HTTP/1 connection is kept open between two requests.',
  },
  keepAliveIdleCrowdedMs: {
    kind: 'durationMs', min: 250, max: 600_000, default: 1_000, applies: 'live',
    sentence: 'The same when more than 80 % of the allowed connections are in use.',
  },
  requestsPerConnection: {
    kind: 'count', min: 1, max: 1_000_000_000, default: 10_000, applies: 'live',
    sentence: 'Requests answered on one HTTP/1 connection before it is closed, so that long-lived ones spread over the workers again.',
    source: 'nginx keepalive_requests 1000; a new connection costs us about as much as five requests',
  },
  bodyBytes: {
    kind: 'bytes', min: 0, max: 1_099_511_627_776, default: 1_048_576, applies: 'live',
    sentence: 'Most content a visitor may send with one request; more is answered 413. Raise it per route where uploads are wanted.',
    source: 'nginx client_max_body_size 1m',
  },
  bodyDeadlineMs: {
    kind: 'durationMs', min: 1_000, max: 3_600_000, default: 60_000, applies: 'live',
    sentence: 'Time for the content of one request, plus one second for each bodyGoodBytesPerSecond received: small content must come in this time, a large upload that keeps going is not cut.',
    source: 'Apache reqtimeout body=20,MinRate=500 works the same way',
  },
  bodyGoodBytesPerSecond: {
    kind: 'count', min: 1, max: 100_000_000, default: 4_096, applies: 'live',
    sentence: 'Rate at which an upload may go on past bodyDeadlineMs.',
  },
  bodyLongestMs: {
    kind: 'durationMs', min: 1_000, max: 86_400_000, default: 3_600_000, applies: 'live',
    sentence: 'Time after which the content of a request is given up however fast it comes.',
  },
  chunkExtensionBytes: {
    kind: 'bytes', min: 0, max: 65_536, default: 4_096, applies: 'live',
    sentence: 'Most bytes of chunk extensions in the content of one request; they carry nothing and are dropped. 0 refuses them.',
    source: 'RFC 9112 section 7.1.1: ought to be limited; Node and Go 16 KiB',
  },
  trailerBytes: {
    kind: 'bytes', min: 64, max: 65_536, default: 4_096, applies: 'live',
    sentence: 'Longest trailer section after chunked content.',
  },
  answerSpoolBytes: {
    kind: 'bytes', min: 65_536, max: 16_777_216, default: 262_144, applies: 'live',
    sentence: 'How much of a streamed answer is kept for one slow visitor before the origin is made to wait.',
    source: 'Design note algorithms (c), slow read: spool up to 256 KiB',
  },
  lingerMs: {
    kind: 'durationMs', min: 100, max: 60_000, default: 5_000, applies: 'live',
    sentence: 'How long a connection that Polder ends stays open for reading, so that the visitor gets the answer and not a reset.',
    source: 'nginx lingering_timeout 5s',
  },
  upgradedIdleMs: {
    kind: 'durationMs', min: 1_000, max: 86_400_000, default: 300_000, applies: 'live',
    sentence: 'How long a WebSocket or other upgraded connection may be silent both ways.',
  },
} as const satisfies OptionTable

export type EdgeSettings = OptionValues<typeof edgeOptions>
