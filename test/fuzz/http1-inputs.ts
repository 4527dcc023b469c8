import { readFileSync, readdirSync } from 'node:fs'
import type { SeededRandom } from '../../src/kernel/random.ts'

/** Makes HTTP/1 byte streams, most of them nearly right: whole messages from a grammar with poisoned parts, then bytes changed at random. */
export class Http1Inputs {
  readonly #random: SeededRandom
  readonly #seeds: readonly Buffer[]

  constructor(random: SeededRandom, seeds: readonly Buffer[]) {
    this.#random = random
    this.#seeds = seeds
  }

  next(): Buffer {
    const random = this.#random
    const fromSeed = this.#seeds.length > 0 && random.below(8) === 0
    let input = fromSeed ? this.#pick(this.#seeds) : Buffer.from(this.#stream(), 'latin1')
    if (fromSeed || random.below(3) === 0) for (let n = 1 + random.below(3); n > 0; n--) input = this.#mutate(input)
    return input
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]
  }

  /** One in `odds`. */
  #seldom(odds: number): boolean {
    return this.#random.below(odds) === 0
  }

  #stream(): string {
    let text = this.#seldom(20) ? this.#pick(['\r\n', '\n', '\r', '\r\n\r\n', ' ']) : ''
    for (let n = 1 + this.#random.below(3); n > 0; n--) text += this.#message()
    return text
  }

  #message(): string {
    const version = this.#seldom(12) ? this.#pick(versions) : 'HTTP/1.1'
    const method = this.#seldom(6) ? this.#pick(oddMethods) : this.#pick(['GET', 'POST', 'HEAD', 'PUT'])
    const target = this.#seldom(6) ? this.#pick(oddTargets) : '/a?b=c'
    const space = this.#seldom(120) ? this.#pick(['  ', '\t', '', '\r', '\x0b', ' \t']) : ' '
    const lineEnd = this.#seldom(150) ? this.#pick(lineEnds) : '\r\n'
    let head = `${method}${space}${target}${this.#seldom(150) ? '  ' : ' '}${version}${lineEnd}`
    const fields: string[] = []
    if (!this.#seldom(40)) fields.push(this.#field('Host', this.#seldom(15) ? this.#pick(oddHosts) : 'example.org'))
    for (let n = this.#random.below(3); n > 0; n--) fields.push(this.#seldom(5) ? this.#pick(oddFields) : this.#field(this.#pick(names), this.#pick(values)))
    const content = this.#content(fields)
    while (fields.length > 0) head += fields.splice(this.#random.below(fields.length), 1)[0]
    return `${head}${this.#seldom(150) ? this.#pick(lineEnds) : '\r\n'}${content}`
  }

  #field(name: string, value: string): string {
    const colon = this.#seldom(90) ? this.#pick([' :', ':', '\t:', '', ' ', ': :', ':\t', ':\0']) : ': '
    const tail = this.#seldom(20) ? this.#pick([' ', '\t', '  \t ', '\x0b', '\x0c', '\0', '\x85', '\xa0']) : ''
    return `${name}${colon}${value}${tail}${this.#seldom(150) ? this.#pick(lineEnds) : '\r\n'}`
  }

  #content(fields: string[]): string {
    const kind = this.#random.below(6)
    if (kind <= 1) {
      if (this.#seldom(8)) fields.push(this.#field('Content-Length', '0'))
      return ''
    }
    if (kind <= 3) {
      const content = this.#pick(contents)
      const length = this.#seldom(4) ? this.#pick(oddLengths) : String(content.length)
      fields.push(this.#field(this.#pick(['Content-Length', 'content-length', 'CONTENT-LENGTH']), length))
      if (this.#seldom(12)) fields.push(this.#field('Content-Length', this.#pick([length, ...oddLengths])))
      if (this.#seldom(12)) fields.push(this.#field('Transfer-Encoding', this.#pick(codings)))
      if (this.#seldom(12)) fields.push(this.#field('Expect', this.#pick(['100-continue', '100-Continue', '200-ok', '', '100-continue, x'])))
      return content
    }
    fields.push(this.#field(this.#pick(['Transfer-Encoding', 'transfer-encoding', 'Transfer-encodinG']), this.#seldom(4) ? this.#pick(codings) : 'chunked'))
    if (this.#seldom(15)) fields.push(this.#field('Transfer-Encoding', this.#pick(codings)))
    if (this.#seldom(15)) fields.push(this.#field('Content-Length', this.#pick(oddLengths)))
    let content = ''
    for (let n = this.#random.below(4); n > 0; n--) {
      const chunk = this.#pick(contents)
      if (chunk.length === 0) continue
      const size = this.#seldom(12) ? this.#pick(oddSizes) : this.#seldom(3) ? chunk.length.toString(16).toUpperCase() : chunk.length.toString(16)
      const extension = this.#seldom(5) ? this.#pick(extensions) : ''
      content += `${size}${extension}${this.#seldom(90) ? this.#pick(lineEnds) : '\r\n'}${chunk}${this.#seldom(90) ? this.#pick(lineEnds) : '\r\n'}`
    }
    const last = this.#seldom(12) ? this.#pick(['00', '0;a=b', '0 ', '', '000000000', '0\r']) : '0'
    content += `${last}${this.#seldom(120) ? this.#pick(lineEnds) : '\r\n'}`
    if (this.#seldom(5)) content += this.#seldom(2) ? this.#pick(oddFields) : this.#field(this.#pick(names), this.#pick(values))
    return `${content}${this.#seldom(90) ? this.#pick(lineEnds) : '\r\n'}`
  }

  #mutate(input: Buffer): Buffer {
    const random = this.#random
    if (input.length === 0) return input
    const at = random.below(input.length)
    switch (random.below(7)) {
      case 0: {
        const copy = Buffer.from(input)
        copy[at] = random.below(256)
        return copy
      }
      case 1: {
        const copy = Buffer.from(input)
        copy[at] = this.#pick(special)
        return copy
      }
      case 2:
        return Buffer.concat([input.subarray(0, at), Buffer.from([this.#pick(special)]), input.subarray(at)])
      case 3:
        return Buffer.concat([input.subarray(0, at), input.subarray(Math.min(input.length, at + 1 + random.below(6)))])
      case 4: {
        const part = input.subarray(at, Math.min(input.length, at + 1 + random.below(30)))
        return Buffer.concat([input.subarray(0, at), part, input.subarray(at)])
      }
      case 5:
        return Buffer.concat([input.subarray(0, at), Buffer.from(this.#pick(splices), 'latin1'), input.subarray(at)])
      default: {
        const copy = Buffer.from(input)
        copy[at] ^= 1 << random.below(8)
        return copy
      }
    }
  }
}

/** Escapes \r \n \t \\ and \xHH so that a stream fits a text file; a real line end is only layout. */
export function escapeStream(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes) {
    if (byte === 13) text += '\\r'
    else if (byte === 10) text += '\\n\n'
    else if (byte === 9) text += '\\t'
    else if (byte === 92) text += '\\\\'
    else if (byte < 0x20 || byte > 0x7e) text += `\\x${byte.toString(16).padStart(2, '0')}`
    else text += String.fromCharCode(byte)
  }
  return text
}

export function unescapeStream(text: string): Buffer {
  const plain = text.replaceAll(/\r?\n/g, '').replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, letter: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    return letter === 'r' ? '\r' : letter === 'n' ? '\n' : letter === 't' ? '\t' : letter
  })
  return Buffer.from(plain, 'latin1')
}

/** Streams kept because something once went wrong with them, or does elsewhere; each file is named after the mistake. */
export function readSeeds(): Array<{ name: string; bytes: Buffer }> {
  const folder = new URL('seeds/', import.meta.url)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .toSorted()
    .map((name) => ({ name: name.slice(0, -4), bytes: unescapeStream(readFileSync(new URL(name, folder), 'latin1')) }))
}

const versions = ['HTTP/1.0', 'HTTP/1.0', 'HTTP/1.1', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'HTTP/1.10', 'HTTP/01.1', 'http/1.1', 'HTTP/1', 'HTTP/1.1 ', 'HTTP/ 1.1', 'HTTPS/1.1', 'RTSP/1.0', 'ICE/1.0', '']
const oddMethods = ['OPTIONS', 'DELETE', 'PATCH', 'TRACE', 'CONNECT', 'PRI', 'SOURCE', 'get', 'GE', 'GETT', 'PROPFIND', 'M-SEARCH', 'QUERY', 'FLUSH', 'UNSUBSCRIBE', 'UNSUBSCRIBER', 'A'.repeat(20), 'G\0T', 'DESCRIBE', 'LINK', 'MKACTIVITY', 'PURGE']
const oddTargets = [
  '/', '*', '/a#b', 'http://example.org/x?y', 'https://example.org', 'HTTP://EXAMPLE.org:80/%zz', 'http://', 'http:///x', 'http://a@b/', 'example.org:80', 'a', '//x/y', '/\x80', '/\xff', '/a b',
  '/"<>^`{|}', '/\\..\\x', '/\x7f', '/\0', '?x', 'ftp://x/', 'http://example.org?q', 'http://[::1]:8080/x', 'http://[::1/x', '/a%00', '/;x=1', `/${'a'.repeat(300)}`, 'http://example.org#f', '', 'http:/x', 'http:x',
]
const oddHosts = ['', 'a b', 'a,b', 'example.org:', 'example.org:80', 'example.org:99999', 'EXAMPLE.ORG', '[::1]', '[::1]:80', '[::1', 'a@b', 'a/b', '127.0.0.1', 'x%20y', 'a\tb', 'a:b', 'ä', '_x.y', '[v1.a]', 'a#b', 'a?b', '.']
const names = ['Accept', 'X-Y', 'Cookie', 'Connection', 'Upgrade', 'TE', 'Trailer', 'Keep-Alive', 'a', 'X_Z', 'Content-Type', 'User-Agent', 'Proxy-Connection', 'Expect', "!#$%&'*+-.^_`|~", 'Transfer-Encoding ', 'Content-Length\0', 'X(Y', 'X"Y', 'H\x80']
const values = [
  '', 'x', 'close', 'keep-alive', 'Keep-Alive', 'upgrade', 'close, keep-alive', 'keep-alive, close', 'keep-alive,Upgrade', 'CLOSE', 'clos', 'closed', 'x, close', 'close;q=1', '"close"', 'websocket', 'h2c', 'trailers', 'a, b ,c', 'x\ty', '\x80\xff', '100-continue',
  'x\0y', 'x\x01', 'x\x7f', 'x\ry', 'x\ny', 'x\r\n y', 'x\r\n\ty', 'content-length', 'host', ', ,', ',close', 'close,', 'upgrade, close', 'chunked', '  spaced  ', 'keep-alive keep-alive', 'close close', 'keep-alive\tclose',
]
const oddFields = [
  ' folded: x\r\n', '\tfolded\r\n', ': x\r\n', 'X: y\n', 'X: y\r', 'X y\r\n', 'X\r\n', 'Host: example.org\r\n', 'Host: other.org\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding:\x0bchunked\r\n', 'Transfer-Encoding\x00: chunked\r\n',
  'Content_Length: 5\r\n', 'Connection: close\r\n', 'Connection: upgrade\r\nUpgrade: websocket\r\n', 'Expect: 100-continue\r\n', 'X: y\r\r\n', 'X: y\n\r\n', 'X:\r\n y\r\n', 'X:\r\n', '\r\n', '\n', 'Transfer-Encoding: identity\r\n', 'Upgrade: x\r\n', 'Proxy-Connection: close\r\n', 'Proxy-Connection: keep-alive\r\n',
]
const lineEnds = ['\n', '\r', '\r\r\n', '\n\r', '\r\n ', '\n\n', '', ' \r\n', '\0\r\n', '\r\n\r\n', '\x0b\r\n', '\x85']
const contents = ['', 'x', 'hello', '0\r\n\r\n', 'GET /inner HTTP/1.1\r\nHost: inner\r\n\r\n', 'a'.repeat(16), 'b'.repeat(70), '\r\n', '\0\0\0']
const oddLengths = ['', '0', '00', '5', '05', '+5', '-5', '5 5', '5,5', '5, 5', '0x5', '5.0', '5e0', '18446744073709551616', '18446744073709551617', '9007199254740993', '99999999999999', '999999999999999999999', ' 5', '5\t', '５', '5;', '4294967301', '1_0']
const codings = ['chunked', 'Chunked', 'CHUNKED', 'chunked, chunked', 'gzip, chunked', 'chunked, gzip', 'gzip', 'identity', 'identity, chunked', 'chunked, identity', 'xchunked', 'chunkedx', '', ' chunked ', 'chunked;q=1', '"chunked"', 'chunked,', ',chunked', 'chunk ed', '\x0bchunked', 'chunked\0', 'x\r\n chunked']
const oddSizes = ['', '-1', '+1', '0x1', '1 ', ' 1', '1\t', '00000001', '000000001', 'FFFFFFFF', '100000000', 'ffffffffffffffff', '10000000000000000', 'g', '1g', '1_0', '1.0', '01', '\x801', '1;', '1 ;a=b']
const extensions = [';a', ';a=b', ';a="b"', ';a=b;c=d', ' ;a=b', '; a=b', ';a =b', ';a= b', ';a="b', ';a="b\\"c"', ';a="b\r\nc"', ';a=b\nc', ';', ';;', ';=b', ';a=', ';a=""', ';a="b"x', ';a="b" ', ';a\x80', ';a="\x80"', ';a="b\tc"', ';a="\0"', ';a=b"c"', ';a="b";c', ';"a"=b', ';a=b,c', ';a=b\\']
const special = [0, 9, 10, 11, 12, 13, 32, 34, 35, 44, 45, 48, 49, 58, 59, 61, 92, 95, 127, 128, 133, 160, 255]
const splices = ['\r\n', '\r\n\r\n', '0\r\n\r\n', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', '\r\nGET /spliced HTTP/1.1\r\nHost: s\r\n\r\n', 'chunked', ' ', '\n\n', 'HTTP/1.1', '\r\nConnection: close\r\n']
