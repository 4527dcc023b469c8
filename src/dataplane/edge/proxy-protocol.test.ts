import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readProxyHeader } from './proxy-protocol.ts'

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

function v2(command: number, family: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head[0] = command
  head[1] = family
  head.writeUInt16BE(body.length, 2)
  return Buffer.concat([SIGNATURE, head, body])
}

const v4Body = Buffer.from([192, 0, 2, 9, 203, 0, 113, 1, 0x12, 0x34, 1, 187])
const v6Body = Buffer.concat([Buffer.from('20010db8000000000000000000000005', 'hex'), Buffer.alloc(16, 1), Buffer.from([1, 2, 3, 4])])
const tlv = Buffer.from([4, 0, 3, 1, 2, 3])

const good: ReadonlyArray<readonly [name: string, header: Buffer, source: string | null]> = [
  ['v1 TCP4', Buffer.from('PROXY TCP4 192.0.2.9 203.0.113.1 56324 443\r\n'), '192.0.2.9'],
  ['v1 TCP6', Buffer.from('PROXY TCP6 2001:db8::5 2001:db8::6 56324 443\r\n'), '2001:db8::5'],
  ['v1 longest', Buffer.from('PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65535\r\n'), 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['v1 UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), null],
  ['v1 UNKNOWN with noise', Buffer.from('PROXY UNKNOWN a b c\r\n'), null],
  ['v2 TCP4', v2(0x21, 0x11, v4Body), '192.0.2.9'],
  ['v2 TCP4 with TLV', v2(0x21, 0x11, Buffer.concat([v4Body, tlv])), '192.0.2.9'],
  ['v2 TCP6', v2(0x21, 0x21, v6Body), '2001:db8:0:0:0:0:0:5'],
  ['v2 LOCAL', v2(0x20, 0x00, Buffer.alloc(0)), null],
  ['v2 LOCAL with address', v2(0x20, 0x11, v4Body), null],
  ['v2 UNSPEC', v2(0x21, 0x00, Buffer.from('whatever')), null],
  ['v2 UNIX', v2(0x21, 0x31, Buffer.alloc(216)), null],
]

const bad: ReadonlyArray<readonly [name: string, bytes: Buffer]> = [
  ['a request without header', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a TLS hello without header', Buffer.from('160301020001', 'hex')],
  ['v1 without CR', Buffer.from('PROXY TCP4 192.0.2.9 203.0.113.1 1 2\n')],
  ['v1 CR inside', Buffer.from('PROXY TCP4 192.0.2.9\r 203.0.113.1 1 2\r\n')],
  ['v1 two spaces', Buffer.from('PROXY  TCP4 192.0.2.9 203.0.113.1 1 2\r\n')],
  ['v1 family and address differ', Buffer.from('PROXY TCP4 2001:db8::5 2001:db8::6 1 2\r\n')],
  ['v1 mixed addresses', Buffer.from('PROXY TCP6 2001:db8::5 192.0.2.9 1 2\r\n')],
  ['v1 port too high', Buffer.from('PROXY TCP4 192.0.2.9 203.0.113.1 65536 2\r\n')],
  ['v1 port with leading zero', Buffer.from('PROXY TCP4 192.0.2.9 203.0.113.1 01 2\r\n')],
  ['v1 one word too many', Buffer.from('PROXY TCP4 192.0.2.9 203.0.113.1 1 2 3\r\n')],
  ['v1 endless', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}`)],
  ['v1 lower case', Buffer.from('PROXY tcp4 192.0.2.9 203.0.113.1 1 2\r\n')],
  ['v1 zone', Buffer.from('PROXY TCP6 fe80::1%eth0 2001:db8::6 1 2\r\n')],
  ['v2 wrong version', v2(0x11, 0x11, v4Body)],
  ['v2 unknown command', v2(0x22, 0x11, v4Body)],
  ['v2 unknown family', v2(0x21, 0x41, v4Body)],
  ['v2 unknown transport', v2(0x21, 0x13, v4Body)],
  ['v2 datagram', v2(0x21, 0x12, v4Body)],
  ['v2 too short for its family', v2(0x21, 0x21, v4Body)],
  ['v2 torn TLV', v2(0x21, 0x11, Buffer.concat([v4Body, tlv.subarray(0, 4)]))],
  ['v2 too long', Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 0x10, 0x01])])],
]

describe('PROXY protocol', () => {
  for (const [name, header, source] of good) {
    it(`reads ${name}, at every split of the bytes, and takes nothing of what follows`, () => {
      const after = Buffer.from('GET / HTTP/1.1\r\n')
      const whole = Buffer.concat([header, after])
      for (let length = 0; length < header.length; length++) assert.deepEqual(readProxyHeader(whole.subarray(0, length)), { kind: 'more' }, `${length} bytes`)
      for (const bytes of [header, whole]) assert.deepEqual(readProxyHeader(bytes), { kind: 'done', source, bytes: header.length })
    })
  }

  for (const [name, bytes] of bad) {
    it(`refuses ${name}, and keeps refusing whatever follows`, () => {
      assert.deepEqual(readProxyHeader(bytes), { kind: 'bad' })
      assert.deepEqual(readProxyHeader(Buffer.concat([bytes, Buffer.alloc(5_000, 0x0a)])), { kind: 'bad' })
    })
  }

  it('decides about any bytes within its bound', () => {
    const start = fc.constantFrom(Buffer.from('PROXY '), Buffer.from('PROXY TCP4 '), SIGNATURE, Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11])]), Buffer.alloc(0))
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (head, noise) => {
        const long = Buffer.concat([head, noise, Buffer.alloc(4_200)])
        assert.notEqual(readProxyHeader(long).kind, 'more')
        // Once decided, more bytes do not change it
        for (let length = 1; length < head.length + noise.length; length += 7) {
          const early = readProxyHeader(long.subarray(0, length))
          if (early.kind !== 'more') assert.deepEqual(readProxyHeader(long), early)
        }
      }),
      { numRuns: 500 },
    )
  })
})
