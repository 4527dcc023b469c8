import type { Reason } from '../../contract/reason.ts'

/**
 * Why a try at an upstream failed. Frozen, made once: nothing is built per failure, because failures come in floods.
 */
export interface Fault {
  readonly reason: Reason
  /** For the log and the operator; never sent to a visitor. */
  readonly detail: string
  /** Not one byte of the request left: any request may be tried elsewhere. */
  readonly beforeSending: boolean
  /** Speaks against the upstream's health. False for what the visitor or the shield did. */
  readonly upstreamAtFault: boolean
  readonly kind: 'connect' | 'timeout' | 'reset' | 'answer' | 'shield' | 'visitor'
}

function fault(reason: Reason, kind: Fault['kind'], detail: string): Fault {
  return Object.freeze({
    reason,
    detail,
    kind,
    beforeSending: kind === 'connect',
    upstreamAtFault: kind !== 'shield' && kind !== 'visitor',
  })
}

export const faults = Object.freeze({
  refused: fault('origin-refused', 'connect', 'connection refused'),
  unreachable: fault('origin-refused', 'connect', 'host or network unreachable'),
  noName: fault('origin-refused', 'connect', 'name not resolved'),
  noSocket: fault('origin-refused', 'connect', 'unix socket missing or not allowed'),
  certificate: fault('origin-refused', 'connect', 'TLS: certificate not accepted'),
  tls: fault('origin-refused', 'connect', 'TLS: handshake failed'),
  connectFailed: fault('origin-refused', 'connect', 'connect failed'),
  connectTimeout: fault('origin-timeout', 'connect', 'no connection in time'),
  firstByteTimeout: fault('origin-timeout', 'timeout', 'no answer in time'),
  idleTimeout: fault('origin-timeout', 'timeout', 'answer stalled'),
  totalTimeout: fault('origin-timeout', 'timeout', 'exchange took too long'),
  resetBefore: fault('origin-reset', 'reset', 'connection closed before the answer'),
  resetWithin: fault('origin-reset', 'reset', 'connection closed within the answer'),
  truncated: fault('origin-reset', 'reset', 'answer shorter than it said'),
  badSyntax: fault('origin-bad-answer', 'answer', 'answer is not HTTP/1.1'),
  badField: fault('origin-bad-answer', 'answer', 'header field with a forbidden character'),
  badLength: fault('origin-bad-answer', 'answer', 'content-length is not one decimal number'),
  badChunk: fault('origin-bad-answer', 'answer', 'chunked coding is broken'),
  badCoding: fault('origin-bad-answer', 'answer', 'transfer coding other than chunked'),
  badStatus: fault('origin-bad-answer', 'answer', 'status outside 100 to 599'),
  badSwitch: fault('origin-bad-answer', 'answer', '101 that was not asked for, or to another protocol'),
  headTooLarge: fault('origin-bad-answer', 'answer', 'header section larger than allowed'),
  tooManyInterim: fault('origin-bad-answer', 'answer', 'too many 1xx answers'),
  down: fault('origin-down', 'shield', 'all upstreams are failing; only probes go through'),
  noConnection: fault('limit-shed', 'shield', 'all connections of this worker in use'),
  closed: fault('draining', 'shield', 'origin pool is closed'),
  tunnelIdle: fault('origin-timeout', 'shield', 'upgraded connection was idle'),
  visitorGone: fault('client-aborted', 'visitor', 'visitor left before the protocol changed'),
  upgradeRefused: fault('upgrade-refused', 'visitor', 'not a request to change protocol'),
  loop: fault('loop-detected', 'shield', 'own Via pseudonym in the request'),
  badRequest: fault('bad-request', 'visitor', 'request cannot be put on the wire'),
})

const byCode: ReadonlyMap<string, Fault> = new Map([
  ['ECONNREFUSED', faults.refused],
  ['EHOSTUNREACH', faults.unreachable],
  ['ENETUNREACH', faults.unreachable],
  ['EHOSTDOWN', faults.unreachable],
  ['EADDRNOTAVAIL', faults.unreachable],
  ['ENOTFOUND', faults.noName],
  ['EAI_AGAIN', faults.noName],
  ['ENOENT', faults.noSocket],
  ['EACCES', faults.noSocket],
  ['ETIMEDOUT', faults.connectTimeout],
])

/** The fault behind an error of net or tls that prevented a connection. */
export function connectFault(error: unknown): Fault {
  if (error instanceof AggregateError && error.errors.length > 0) return connectFault(error.errors[0])
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  if (typeof code !== 'string') return faults.connectFailed
  const known = byCode.get(code)
  if (known !== undefined) return known
  if (code.includes('CERT') || code.startsWith('UNABLE_TO_')) return faults.certificate
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return faults.tls
  return faults.connectFailed
}
