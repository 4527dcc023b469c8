/**
 * HTTP/2 requests that would turn into something else when written as HTTP/1 (downgrade), and messages whose parts contradict each other.
 * Sources: RFC 9113 sections 8.1 to 8.3 and 10.3; J. Kettle, "HTTP/2: The Sequel is Always Worse" (2021).
 */
import { fieldBlock, FLAG, FRAME, frame, request } from '../../../src/dataplane/edge/http2/raw-frames.ts'

type Fields = ReadonlyArray<readonly [name: string, value: string]>

export interface Http2Shape {
  readonly family: string
  readonly name: string
  /** All frames of stream 1. */
  bytes(canary: string): Buffer
  /** The request is whole before the connection breaks: it may reach the origin first. */
  readonly mayReach?: true
}

const base = (method = 'GET', path = '/attack'): Fields => [[':method', method], [':scheme', 'https'], [':authority', 'polder.test'], [':path', path]]
const without = (name: string): Fields => base().filter(([one]) => one !== name)
const replaced = (name: string, value: string): Fields => base().map(([one, old]) => [one, one === name ? value : old] as const)
const smuggled = (canary: string): string => `GET ${canary} HTTP/1.1\r\nHost: polder.test\r\n\r\n`
const data = (text: string, end = true): Buffer => frame(FRAME.data, end ? FLAG.endStream : 0, 1, Buffer.from(text, 'latin1'))
const plain = (fields: Fields): Buffer => request(1, fields)
/** `fields` with content `text`. */
const posted = (extra: Fields, text: string, method = 'POST'): Buffer => Buffer.concat([request(1, [...base(method), ...extra], false), data(text)])

const shapes: Http2Shape[] = []
function family(name: string, members: ReadonlyArray<readonly [name: string, bytes: (canary: string) => Buffer, mayReach?: true]>): void {
  for (const [member, bytes, mayReach] of members) shapes.push({ family: name, name: member, bytes, mayReach })
}

