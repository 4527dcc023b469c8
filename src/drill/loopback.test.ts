import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { type LoopbackTarget, NotLoopbackError, dial, dialTls, handTargets, isLoopback, loopbackTarget } from './loopback.ts'

test('only 127.0.0.0/8 and ::1 in plain form are loopback', () => {
  for (const address of ['127.0.0.1', '127.255.255.254', '127.10.3.9', '::1']) assert.ok(isLoopback(address), address)
  const others = ['localhost', '0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '127.1', '127.0.0.1.nip.io', '127.0.0.256', '0x7f.0.0.1', '2130706433', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '127.0.0.1 ', '', '127.0.0.01']
  for (const address of others) assert.ok(!isLoopback(address), address)
})

test('no address outside 127.0.0.0/8 is loopback, whatever it is', () => {
  const byHand = (address: string): boolean => /^127(\.(0|[1-9]\d{0,2})){3}$/.test(address) && address.split('.').every((part) => Number(part) < 256)
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV4().map((text) => text.replace(/^\d+/, '127')), fc.ipV6(), fc.domain(), fc.string()), (address) => {
      assert.equal(isLoopback(address), byHand(address) || address === '::1', address)
    }),
  )
})

test('targets are handed over once, must be loopback, and nothing else can be dialled', async () => {
  assert.throws(() => loopbackTarget('127.0.0.1', 80), NotLoopbackError, 'before anything was handed over')
  assert.throws(() => handTargets([{ address: '192.0.2.1', port: 80 }]), NotLoopbackError)
  assert.throws(() => handTargets([{ address: 'localhost', port: 80 }]), NotLoopbackError)
  const server = createServer((socket) => socket.end(String(socket.remoteAddress)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  handTargets([{ address: '127.0.0.1', port }])
  assert.throws(() => handTargets([{ address: '127.0.0.2', port }]), NotLoopbackError)
  assert.throws(() => loopbackTarget('127.0.0.2', port), NotLoopbackError)
  assert.throws(() => loopbackTarget('127.0.0.1', port + 1), NotLoopbackError)
  const target = loopbackTarget('127.0.0.1', port)
  assert.throws(() => dial(target, '192.0.2.7'), NotLoopbackError)
  assert.throws(() => dial({ ...target } as LoopbackTarget, '127.0.0.1'), NotLoopbackError)
  assert.throws(() => dialTls({ address: '192.0.2.1', port: 443 } as LoopbackTarget, '127.0.0.1', []), NotLoopbackError)
  assert.throws(() => {
    ;(target as { address: string }).address = '192.0.2.1'
  })
  const socket = dial(target, '127.9.8.7')
  let heard = ''
  socket.setEncoding('latin1').on('data', (text: string) => (heard += text))
  await once(socket, 'close')
  assert.equal(heard, '127.9.8.7')
  server.close()
})

test('no other file of the drill opens sockets or reads the environment', () => {
  const files = globSync('**/*.ts', { cwd: import.meta.dirname }).filter((file) => file !== 'loopback.ts' && !file.endsWith('.test.ts'))
  assert.ok(files.length > 5)
  for (const file of files) {
    const code = readFileSync(join(import.meta.dirname, file), 'utf8')
    assert.doesNotMatch(code, /\bfetch\(|process\.env|\bimport\(|\brequire\(/, file)
    for (const line of code.split('\n').filter((line) => /from '/.test(line) && !line.startsWith('import type '))) {
      assert.doesNotMatch(line, /'node:(?:net|tls|dgram|https|dns|http2|child_process)'|'(?:undici|ws)'/, `${file}: ${line}`)
      if (line.includes("'node:http'")) assert.doesNotMatch(line, /\b(?:request|get|Agent|ClientRequest)\b/, `${file}: ${line}`)
    }
  }
})
