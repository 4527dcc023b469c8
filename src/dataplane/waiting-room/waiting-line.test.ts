import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { combineHash } from '../../kernel/hash.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { estimateSeconds, refreshSeconds, type Spare } from './turns-due.ts'
import { type LineRules, NO_PLACE, WaitingLine, waitingLineBytes } from './waiting-line.ts'

const rules: LineRules = { keepSeconds: 120, insideSeconds: 600, insideRequests: 3 }
const full: Spare = { freeSlots: 0, waiting: 100, perSecond: 10 }
const START = 1_000_000

function line(places = 1_024): WaitingLine {
  return new WaitingLine(new SharedArrayBuffer(waitingLineBytes(places)), 0, places, 7, rules)
}

/** Somebody who joins and comes back with a ticket. */
function arrive(room: WaitingLine, client: number, nowMs: number, browser = client): number {
  const number = room.join(client, browser, 4, nowMs)
  room.expect(number, 2, nowMs)
  room.comeBack(number, nowMs)
  return number
}

test('places are numbered in order of arrival, and each says how many wait before it', () => {
  const room = line()
  const numbers = Array.from({ length: 700 }, (_, i) => arrive(room, i + 1, START))
  assert.deepEqual([0, 1, 255, 256, 257, 600, 699].map((i) => room.ahead(numbers[i])), [0, 1, 255, 256, 257, 600, 699])
  assert.equal(room.waiting, 700)
})

test('turns are called in order, as many as there is room for, and never while those called already wait', () => {
  const room = line()
  const numbers = Array.from({ length: 10 }, (_, i) => arrive(room, i + 1, START))
  room.callTurns(full, START, 0)
  assert.equal(room.isCalled(numbers[0]), false)
  room.callTurns({ freeSlots: 3, waiting: 0, perSecond: 0 }, START + 1, 0)
  assert.deepEqual(numbers.map((number) => room.isCalled(number)), [true, true, true, ...Array.from({ length: 7 }, () => false)])
  assert.equal(room.comeBack(numbers[2], START + 2), 'turn')
  assert.equal(room.comeBack(numbers[3], START + 2), 'waits')
  // The three have not come yet: nobody else is called for the same room.
  room.callTurns({ freeSlots: 3, waiting: 0, perSecond: 0 }, START + 3, 0)
  assert.equal(room.isCalled(numbers[3]), false)
  for (const number of numbers.slice(0, 3)) room.enter(number, START + 4)
  room.callTurns({ freeSlots: 1, waiting: 0, perSecond: 0 }, START + 5, 0)
  assert.deepEqual([room.isCalled(numbers[3]), room.isCalled(numbers[4])], [true, false])
  assert.equal(room.ahead(numbers[9]), 5)
})

test('a client that asks again without a ticket gets its old place, and no second one', () => {
  const room = line()
  const first = room.join(1, 11, 4, START)
  for (let i = 0; i < 10_000; i++) assert.equal(room.join(1, 11, 4, START), first)
  assert.equal(room.ahead(room.join(2, 22, 4, START)), 1)
})

test('other browsers behind one address get places of their own, up to the most; then the newest is shared', () => {
  const room = line()
  const numbers = Array.from({ length: 6 }, (_, browser) => room.join(1, browser, 4, START))
  assert.equal(new Set(numbers).size, 4)
  assert.deepEqual([numbers[4], numbers[5]], [numbers[3], numbers[3]])
  // Who is inside waits no more: the next visitor behind that address has a place of their own, and waits.
  room.callTurns({ freeSlots: 1, waiting: 0, perSecond: 0 }, START, 0)
  room.enter(numbers[0], START)
  const next = room.join(1, 6, 4, START)
  assert.ok(!numbers.includes(next))
  assert.equal(room.standing(next), 'waits')
  assert.equal(room.join(1, 0, 4, START), numbers[0], 'and the one inside is known by its browser')
})

