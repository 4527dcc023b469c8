import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { HeaderList } from '../../kernel/header-list.ts'
import { clientAddress, elementStart, makeAddressOf, schemeOf, TrustedHops } from './client-address.ts'
import type { ConnectionFacts } from './connection-context.ts'

const KEY = 99
const trusted = new TrustedHops(['10.0.0.0/8', '2001:db8:ffff::/48'])
const xff = makeAddressOf('x-forwarded-for', trusted, KEY)
const forwarded = makeAddressOf('forwarded', trusted, KEY)

function from(peer: string): ConnectionFacts {
  const client = clientAddress(peer, KEY)!
  return { peer: client, tls: null, trustedHop: trusted.has(client), activity: { activeRequests: 0, completedRequests: 0 } }
}

function seen(read: typeof xff, name: string, ...values: string[]): string {
  const headers: HeaderList = values.flatMap((value) => [name, value])
  return read(headers, from('10.0.0.1')).text
}

describe('client key', () => {
  it('is one for a whole IPv6 /64 and differs between neighbours', () => {
    assert.equal(clientAddress('2001:db8:1:2::1', KEY)!.key, clientAddress('2001:db8:1:2:ffff::9', KEY)!.key)
    assert.notEqual(clientAddress('2001:db8:1:2::1', KEY)!.key, clientAddress('2001:db8:1:3::1', KEY)!.key)
    assert.notEqual(clientAddress('192.0.2.1', KEY)!.key, clientAddress('192.0.2.2', KEY)!.key)
  })

  it('depends on the secret, so that nobody can choose addresses that collide', () => {
    assert.notEqual(clientAddress('192.0.2.1', 1)!.key, clientAddress('192.0.2.1', 2)!.key)
  })
})

describe('who is asking', () => {
  it('an untrusted peer cannot say it is somebody else, in any header', () => {
    const facts = from('192.0.2.7')
    fc.assert(
      fc.property(fc.string(), fc.ipV4(), (noise, address) => {
        assert.equal(xff(['x-forwarded-for', address, 'forwarded', `for=${address}`, 'x-forwarded-for', noise], facts), facts.peer)
      }),
    )
  })

  it('a trusted proxy names its visitor', () => {
    assert.equal(seen(xff, 'x-forwarded-for', '192.0.2.9'), '192.0.2.9')
    assert.equal(seen(xff, 'x-forwarded-for', '192.0.2.9:4711'), '192.0.2.9')
    assert.equal(seen(xff, 'x-forwarded-for', '[2001:db8::5]:4711'), '2001:db8::5')
    assert.equal(seen(forwarded, 'forwarded', 'for=192.0.2.60;proto=http;by=203.0.113.43'), '192.0.2.60')
    assert.equal(seen(forwarded, 'forwarded', 'For="[2001:DB8:cafe::17]:4711"'), '2001:db8:cafe::17')
  })

  it('the walk goes through trusted hops and stops at the first other', () => {
    assert.equal(seen(xff, 'x-forwarded-for', '198.51.100.1, 192.0.2.9, 10.1.1.1, 10.2.2.2'), '192.0.2.9')
    assert.equal(seen(xff, 'x-forwarded-for', '198.51.100.1', '192.0.2.9,10.1.1.1'), '192.0.2.9')
    assert.equal(seen(forwarded, 'forwarded', 'for=198.51.100.1', 'for=192.0.2.9, for="[2001:db8:ffff::1]"'), '192.0.2.9')
    assert.equal(seen(xff, 'x-forwarded-for', '10.1.1.1, 10.2.2.2'), '10.1.1.1')
  })

  it('nothing that a visitor puts in front of what the proxy appends changes the answer', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', '\\', ',', ';', '=', 'for', '1.2.3.4', ' ', '[', ']', 'x') }), (junk) => {
        assert.equal(seen(xff, 'x-forwarded-for', `${junk}, 192.0.2.9`), '192.0.2.9')
        assert.equal(seen(forwarded, 'forwarded', `${junk}, for=192.0.2.9`), '192.0.2.9')
        assert.equal(seen(forwarded, 'forwarded', `${junk}, for="192.0.2.9:80";by="a,b\\"c"`), '192.0.2.9')
        assert.equal(seen(xff, 'x-forwarded-for', junk, '192.0.2.9'), '192.0.2.9')
      }),
      { numRuns: 1_000 },
    )
  })

  it('an element that cannot be read leaves the peer: obfuscated, unknown, malformed', () => {
    for (const bad of ['', 'unknown', '_hidden', '192.0.2', '192.0.2.9 198.51.100.1', '2001:db8::1:80:', '192.0.2.9:', '192.0.2.9:99999999', '[192.0.2.9]', 'fe80::1%eth0']) {
      assert.equal(seen(xff, 'x-forwarded-for', bad), '10.0.0.1', `x-forwarded-for: ${bad}`)
    }
    for (const bad of ['', 'for=unknown', 'for=_hidden', 'for=2001:db8::1', 'for="2001:db8::1"', 'for = 192.0.2.9', 'for=192.0.2.9;for=192.0.2.8', 'by=192.0.2.9', 'for="192.0.2.9', 'for=192.0.2.9;', '192.0.2.9']) {
      assert.equal(seen(forwarded, 'forwarded', bad), '10.0.0.1', `forwarded: ${bad}`)
    }
  })

  it('the header that was not configured is ignored', () => {
    assert.equal(seen(xff, 'forwarded', 'for=192.0.2.9'), '10.0.0.1')
    assert.equal(seen(forwarded, 'x-forwarded-for', '192.0.2.9'), '10.0.0.1')
  })

  it('a chain of trusted hops without end is not walked without end', () => {
    const chain = Array.from({ length: 5_000 }, () => '10.1.1.1').join(',')
    assert.equal(seen(xff, 'x-forwarded-for', `192.0.2.9,${chain}`), '10.1.1.1')
  })
})

