import type { PreparedAnswer } from '../../request.ts'
import { LENGTH_AS_GIVEN, NO_CONTENT, writeHead } from './response-head.ts'

/** Up to here copying the body behind the head costs less than a second buffer in the write. */
const INLINE_BODY_BYTES = 16_384

/**
 * What goes out for `answer` on a keep-alive HTTP/1.1 connection, made once and kept in `answer.wire`.
 * A body above INLINE_BODY_BYTES is not in it: the wire image is then the head alone and the body follows in the same write.
 */
export function imageOf(answer: PreparedAnswer): Uint8Array {
  if (answer.wire !== null) return answer.wire
  const framing = preparedFraming(answer)
  const head = writeHead(answer.status, answer.headers, framing, '')
  const body = inlineBody(answer)
  const wire = Buffer.allocUnsafeSlow(head.length + (body === null ? 0 : body.length))
  wire.write(head, 0, 'latin1')
  if (body !== null) wire.set(body, head.length)
  answer.wire = wire
  return wire
}

/** The body that is part of the wire image, or null. */
export function inlineBody(answer: PreparedAnswer): Uint8Array | null {
  return answer.body !== null && answer.body.length <= INLINE_BODY_BYTES && !isWithoutContent(answer.status) ? answer.body : null
}

export function preparedFraming(answer: PreparedAnswer): number {
  if (answer.status === 204) return NO_CONTENT
  if (answer.status === 304) return LENGTH_AS_GIVEN
  return answer.body === null ? 0 : answer.body.length
}

export function isWithoutContent(status: number): boolean {
  return status === 204 || status === 304
}