test('two visitors with the same browser behind one address share a place until both are seen to be there; then each has one, up to the most', () => {
  const room = line()
  const shared = room.join(1, 11, 4, START)
  const others = Array.from({ length: 6 }, (_, i) => [i + 2, START + i] as const)
  for (const [, issuedMs] of others) assert.equal(room.join(1, 11, 4, issuedMs), shared)
  room.comeBack(shared, START + 3_000)
  assert.equal(room.isOfAnother(shared, 1, START, START + 3_000), false, 'the first to come back has it')
  const numbers = others.map(([bearer, issuedMs]) => {
    assert.equal(room.isOfAnother(shared, bearer, issuedMs, START + 4_000), true)
    return room.moveApart(1, 11, 4, START + 4_000)
  })
  assert.deepEqual(numbers.map((number) => number === NO_PLACE), [false, false, false, true, true, true])
  assert.equal(new Set([shared, ...numbers.slice(0, 3)]).size, 4)
  assert.deepEqual(numbers.slice(0, 3).map((number) => room.comeBack(number, START + 5_000)), ['waits', 'waits', 'waits'])
  assert.equal(room.waiting, 4)
})

test('a visitor without cookies who loads the page anew keeps the place: the first ticket is not seen again', () => {
  const room = line()
  const number = room.join(1, 11, 4, START)
  room.comeBack(number, START + 2_000)
  assert.equal(room.isOfAnother(number, 1, START, START + 2_000), false)
  // Loaded anew after 5 s, without the ticket: another ticket for the same place, and the first tab is gone.
  assert.equal(room.join(1, 11, 4, START + 5_000), number)
  for (const nowMs of [20_000, 35_000, 50_000, 65_000]) {
    room.comeBack(number, START + nowMs)
    assert.equal(room.isOfAnother(number, 2, START + 5_000, START + nowMs), false, `${nowMs}`)
  }
  // By now the place is the second ticket's; the first one, shown again, is another's.
  assert.equal(room.isOfAnother(number, 1, START, START + 66_000), true)
})

test('two clients whose hashes fall on the same word get no more places than any other two', () => {
  const room = line(256)
  const wordOf = (client: number): number => combineHash(7, client) & 511
  const first = 1
  let second = 2
  while (wordOf(second) !== wordOf(first)) second++
  const numbers = new Set<number>()
  for (let i = 0; i < 200; i++) for (const client of [first, second]) numbers.add(room.join(client, i, 4, START))
  assert.equal(numbers.size, 8)
})

test('who leaves is not counted any more; who comes back in time has kept the place', () => {
  const room = line()
  const [first, second, third] = [1, 2, 3].map((client) => arrive(room, client, START))
  for (let s = 1; s <= 30; s++) {
    room.comeBack(third, START + s * 1_000)
    room.expect(third, 2, START + s * 1_000)
    room.callTurns(full, START + s * 1_000, 0)
  }
  assert.equal(room.ahead(third), 0, 'two left')
  assert.equal(room.comeBack(second, START + 60_000), 'waits')
  assert.equal(room.ahead(third), 1, 'one is back, before the third')
  assert.equal(room.comeBack(first, START + 300_000), 'lost')
})

test('a flood that never comes back does not lengthen the line for those who do', () => {
  const room = line(65_536)
  let now = START
  let client = 1_000
  const people = Array.from({ length: 50 }, (_, i) => arrive(room, i + 1, now))
  let newest = 0
  for (let s = 0; s < 40; s++) {
    now += 1_000
    for (let i = 0; i < 300; i++) room.expect(room.join(client, client++, 4, now), 5, now)
    for (const number of people) {
      room.comeBack(number, now)
      room.expect(number, 2, now)
    }
    newest = arrive(room, client, now, client++)
    room.callTurns(full, now, 0)
  }
  assert.equal(room.ahead(people[49]), 49)
  // Some 4,800 that are not known to be gone yet stand between; nearly all are known not to count.
  assert.ok(room.ahead(newest) < 800, `${room.ahead(newest)}`)
})

