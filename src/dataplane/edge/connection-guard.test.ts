import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { MonotonicMs } from '../../kernel/clock.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { clientAddress } from './client-address.ts'
import { ConnectionGuard, forgetGuardSection, GuardedConnection, guardTableBytes } from './connection-guard.ts'
import { edgeOptions, type EdgeSettings } from './options.ts'

const at = (ms: number): MonotonicMs => ms as MonotonicMs
const settings = (changes: Partial<EdgeSettings>): EdgeSettings => ({ ...defaultsOf(edgeOptions), ...changes })
const source = (n: number) => clientAddress(`192.0.2.${n}`, 5)!

function makeGuard(changes: Partial<EdgeSettings>, table = new SharedArrayBuffer(guardTableBytes(1)), section = 0): ConnectionGuard {
  return new ConnectionGuard(settings(changes), new SeededRandom(3), table, section, Number.POSITIVE_INFINITY)
}

function open(guard: ConnectionGuard, from: ReturnType<typeof source>, now: number, closed: GuardedConnection[] = []): GuardedConnection | null {
  const connection: GuardedConnection = new GuardedConnection(at(now), () => closed.push(connection))
  if (!guard.admit(connection, at(now))) return null
  if (guard.assign(connection, from, at(now))) return connection
  guard.release(connection)
  return null
}

describe('connection guard', () => {
  it('holds no more connections of one source than allowed, busy ones', () => {
    const guard = makeGuard({ maxConnectionsPerSource: 4 })
    for (let i = 0; i < 4; i++) open(guard, source(1), 0)!.activeRequests = 1
    assert.equal(open(guard, source(1), 5_000), null)
    assert.notEqual(open(guard, source(2), 5_000), null)
    assert.equal(guard.counts.refusedSource, 1)
  })

  it('at a source that holds idle connections the one with the fewest answers makes room', () => {
    const closed: GuardedConnection[] = []
    const guard = makeGuard({ maxConnectionsPerSource: 4 })
    const connections = [5, 2, 9, 3].map((completed) => {
      const connection = open(guard, source(1), 0, closed)!
      connection.completedRequests = completed
      return connection
    })
    assert.notEqual(open(guard, source(1), 5_000, closed), null)
    assert.deepEqual(closed, [connections[1]])
  })

  it('when all places are taken an idle connection makes room, never a busy one', () => {
    const closed: GuardedConnection[] = []
    const guard = makeGuard({ maxConnections: 64 })
    const connections = Array.from({ length: 64 }, (_, i) => open(guard, source(i), 0, closed)!)
    for (const connection of connections) connection.activeRequests = 1
    assert.equal(open(guard, source(200), 5_000, closed), null)
    connections[17]!.activeRequests = 0
    assert.notEqual(open(guard, source(200), 5_000, closed), null)
    assert.deepEqual(closed, [connections[17]])
  })

  it('a connection that has just come is not closed before its first request could arrive', () => {
    const guard = makeGuard({ maxConnections: 64 })
    for (let i = 0; i < 64; i++) open(guard, source(i), 4_500)
    assert.equal(open(guard, source(200), 5_000), null)
    assert.notEqual(open(guard, source(200), 5_600), null)
  })

  it('counts a source over all workers, and forgets what a dead worker held', () => {
    const table = new SharedArrayBuffer(guardTableBytes(2))
    const first = makeGuard({ maxConnectionsPerSource: 4 }, table, 0)
    const second = makeGuard({ maxConnectionsPerSource: 4 }, table, 1)
    for (const guard of [first, first, second, second]) open(guard, source(1), 0)!.activeRequests = 1
    assert.equal(first.sourceCount(source(1).key), 4)
    assert.equal(open(first, source(1), 9_000), null)
    assert.equal(open(second, source(1), 9_000), null)
    makeGuard({ maxConnectionsPerSource: 4 }, table, 0)
    assert.equal(second.sourceCount(source(1).key), 2)
  })

  it('lets those of a dead worker in before it has started anew, and closes none of the living for them', () => {
    const table = new SharedArrayBuffer(guardTableBytes(2))
    const dead = makeGuard({ maxConnectionsPerSource: 4, maxConnections: 64 }, table, 0)
    const living = makeGuard({ maxConnectionsPerSource: 4, maxConnections: 64 }, table, 1)
    for (const guard of [dead, dead, living, living]) open(guard, source(1), 0)
    for (let i = 0; i < 60; i++) open(dead, source(2 + i), 0)
    forgetGuardSection(table, 0)
    for (let i = 0; i < 2; i++) assert.notEqual(open(living, source(1), 9_000), null)
    assert.equal(living.open, 4)
    assert.deepEqual(living.counts, { refusedFull: 0, refusedSource: 0, evicted: 0 })
  })

  it('never opens more files than the process may', () => {
    const guard = new ConnectionGuard(settings({ maxConnections: 1_000_000 }), new SeededRandom(1), new SharedArrayBuffer(guardTableBytes(1)), 0, 20_000)
    assert.equal(guard.maxConnections, 20_000 - 1_024)
  })

  it('says crowded above 80 %', () => {
    const guard = makeGuard({ maxConnections: 100 })
    const connections = Array.from({ length: 81 }, (_, i) => open(guard, source(i), 0)!)
    assert.equal(guard.crowded, true)
    guard.release(connections[3]!)
    assert.equal(guard.crowded, false)
  })

  it('keeps exact counts and bounds under any order of opening, use and closing', () => {
    const step = fc.record({ kind: fc.constantFrom('open', 'close', 'busy', 'idle'), who: fc.nat(5), which: fc.nat(200) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const guard = makeGuard({ maxConnections: 64, maxConnectionsPerSource: 16 })
        const live = new Set<GuardedConnection>()
        let now = 0
        for (const { kind, who, which } of steps) {
          now += 400
          const connection = [...live][which % Math.max(1, live.size)]
          if (kind === 'open') {
            const fresh: GuardedConnection = new GuardedConnection(at(now), () => live.delete(fresh))
            if (guard.admit(fresh, at(now))) {
              if (guard.assign(fresh, source(who), at(now))) live.add(fresh)
              else guard.release(fresh)
            }
          } else if (connection === undefined) continue
          else if (kind === 'close') {
            guard.release(connection)
            guard.release(connection)
            live.delete(connection)
          } else connection.activeRequests = kind === 'busy' ? 1 : 0
          assert.equal(guard.open, live.size)
          assert.ok(guard.open <= 64)
          for (let n = 0; n <= 5; n++) {
            const count = [...live].filter((one) => one.source === null ? false : one.source.key === source(n).key).length
            assert.ok(count <= 16)
            assert.ok(guard.sourceCount(source(n).key) >= count)
          }
        }
        for (const connection of live) guard.release(connection)
        for (let n = 0; n <= 5; n++) assert.equal(guard.sourceCount(source(n).key), 0)
      }),
      { numRuns: 60 },
    )
  })
})