describe('elementStart', () => {
  it('finds the last comma outside quotes', () => {
    const text = 'for=a, for="x,y\\",z"'
    assert.equal(text.slice(elementStart(text, text.length)), ' for="x,y\\",z"')
  })
})

describe('the scheme the visitor used', () => {
  const hop = from('10.0.0.1')

  it('is what the trusted hop next to us says, in the header the operator named', () => {
    assert.equal(schemeOf(['x-forwarded-proto', 'https'], hop, 'http', 'x-forwarded-for'), 'https')
    assert.equal(schemeOf(['x-forwarded-proto', 'http, HTTPS '], hop, 'http', 'x-forwarded-for'), 'https')
    assert.equal(schemeOf(['x-forwarded-proto', 'https', 'x-forwarded-proto', 'http'], hop, 'https', 'x-forwarded-for'), 'http')
    assert.equal(schemeOf(['forwarded', 'for=192.0.2.1;proto=http, for="[2001:db8::1]";Proto=https'], hop, 'http', 'forwarded'), 'https')
    assert.equal(schemeOf(['x-forwarded-proto', 'https'], hop, 'http', 'forwarded'), 'http')
  })

  it('is that of the connection when the hop says nothing usable, and for everybody else', () => {
    for (const value of ['', 'wss', 'https, on', 'https;']) assert.equal(schemeOf(['x-forwarded-proto', value], hop, 'http', 'x-forwarded-for'), 'http', value)
    for (const value of ['for=192.0.2.1', 'proto=https;proto=http', 'proto=https, for=192.0.2.1', 'proto="']) assert.equal(schemeOf(['forwarded', value], hop, 'http', 'forwarded'), 'http', value)
    assert.equal(schemeOf(['x-forwarded-proto', 'https', 'forwarded', 'proto=https'], from('192.0.2.7'), 'http', 'x-forwarded-for'), 'http')
  })
})
