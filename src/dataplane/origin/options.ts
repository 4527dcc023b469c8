import type { RouteClass } from '../../contract/route-class.ts'
import { routeClasses } from '../../contract/route-class.ts'
import type { OptionTable, OptionValues } from '../../kernel/option.ts'
import { parseUpstream } from './upstream-url.ts'

/** The way to the origin. Numbers of connections are per edge worker thread. */
export const originOptions = {
  upstreams: {
    kind: 'textList', default: [], maxItems: 64, applies: 'live',
    form: 'http://host:port, https://host:port or unix:/path/to/socket, optionally followed by " weight=N" (1 to 100)',
    check: (value) => {
      const parsed = parseUpstream(value)
      return typeof parsed === 'string' ? parsed : null
    },
    sentence: 'Where the site itself runs; several addresses share the load by weight and take over for each other.',
  },
  connectTimeoutMs: {
    kind: 'durationMs', min: 100, max: 60_000, default: 2_000, applies: 'live',
    sentence: 'Time to reach the origin (TCP and TLS together); raise it only for an origin far away.',
    source: 'one lost SYN is repeated after 1 s (RFC 6298), so 2 s survives one loss',
  },
  firstByteTimeoutMs: {
    kind: 'durationMs', min: 100, max: 3_600_000, default: 30_000, applies: 'live',
    sentence: 'Time from the end of the request until the origin begins to answer.',
    source: 'HAProxy examples use timeout server 30s; nginx proxy_read_timeout is 60 s',
  },
  firstByteTimeoutByClass: {
    kind: 'textList', default: [], maxItems: routeClasses.length, applies: 'live',
    form: 'class=duration, for example search=10s; classes: page, static, api, feed, search, write, stream',
    check: (value) => {
      const parsed = parseClassTimeout(value)
      return typeof parsed === 'string' ? parsed : null
    },
    sentence: 'Another first-byte time for single route classes.',
  },
  idleTimeoutMs: {
    kind: 'durationMs', min: 100, max: 3_600_000, default: 30_000, applies: 'live',
    sentence: 'Longest silence of the origin within an answer; time in which the visitor does not read is not counted.',
  },
  streamIdleTimeoutMs: {
    kind: 'durationMs', min: 1_000, max: 86_400_000, default: 300_000, applies: 'live',
    sentence: 'The same for route class stream (server-sent events, long polls) and for upgraded connections in both directions.',
  },
  totalTimeoutMs: {
    kind: 'durationMs', min: 1_000, max: 86_400_000, default: 3_600_000, applies: 'live',
    sentence: 'Longest time of a whole exchange, except route class stream; stops an origin that trickles for ever.',
  },
  connections: {
    kind: 'count', min: 1, max: 4_096, default: 128, applies: 'live',
    sentence: 'Connections to one upstream from one worker thread; the real limit on the origin is the admission limit, this one only bounds sockets.',
  },
  upgradeConnections: {
    kind: 'count', min: 0, max: 4_096, default: 128, applies: 'live',
    sentence: 'Upgraded (WebSocket) connections to one upstream from one worker thread; each stays open for as long as the visitor likes.',
  },
  keepAliveMs: {
    kind: 'durationMs', min: 100, max: 600_000, default: 4_000, applies: 'live',
    sentence: 'Idle connections are closed after this; keep it below the keep-alive time of the origin. A Keep-Alive hint of the origin is followed.',
    source: 'shortest common keep-alive of origins is 5 s (Node before 24, Apache)',
  },
  answerHeadBytes: {
    kind: 'bytes', min: 4_096, max: 1_048_576, default: 65_536, applies: 'live',
    sentence: 'Largest header section accepted from the origin.',
    source: 'HAProxy 16 KiB, Envoy 60 KiB, Apache 8 KiB a line; large cookies and policies exist',
  },
  retryShare: {
    kind: 'share', min: 0, max: 0.5, default: 0.1, applies: 'live',
    sentence: 'Second tries may be at most this share of all requests; 0 switches them off.',
    source: 'Google SRE book, Handling Overload: 10 %',
  },
  hostOverride: {
    kind: 'text', default: '', form: 'host or host:port, or empty', applies: 'live',
    check: (value) => (/^[A-Za-z0-9.:[\]-]*$/.test(value) ? null : 'only a host name or address, with a port if needed'),
    sentence: 'Host sent to the origin instead of the visitor\'s; empty keeps the visitor\'s (X-Forwarded-Host always says it).',
  },
  sendForwarded: {
    kind: 'flag', default: false, applies: 'live',
    sentence: 'Also send Forwarded (RFC 7239) beside X-Forwarded-For, -Proto and -Host.',
  },
  sendVia: {
    kind: 'flag', default: true, applies: 'live',
    sentence: 'Send Via, by which loops are found. An nginx origin stops compressing when it sees Via, unless it says gzip_proxied any.',
    source: 'RFC 9110 section 7.6.3',
  },
  dropUnderscoreNames: {
    kind: 'flag', default: true, applies: 'live',
    sentence: 'Drop request fields with an underscore in the name: CGI-like origins cannot tell X_Real_IP from X-Real-IP.',
    source: 'nginx underscores_in_headers off',
  },
  hideAnswerFields: {
    kind: 'textList', default: ['alt-svc'], maxItems: 64, form: 'lower-case field name', applies: 'live',
    check: (value) => (/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(value) ? null : 'not a lower-case field name'),
    sentence: 'Answer fields of the origin that visitors must not see. Alt-Svc would lead them past the shield.',
  },
  tlsCaFile: {
    kind: 'text', default: '', form: 'path of a PEM file, or empty', applies: 'live',
    sentence: 'Certificate authority for https upstreams, instead of the system\'s.',
  },
  tlsServerName: {
    kind: 'text', default: '', form: 'host name, or empty', applies: 'live',
    sentence: 'Name asked for and verified in TLS to https upstreams; empty takes the name in the upstream\'s URL.',
  },
  tlsVerify: {
    kind: 'flag', default: true, applies: 'live',
    sentence: 'Verify the certificate of https upstreams. Off only for a test on the same machine.',
  },
  ejectAfterFailures: {
    kind: 'count', min: 1, max: 1_000, default: 5, applies: 'live',
    sentence: 'Failures in a row (no connection, cut, timeout, bad answer) after which an upstream gets no traffic for a while.',
    source: 'Envoy outlier detection consecutive_5xx 5',
  },
  ejectFailureShare: {
    kind: 'share', min: 0.01, max: 1, default: 0.5, applies: 'live',
    sentence: 'Share of failed tries within 10 s (at least 20 tries) that ejects an upstream as well.',
  },
  ejectOnServerErrors: {
    kind: 'flag', default: false, applies: 'live',
    sentence: 'Count answers 502, 503 and 504 as failures of the upstream: right when the upstream is itself a proxy.',
  },
  ejectionMs: {
    kind: 'durationMs', min: 100, max: 600_000, default: 1_000, applies: 'live',
    sentence: 'First time out; it doubles with each ejection that follows soon.',
  },
  ejectionMaxMs: {
    kind: 'durationMs', min: 100, max: 3_600_000, default: 30_000, applies: 'live',
    sentence: 'Longest time out of an upstream that keeps failing.',
    source: 'Envoy base_ejection_time 30 s',
  },
  panicInFlight: {
    kind: 'count', min: 1, max: 4_096, default: 16, applies: 'live',
    sentence: 'When every upstream is failing, this many requests per upstream and worker still go through; the rest fails at once, so that old copies are served without waiting.',
  },
  checkPath: {
    kind: 'text', default: '', form: 'path starting with /, or empty', applies: 'live',
    check: (value) => (value === '' || /^\/[\x21-\x7e]*$/.test(value) ? null : 'must start with / and hold no spaces'),
    sentence: 'Page fetched regularly from every upstream to see whether it lives; empty switches the active check off.',
  },
  checkIntervalMs: {
    kind: 'durationMs', min: 500, max: 3_600_000, default: 5_000, applies: 'live',
    sentence: 'Time between two active checks of an upstream, by each worker.',
  },
  checkTimeoutMs: {
    kind: 'durationMs', min: 100, max: 60_000, default: 2_000, applies: 'live',
    sentence: 'Time an active check may take.',
  },
  checkStatus: {
    kind: 'count', min: 0, max: 599, default: 0, applies: 'live',
    sentence: 'Status an active check must have; 0 accepts 200 to 399.',
  },
  checkFailures: {
    kind: 'count', min: 1, max: 100, default: 3, applies: 'live',
    sentence: 'Failed active checks in a row after which the upstream is ejected.',
  },
} as const satisfies OptionTable

export type OriginSettings = OptionValues<typeof originOptions>

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 }

/** `search=10s` → its class and ms, or what is wrong with it. */
export function parseClassTimeout(text: string): { routeClass: RouteClass; ms: number } | string {
  const match = /^([a-z]+)=(\d{1,7})(ms|s|m)$/.exec(text)
  if (match === null) return 'must look like search=10s'
  const routeClass = routeClasses.find((name) => name === match[1])
  if (routeClass === undefined) return `${match[1]} is not a route class`
  const ms = Number(match[2]) * durationUnits[match[3]]
  if (ms < 100 || ms > 3_600_000) return 'must be between 100ms and 60m'
  return { routeClass, ms }
}
