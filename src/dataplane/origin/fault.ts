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
  badCoding: fault('origin-bad-answer', 'answer', 'transfer coding other than chunked'),
  badStatus: fault('origin-bad-answer', 'answer', 'status outside 200 to 599, or 101 without upgrade'),
  headTooLarge: fault('origin-bad-answer', 'answer', 'header section larger than allowed'),
  tooManyInterim: fault('origin-bad-answer', 'answer', 'too many 1xx answers'),
  unrequested: fault('origin-bad-answer', 'answer', 'answer out of turn'),
  down: fault('origin-down', 'shield', 'all upstreams are failing; only probes go through'),
  noConnection: fault('limit-shed', 'shield', 'all connections of this worker in use'),
  closed: fault('draining', 'shield', 'origin pool is closed'),
  loop: fault('loop-detected', 'shield', 'own Via pseudonym in the request'),
  badRequest: fault('bad-request', 'visitor', 'request cannot be put on the wire'),
  shieldError: fault('shield-error', 'shield', 'unexpected error in the origin client'),
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
  ['UND_ERR_CONNECT_TIMEOUT', faults.connectTimeout],
  ['UND_ERR_HEADERS_TIMEOUT', faults.firstByteTimeout],
  ['UND_ERR_BODY_TIMEOUT', faults.idleTimeout],
  ['UND_ERR_HEADERS_OVERFLOW', faults.headTooLarge],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', faults.truncated],
  ['UND_ERR_DESTROYED', faults.closed],
  ['UND_ERR_CLOSED', faults.closed],
  ['UND_ERR_INVALID_ARG', faults.badRequest],
  ['UND_ERR_NOT_SUPPORTED', faults.badRequest],
  ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', faults.badRequest],
])

const resetCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'ENOTCONN', 'UND_ERR_SOCKET', 'UND_ERR_INFO'])

/**
 * The fault behind an error of net, tls or undici.
 * @param sent the request (or part of it) was already written when it happened
 * @param answered a final head was already received
 */
export function faultOf(error: unknown, sent: boolean, answered: boolean): Fault {
  const { code, message, name } = describe(error)
  if (sent && resetCodes.has(code)) {
    if (message === 'bad response' || message === 'bad upgrade') return faults.unrequested
    return answered ? faults.resetWithin : faults.resetBefore
  }
  if (name === 'HTTPParserError') {
    // llhttp says "Invalid EOF state" when the connection ends inside a chunked body: a cut, not bad syntax. It leaves no other mark.
    return message.includes('Invalid EOF state') ? (answered ? faults.truncated : faults.resetBefore) : faults.badSyntax
  }
  const known = byCode.get(code)
  if (known !== undefined) return known
  if (sent) return faults.shieldError
  if (code.includes('CERT') || code.startsWith('UNABLE_TO_') || code === 'DEPTH_ZERO_SELF_SIGNED_CERT') return faults.certificate
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return faults.tls
  if (resetCodes.has(code)) return faults.connectFailed
  return code === '' ? faults.shieldError : faults.connectFailed
}

function describe(error: unknown): { code: string; message: string; name: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0])
  if (!(error instanceof Error)) return { code: '', message: '', name: '' }
  const code = (error as { code?: unknown }).code
  return { code: typeof code === 'string' ? code : '', message: error.message, name: error.name }
}
