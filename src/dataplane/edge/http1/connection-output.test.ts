import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { defaultsOf } from '../../../kernel/option.ts'
import { edgeOptions, type EdgeSettings } from '../options.ts'
import { ConnectionOutput } from './connection-output.ts'

const settings = defaultsOf(edgeOptions) as unknown as EdgeSettings

/** Keeps what it is given by reference, as a socket does; `takes` says whether the kernel has each write at once. */
class SlowSocket {
  readonly writableHighWaterMark = 65_536
  readonly given: Array<{ bytes: Uint8Array; done: (() => void) | undefined }> = []
  readonly wire: Buffer[] = []
  writableLength = 0
  destroyed = false
  takes = true
  systemCalls = 0
  #corked = false

  write(data: string | Uint8Array, second?: unknown): boolean {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
    this.given.push({ bytes, done: typeof second === 'function' ? (second as () => void) : undefined })
    this.writableLength += bytes.length
    if (this.takes && !this.#corked) this.flush()
    return true
  }

  cork(): void {
    this.#corked = true
  }

  uncork(): void {
    this.#corked = false
    if (this.takes) this.flush()
  }

  flush(): void {
    if (this.given.length > 0) this.systemCalls++
    for (const { bytes, done } of this.given.splice(0)) {
      this.wire.push(Buffer.from(bytes))
      this.writableLength -= bytes.length
      done?.()
    }
  }

  get text(): string {
    return Buffer.concat(this.wire).toString('latin1')
  }
}

function outputOn(socket: SlowSocket, underwayBytes = 0): ConnectionOutput {
  const counts = { openConnections: 0, openRequests: 0, acceptedConnections: 0, refusedConnections: 0, bytesIn: 0, bytesOut: 0 }
  return new ConnectionOutput(socket as unknown as Socket, counts, settings, underwayBytes)
}

test('head, content and end of an answer that are there together leave with one system call', () => {
  const socket = new SlowSocket()
  const output = outputOn(socket)
  output.hold()
  output.writeText('head\r\n\r\n')
  output.writeCopy(Buffer.from('content'), '7\r\n', '\r\n')
  output.writeText('0\r\n\r\n')
  assert.equal(socket.systemCalls, 0)
  output.release()
  assert.equal(socket.text, 'head\r\n\r\n7\r\ncontent\r\n0\r\n\r\n')
  assert.equal(socket.systemCalls, 1)
})

test('a head whose content does not come in the same turn leaves without it', async () => {
  const socket = new SlowSocket()
  const output = outputOn(socket)
  output.hold()
  output.writeText('head\r\n\r\n')
  await nextTurn()
  assert.equal(socket.text, 'head\r\n\r\n')
  output.release()
  assert.equal(socket.text, 'head\r\n\r\n')
})

test('nothing is written to a connection that was cut while its answer was put together', async () => {
  const socket = new SlowSocket()
  const output = outputOn(socket)
  output.hold()
  output.writeText('head')
  socket.destroyed = true
  await nextTurn()
  assert.equal(socket.given.length + socket.wire.length, 0)
})

test('whatever is written, by whichever way, to however slow a socket, arrives whole and in order, also when the caller changes its bytes afterwards', () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(4_000, 4_096, 4_097, 16_384, 16_385, 65_536, 66_000, 70_000))
  const step = fc.record({ kind: fc.constantFrom('text', 'bytes', 'copy', 'chunk', 'hold', 'release', 'slow', 'quick'), size })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, tls) => {
      const sockets = [new SlowSocket(), new SlowSocket()]
      const outputs = sockets.map((socket) => outputOn(socket, tls ? 32_768 : 0))
      const expected = ['', '']
      let letter = 0
      for (const [i, { kind, size: bytes }] of steps.entries()) {
        const which = i % 2
        const output = outputs[which]
        const text = String.fromCharCode(97 + (letter++ % 26)).repeat(bytes)
        const shared = Buffer.from(text, 'latin1')
        if (kind === 'hold') output.hold()
        else if (kind === 'release') output.release()
        else if (kind === 'slow') sockets[which].takes = false
        else if (kind === 'quick') {
          sockets[which].takes = true
          sockets[which].flush()
        } else if (kind === 'text') output.writeText(text)
        else if (kind === 'bytes') output.writeBytes(Buffer.from(shared))
        else if (kind === 'copy') output.writeCopy(shared, '', '')
        else output.writeCopy(shared, '<', '>')
        if (kind === 'chunk') expected[which] += `<${text}>`
        else if (kind === 'text' || kind === 'bytes' || kind === 'copy') expected[which] += text
        shared.fill(33)
      }
      for (const which of [0, 1]) {
        outputs[which].release()
        sockets[which].takes = true
        sockets[which].flush()
        assert.equal(sockets[which].text === expected[which], true)
        assert.equal(outputs[which].writtenBytes, expected[which].length)
      }
    }),
    { numRuns: 300 },
  )
})
