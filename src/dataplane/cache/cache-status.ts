/**
 * Cache-Status (RFC 9211): what the cache did with a request, in a form that people and tools can read.
 * The forwarded part is made before the origin answers; the rest is added to it when it is known.
 */
const CACHE_NAME = 'Polder'

/** RFC 9211 section 2.2, those that occur here. */
export type ForwardReason = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'request' | 'stale'

/** A stored answer was used. `ttlS` is negative for a stale one. */
export function hitStatus(ttlS: number, detail = ''): string {
  return detail === '' ? `${CACHE_NAME}; hit; ttl=${ttlS}` : `${CACHE_NAME}; hit; ttl=${ttlS}; detail=${detail}`
}

export interface Forwarded {
  readonly why: ForwardReason
  /** Status of the origin's answer; 0 when none came. */
  readonly status?: number
  readonly stored?: boolean
  readonly collapsed?: boolean
  /** Why it was not stored, or which failure: a token. */
  readonly detail?: string
}

/** The request went to the origin (or waited for one that did). */
export function forwardStatus(forwarded: Forwarded): string {
  let text = `${CACHE_NAME}; fwd=${forwarded.why}`
  if (forwarded.status !== undefined && forwarded.status !== 0) text += `; fwd-status=${forwarded.status}`
  if (forwarded.stored === true) text += '; stored'
  if (forwarded.collapsed === true) text += '; collapsed'
  if (forwarded.detail !== undefined && forwarded.detail !== '') text += `; detail=${forwarded.detail}`
  return text
}