family('HTTP/2 names and values', [
  ['upper-case name', () => plain([...base(), ['X-A', 'b']])],
  ['name with a colon', () => plain([...base(), ['transfer-encoding: chunked', 'x']])],
  ['name with a space', () => plain([...base(), ['x y', 'b']])],
  ['name with CR LF', (c) => plain([...base(), [`x: y\r\n\r\n${smuggled(c)}x`, 'b']])],
  ['name with a bare LF', () => plain([...base(), ['x\ntransfer-encoding', 'chunked']])],
  ['empty name', () => plain([...base(), ['', 'b']])],
  ['name with NUL', () => plain([...base(), ['x\0y', 'b']])],
  ['value with CR LF', (c) => plain([...base(), ['x', `a\r\n\r\n${smuggled(c)}`]])],
  ['value with CR LF and a field', (c) => posted([['x', 'a\r\ntransfer-encoding: chunked']], `0\r\n\r\n${smuggled(c)}`)],
  ['value with a bare LF', () => plain([...base(), ['x', 'a\nhost: evil.test']])],
  ['value with a bare CR', () => plain([...base(), ['x', 'a\rb']])],
  ['value with NUL', () => plain([...base(), ['x', 'a\0b']])],
  ['value with a space before', () => plain([...base(), ['x', ' a']])],
  ['transfer-encoding: chunked', (c) => posted([['transfer-encoding', 'chunked']], `0\r\n\r\n${smuggled(c)}`)],
  ['connection: transfer-encoding', () => plain([...base(), ['connection', 'transfer-encoding']])],
  ['upgrade: h2c', () => plain([...base(), ['upgrade', 'h2c'], ['http2-settings', 'AAMAAABk']])],
  ['keep-alive', () => plain([...base(), ['keep-alive', 'timeout=5']])],
  ['te: chunked', () => plain([...base(), ['te', 'chunked']])],
  ['content_length with an underscore', (c) => posted([['content_length', '0']], smuggled(c))],
  ['expect: 100-continue', (c) => posted([['expect', '100-continue']], smuggled(c))],
  ['expect: something else', (c) => posted([['expect', 'x']], smuggled(c))],
])
family('HTTP/2 pseudo fields', [
  [':path twice', (c) => plain([...base(), [':path', c]])],
  [':method twice', () => plain([...base(), [':method', 'POST']])],
  [':authority twice', () => plain([...base(), [':authority', 'evil.test']])],
  ['after regular fields', (c) => plain([...without(':path'), ['x', 'y'], [':path', c]])],
  ['unknown', () => plain([...base(), [':evil', 'x']])],
  [':status in a request', () => plain([...base(), [':status', '200']])],
  ['no :method', () => plain(without(':method'))],
  ['no :path', () => plain(without(':path'))],
  ['no :scheme', () => plain(without(':scheme'))],
  ['no :authority and no host', () => plain(without(':authority'))],
  ['host instead of :authority', () => plain([...without(':authority'), ['host', 'polder.test']])],
  [':authority and another host', () => plain([...base(), ['host', 'evil.test']])],
  ['host twice', () => plain([...base(), ['host', 'polder.test'], ['host', 'evil.test']])],
  [':authority with user information', () => plain(replaced(':authority', 'evil@polder.test'))],
  [':authority with CR LF', (c) => plain(replaced(':authority', `polder.test\r\n\r\n${smuggled(c)}`))],
  [':authority with a path', () => plain(replaced(':authority', 'polder.test/x?'))],
  [':path with a space', (c) => plain(replaced(':path', `/attack HTTP/1.1 ${c}`))],
  [':path with CR LF', (c) => plain(replaced(':path', `/attack HTTP/1.1\r\nhost: x\r\n\r\nGET ${c}`))],
  [':path absolute', () => plain(replaced(':path', 'http://evil.test/attack'))],
  [':path without a slash', () => plain(replaced(':path', 'attack'))],
  [':path empty', () => plain(replaced(':path', ''))],
  [':path *', () => plain(replaced(':path', '*'))],
  [':path with a fragment', () => plain(replaced(':path', '/attack#x'))],
  [':path with high bytes', () => plain(replaced(':path', '/att\xe4ck'))],
  [':method with CR LF', (c) => plain(replaced(':method', `GET ${c} HTTP/1.1\r\nhost: x\r\n\r\nGET`))],
  [':method with a space', (c) => plain(replaced(':method', `GET ${c}`))],
  [':method unknown', () => plain(replaced(':method', 'FOO'))],
  [':method CONNECT', () => plain([[':method', 'CONNECT'], [':authority', 'polder.test:80']])],
  [':protocol (extended CONNECT)', () => plain([...replaced(':method', 'CONNECT'), [':protocol', 'websocket']])],
  [':scheme http on TLS', () => plain(replaced(':scheme', 'http'))],
  [':scheme with a URL', () => plain(replaced(':scheme', 'https://evil.test/x?'))],
])
family('HTTP/2 content', [
  ['content-length below the content', (c) => posted([['content-length', '3']], smuggled(c))],
  ['content-length above the content', (c) => posted([['content-length', String(smuggled(c).length + 9)]], smuggled(c))],
  ['content-length 0 with content', (c) => posted([['content-length', '0']], smuggled(c))],
  ['content-length without content', () => plain([...base('POST'), ['content-length', '5']])],
  ['content-length twice', (c) => posted([['content-length', String(smuggled(c).length)], ['content-length', '0']], smuggled(c))],
  ['content-length +5', () => posted([['content-length', '+5']], 'aaaaa')],
  ['content-length 5, 5', () => posted([['content-length', '5, 5']], 'aaaaa')],
  ['no content-length', (c) => posted([], smuggled(c))],
  ['GET with content', (c) => posted([], smuggled(c), 'GET')],
  ['HEAD with content', (c) => posted([], smuggled(c), 'HEAD')],
  ['GET with content and its length', (c) => posted([['content-length', String(smuggled(c).length)]], smuggled(c), 'GET')],
  ['content that looks like a last chunk', (c) => posted([], `0\r\n\r\n${smuggled(c)}`)],
  ['trailers with a pseudo field', (c) => trailed([[':path', c]])],
  ['trailers with content-length', () => trailed([['content-length', '5']])],
  ['trailers with transfer-encoding', () => trailed([['transfer-encoding', 'chunked']])],
  ['trailers with CR LF', (c) => trailed([['x', `a\r\n\r\n${smuggled(c)}`]])],
  ['trailers with an upper-case name', () => trailed([['X-A', 'b']])],
  ['trailers, harmless', () => trailed([['x-checksum', '5']])],
  ['second fields that do not end the stream', () => Buffer.concat([request(1, base('POST'), false), data('aaaaa', false), frame(FRAME.headers, FLAG.endHeaders, 1, fieldBlock([['x', 'y']]))])],
  ['content after the end', (c) => Buffer.concat([request(1, base('POST', '/perhaps'), false), data('aaaaa'), data(smuggled(c))]), true],
])

function trailed(fields: Fields): Buffer {
  return Buffer.concat([request(1, base('POST'), false), data('aaaaa', false), frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, fieldBlock(fields))])
}

export const http2Shapes: readonly Http2Shape[] = shapes