test('one turn is good for its pages, whoever shows its ticket, and not longer than the pause allows', () => {
  const room = line()
  const number = arrive(room, 1, START)
  room.callTurns({ freeSlots: 1, waiting: 0, perSecond: 0 }, START, 0)
  for (let i = 0; i < rules.insideRequests; i++) {
    assert.match(room.comeBack(number, START + 1), /turn|inside/)
    room.enter(number, START + 1)
  }
  assert.equal(room.comeBack(number, START + 2), 'lost')
  assert.notEqual(room.join(1, 1, 4, START + 2), number, 'the next turn is at the end of the line')
  const other = arrive(room, 2, START)
  room.callTurns({ freeSlots: 9, waiting: 0, perSecond: 0 }, START + 3, 0)
  room.enter(other, START + 3)
  assert.equal(room.comeBack(other, START + 599_000), 'inside')
  assert.equal(room.comeBack(other, START + 605_000), 'lost')
})

test('a full ring gives nobody’s place away, and has room again when they leave', () => {
  const room = line(256)
  const numbers = Array.from({ length: 256 }, (_, i) => arrive(room, i + 1, START))
  assert.equal(room.join(9_999, 1, 4, START), NO_PLACE)
  assert.ok(numbers.every((number) => room.comeBack(number, START + 1) === 'waits'))
  assert.notEqual(room.join(9_999, 1, 4, START + 200_000), NO_PLACE)
})

test('the page of one place is shown a few times a second at most', () => {
  const room = line()
  const number = room.join(1, 1, 4, START)
  assert.deepEqual(Array.from({ length: 6 }, () => room.mayShow(number, START)), [true, true, true, true, false, false])
  assert.equal(room.mayShow(number, START + 1_000), true)
})

test('numbers wrap round after four thousand million without disorder', () => {
  const memory = new SharedArrayBuffer(waitingLineBytes(256))
  new Int32Array(memory).set([-3, -3, -3])
  const room = new WaitingLine(memory, 0, 256, 7, rules)
  const numbers = Array.from({ length: 6 }, (_, i) => arrive(room, i + 1, START))
  assert.ok(!numbers.includes(0))
  assert.deepEqual(numbers.map((number) => room.ahead(number)), [0, 1, 2, 3, 4, 5])
  room.callTurns({ freeSlots: 4, waiting: 0, perSecond: 0 }, START, 0)
  assert.deepEqual(numbers.map((number) => room.isCalled(number)), [true, true, true, true, false, false])
})

test('whatever happens in whatever order: no exception, nobody passes who was not called, no count below nought', () => {
  const step = fc.tuple(fc.constantFrom('join', 'back', 'enter', 'call', 'expect', 'apart', 'odd'), fc.nat(400), fc.nat(40), fc.nat(4_000))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const room = line(256)
      let now = START
      for (const [what, client, amount, wait] of steps) {
        now += wait
        if (what === 'join') room.join(client, amount, 4, now)
        else if (what === 'apart') {
          if (room.isOfAnother(client, amount, now - wait, now)) room.moveApart(client, amount, 4, now)
        } else if (what === 'call') room.callTurns({ freeSlots: amount, waiting: client % 3, perSecond: amount }, now, 0)
        else {
          const number = what === 'odd' ? client * 10_737_418 : client
          if (what === 'enter') room.enter(number, now)
          else if (what === 'expect') room.expect(number, amount, now)
          else {
            const standing = room.comeBack(number, now)
            if (standing === 'turn') assert.ok(room.isCalled(number))
            assert.ok(room.ahead(number) >= 0 && room.ahead(number) <= 256)
          }
        }
        assert.ok(room.waiting >= 0 && room.waiting <= 256, `${room.waiting}`)
      }
    }),
    { numRuns: 200 },
  )
})

test('visitors who never come back do not keep the origin idle for those who are there', () => {
  const room = line(4_096)
  let busyMs = 0
  const busyUntil = [0, 0]
  // Sixteen a second who want a page now and never again, an origin that serves eight: nobody keeps a place.
  for (let now = START, client = 1; now < START + 30_000; now += 10) {
    const free = busyUntil.filter((until) => until <= now).length
    const spare = { freeSlots: free, waiting: 0, perSecond: 8 }
    room.callTurns(spare, now, 100)
    busyMs += (2 - free) * 10
    if ((now - START) % 60 !== 0) continue
    const number = room.join(client, client, 4, now)
    client++
    room.callTurns(spare, now, 10)
    const slot = busyUntil.findIndex((until) => until <= now)
    if (room.isCalled(number) && slot !== -1) {
      busyUntil[slot] = now + 250
      room.enter(number, now)
    } else room.expect(number, 2, now)
  }
  // With no queue at all, and arrivals that know nothing of free places, 0.89 would be the most.
  assert.ok(busyMs / 60_000 > 0.6, `${busyMs / 60_000}`)
})

