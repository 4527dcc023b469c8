import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Reason } from '../../contract/reason.ts'
import type { BodySink, RequestBody } from '../request.ts'
import { GATHER_BYTES, GatherBudget, GatheredBody } from './gathered-body.ts'

/** A visitor's content that comes as told. */
class ScriptedBody implements RequestBody {
  readonly declaredBytes = -1
  maxBodyBytes = Number.MAX_SAFE_INTEGER
  sink: BodySink | null = null
  resumed = 0
  discarded = false

  start(sink: BodySink): void {
    this.sink = sink
  }

  resume(): void {
    this.resumed++
  }

  discard(): void {
    this.discarded = true
  }
}

class Collector implements BodySink {
  bytes: Buffer[] = []
  ended = false
  failed: Reason | null = null

  onData(chunk: Uint8Array): boolean {
    this.bytes.push(Buffer.from(chunk))
    return true
  }

  onEnd(): void {
    this.ended = true
  }

  onError(reason: Reason): void {
    this.failed = reason
  }
}

function gathering(): { visitor: ScriptedBody; budget: GatherBudget; ready: Array<Uint8Array | null>; failed: Reason[]; body: GatheredBody } {
  const visitor = new ScriptedBody()
  const budget = new GatherBudget()
  const ready: Array<Uint8Array | null> = []
  const failed: Reason[] = []
  const body = new GatheredBody(visitor, budget, { onReady: (whole) => ready.push(whole), onFailed: (reason) => failed.push(reason) })
  body.gather()
  return { visitor, budget, ready, failed, body }
}

test('small content is handed over whole, and its memory is given back', () => {
  const { visitor, budget, ready } = gathering()
  visitor.sink!.onData(Buffer.from('name='))
  visitor.sink!.onData(Buffer.from('Ada'))
  assert.equal(ready.length, 0)
  visitor.sink!.onEnd(null)
  assert.equal(Buffer.from(ready[0]!).toString(), 'name=Ada')
  assert.equal(budget.usedBytes, 0)
})

test('of large content the beginning is gathered and the rest streamed, byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 12 }), (sizes) => {
      const { visitor, budget, ready, body } = gathering()
      const collector = new Collector()
      const sent: Buffer[] = []
      let value = 0
      for (const size of sizes) {
        const chunk = Buffer.alloc(size, ++value)
        sent.push(chunk)
        visitor.sink!.onData(chunk)
        if (ready.length > 0 && collector.bytes.length === 0) body.start(collector)
      }
      visitor.sink!.onEnd(null)
      const got = ready[0] === null ? Buffer.concat(collector.bytes) : Buffer.from(ready[0])
      assert.ok(got.equals(Buffer.concat(sent)))
      assert.equal(ready.length, 1)
      assert.equal(budget.usedBytes, 0)
    }),
    { numRuns: 50 },
  )
})

test('a visitor who breaks off while content is gathered fails the request once, without an origin', () => {
  const { visitor, budget, ready, failed } = gathering()
  visitor.sink!.onData(Buffer.from('x'))
  visitor.sink!.onError('body-too-slow')
  assert.deepEqual(failed, ['body-too-slow'])
  assert.deepEqual(ready, [])
  assert.equal(budget.usedBytes, 0)
})

test('a failure after the hand-over reaches the origin side', () => {
  const { visitor, ready, body } = gathering()
  assert.equal(visitor.sink!.onData(Buffer.alloc(GATHER_BYTES)), false)
  assert.deepEqual(ready, [null])
  const collector = new Collector()
  body.start(collector)
  assert.equal(visitor.resumed, 1)
  visitor.sink!.onError('client-aborted')
  assert.equal(collector.failed, 'client-aborted')
})

test('content goes on when the origin begins to read within the call that brought the last gathered bytes', () => {
  for (const wants of [true, false]) {
    const visitor = new ScriptedBody()
    const collector = new Collector()
    collector.onData = (chunk) => {
      collector.bytes.push(Buffer.from(chunk))
      return wants
    }
    const body: GatheredBody = new GatheredBody(visitor, new GatherBudget(), { onReady: () => body.start(collector), onFailed: () => assert.fail() })
    body.gather()
    assert.equal(visitor.sink!.onData(Buffer.alloc(GATHER_BYTES - 1)), true)
    // A visitor's content that is told to go on while it is being handed over is not paused yet and hears nothing: only this answer counts.
    assert.equal(visitor.sink!.onData(Buffer.alloc(1)), wants)
    assert.equal(Buffer.concat(collector.bytes).length, GATHER_BYTES)
  }
})
