/** The request the steps work on: a page opened in a browser. */
import { RequestHead } from '../../src/dataplane/edge/http1/request-head.ts'
import { clientAddress } from '../../src/dataplane/edge/client-address.ts'
import { type Reply, Request } from '../../src/dataplane/request.ts'
import type { MonotonicMs } from '../../src/kernel/clock.ts'

export const HASH_KEY = 0x5eed

export const browserHead = [
  'GET /news/2026/plenary-session-on-the-lake-crossings-bill?page=2 HTTP/1.1',
  'Host: www.parliament.example',
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Chromium";v="141", "Not?A_Brand";v="8"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-User: ?1',
  'Sec-Fetch-Dest: document',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: nl-BE,nl;q=0.9,fr;q=0.8,en;q=0.7',
  '',
  '',
].join('\r\n')

export const minimalHead = 'GET /blocked HTTP/1.1\r\nHost: www.parliament.example\r\n\r\n'

const noReply = Object.freeze({}) as Reply

/** A request as the edge hands it to the pipeline. */
export function typicalRequest(text = browserHead, address = '203.0.113.77'): Request {
  const bytes = Buffer.from(text, 'latin1')
  const head = new RequestHead()
  head.parse(bytes, 0, bytes.length, { requestLineBytes: 8_192, headBytes: 16_384, headerFields: 128 })
  return new Request(head.method, head.target, head.host, 'http', 11, head.headers, clientAddress(address, HASH_KEY)!, null, null, noReply, 0 as MonotonicMs, '')
}
