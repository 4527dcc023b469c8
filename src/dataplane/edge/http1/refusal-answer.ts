import { STATUS_CODES } from 'node:http'
import type { Reason } from '../../../contract/reason.ts'
import type { WallMs } from '../../../kernel/clock.ts'

/**
 * The answer to input that never became a request: short, the same for everybody, nothing of the input repeated, and the connection ends with it.
 * A Date is required in 4xx (RFC 9110 section 6.6.1); its text is made once a second at most.
 */
export function refusalAnswer(status: number, reason: Reason, now: WallMs): Buffer {
  const phrase = STATUS_CODES[status] ?? 'Refused'
  const body = `${status} ${phrase} (${reason})\n`
  return Buffer.from(
    `HTTP/1.1 ${status} ${phrase}\r\ndate: ${dateText(now)}\r\ncontent-type: text/plain\r\npolder-reason: ${reason}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  )
}

let dateSecond = -1
let date = ''

function dateText(now: WallMs): string {
  const second = Math.floor(now / 1_000)
  if (second !== dateSecond) {
    dateSecond = second
    date = new Date(second * 1_000).toUTCString()
  }
  return date
}