/** An origin with a few slots and a short queue before them, as admission's; visitors whose pages ask again by themselves, some of whom leave. */
function simulate({ slots, serviceMs, visitors, leaveShare, seed }: { slots: number; serviceMs: number; visitors: number; leaveShare: number; seed: number }) {
  const random = new SeededRandom(seed)
  const room = line(16_384)
  const entered: number[] = []
  const busyUntil = Array.from({ length: slots }, () => 0)
  const people = Array.from({ length: visitors }, (_, id) => ({ id, number: NO_PLACE, nextMs: START + Math.floor((id * 2_500) / visitors), leaves: random.next() < leaveShare, told: 0, done: false }))
  const queue: Array<{ one: (typeof people)[number]; untilMs: number }> = []
  let busyMs = 0
  let halfMs = 0
  let now = START
  const asksLater = (one: (typeof people)[number]): void => {
    const estimate = estimateSeconds(room.ahead(one.number), room.turnsPerSecond || (slots * 1_000) / serviceMs)
    const refresh = refreshSeconds(room.isCalled(one.number) ? 0 : estimate)
    room.expect(one.number, refresh, now)
    one.nextMs = one.leaves && one.told++ > 1 ? Infinity : now + refresh * 1_000
  }
  for (; now < START + 900_000 && people.some((one) => !one.done && !one.leaves); now += 10) {
    for (let slot = 0; slot < slots; slot++) {
      if (busyUntil[slot] > now) continue
      const next = queue.shift()
      if (next === undefined) break
      busyUntil[slot] = now + serviceMs
      room.enter(next.one.number, now)
      next.one.done = true
      entered.push(next.one.id)
    }
    while (queue.length > 0 && queue[0].untilMs <= now) asksLater(queue.shift()!.one)
    if (halfMs === 0) busyMs += busyUntil.filter((until) => until > now).length * 10
    if (entered.length >= visitors / 2) halfMs ||= now - START
    room.callTurns({ freeSlots: busyUntil.filter((until) => until <= now).length, waiting: queue.length, perSecond: (slots * 1_000) / serviceMs }, now, 100)
    for (const one of people) {
      if (one.done || one.nextMs > now) continue
      if (one.number === NO_PLACE) one.number = room.join(one.id + 1, 0, 4, now)
      else assert.notEqual(room.comeBack(one.number, now), 'lost')
      if (room.standing(one.number) === 'turn') {
        queue.push({ one, untilMs: now + 2_000 })
        one.nextMs = Infinity
      } else asksLater(one)
    }
  }
  return { entered, busyShare: busyMs / (slots * halfMs), stayed: people.filter((one) => !one.leaves).length }
}

test('everybody who stays gets in, in near order of arrival, and the origin stands idle little, though a third leaves', () => {
  for (const [slots, serviceMs] of [[2, 200], [8, 100], [2, 1_000]] as const) {
    const { entered, busyShare, stayed } = simulate({ slots, serviceMs, visitors: (20 * slots * 1_000) / serviceMs, leaveShare: 1 / 3, seed: slots })
    assert.ok(entered.length >= stayed)
    // How many who came earlier went in after each one.
    const overtaken = Math.max(...entered.map((id, i) => entered.slice(i + 1).filter((later) => later < id).length))
    const perSecond = (slots * 1_000) / serviceMs
    assert.ok(overtaken <= perSecond * 5, `${slots} slots of ${serviceMs} ms: passed ${overtaken}`)
    assert.ok(busyShare > 0.75, `${slots} slots of ${serviceMs} ms: busy ${busyShare}`)
  }
})
