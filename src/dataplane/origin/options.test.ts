import assert from 'node:assert/strict'
import { test } from 'node:test'
import { originOptions, parseClassTimeout } from './options.ts'
import { parseUpstream } from './upstream-url.ts'

test('upstreams are read with scheme, address, port, socket and weight', () => {
  assert.deepEqual(parseUpstream('http://127.0.0.1:8090'), { name: 'http://127.0.0.1:8090', protocol: 'http:', hostname: '127.0.0.1', port: 8090, socketPath: '', weight: 1 })
  assert.deepEqual(parseUpstream(' https://[2001:db8::1] weight=5 '), { name: 'https://[2001:db8::1]', protocol: 'https:', hostname: '2001:db8::1', port: 443, socketPath: '', weight: 5 })
  assert.deepEqual(parseUpstream('unix:/run/site.sock'), { name: 'unix:/run/site.sock', protocol: 'http:', hostname: 'localhost', port: 80, socketPath: '/run/site.sock', weight: 1 })
})

test('what is wrong with an upstream is said, not guessed', () => {
  for (const bad of ['', '127.0.0.1:80', 'ftp://x', 'http://u:p@x', 'http://x/path', 'http://x?q', 'http://x weight=0', 'http://x weight=101', 'http://x w=1', 'http://x a b', 'unix:run', `unix:/${'a'.repeat(120)}`, 'http://x:99999']) {
    assert.equal(typeof parseUpstream(bad), 'string', bad)
    assert.equal(typeof originOptions.upstreams.check(bad), 'string', bad)
  }
})

test('class timeouts', () => {
  assert.deepEqual(parseClassTimeout('search=10s'), { routeClass: 'search', ms: 10_000 })
  for (const bad of ['search', 'search=10', 'nothing=1s', 'search=1ms', 'search=100m']) assert.equal(typeof parseClassTimeout(bad), 'string', bad)
})

test('every default lies in its range and every option says what it is for', () => {
  for (const [name, option] of Object.entries(originOptions)) {
    assert.ok(option.sentence.length > 20, name)
    if ('min' in option) assert.ok(option.default >= option.min && option.default <= option.max, name)
  }
})
