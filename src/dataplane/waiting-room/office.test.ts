/**
 * The worst case of deciding by address and browser: an office with the same browser on every desk, at a full origin, while others keep coming. Simulated, with and without
 * places of their own for visitors who are seen to share one (WaitingLine.moveApart), on the same draws. The door's rules are followed: four requests of an address
 * at once in the queue (admission.waitingPerClient), the waiting page at most four times a second for a place, else the short answer, which asks again after 5 s.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '../../kernel/random.ts'
import { estimateSeconds, refreshSeconds } from './turns-due.ts'
import { NO_PLACE, WaitingLine, waitingLineBytes } from './waiting-line.ts'

const START = 1_000_000
const STEP_MS = 50
const PAGES_PER_SECOND = 20
const OTHERS_PER_SECOND = 22
const PAGES_EACH = 2
const READING_MS = 1_000
/** The line is there before the office comes. */
const LEAD_MS = 10_000
const ARRIVES_EVERY_MS = 20
const PLACES_PER_CLIENT = 4
const IN_QUEUE_PER_CLIENT = 4
const SHORT_ANSWER_MS = 5_000
const OFFICE_CLIENT = 1

class Visitor {
  readonly client: number
  readonly cameMs: number
  nextMs: number
  number = NO_PLACE
  bearer = 0
  issuedMs = 0
  read = 0
  inQueue = false
  firstPageMs = Number.POSITIVE_INFINITY

  constructor(client: number, cameMs: number) {
    this.client = client
    this.cameMs = cameMs
    this.nextMs = cameMs
  }

  get isDone(): boolean {
    return this.read === PAGES_EACH
  }
}

interface Outcome {
  readonly officeDone: number
  readonly officeMedianMs: number
  /** Of the others who came when the office did. */
  readonly othersDoneShare: number
  readonly othersMedianMs: number
}

function simulate(seed: number, office: number, seconds: number, apart: boolean): Outcome {
  const random = new SeededRandom(seed)
  const line = new WaitingLine(new SharedArrayBuffer(waitingLineBytes(8_192)), 0, 8_192, 7, { keepSeconds: 120, insideSeconds: 600, insideRequests: 60 })
  const visitors: Visitor[] = []
  const queue: Visitor[] = []
  let clients = OFFICE_CLIENT
  let bearers = 0
  let credit = 0
  let nextOtherMs = 0

  const ask = (one: Visitor, nowMs: number): void => {
    const at = START + nowMs
    const spare = { freeSlots: queue.length === 0 ? 1 : 0, waiting: queue.length, perSecond: PAGES_PER_SECOND }
    const give = (number: number): void => {
      one.number = number
      one.bearer = ++bearers
      one.issuedMs = at
    }
    let standing = one.number === NO_PLACE ? 'lost' : line.comeBack(one.number, at)
    if (standing === 'waits' && apart && line.isOfAnother(one.number, one.bearer, one.issuedMs, at)) {
      const own = line.moveApart(one.client, one.client, PLACES_PER_CLIENT, at)
      if (own !== NO_PLACE) give(own)
    }
    if (standing === 'lost' && (line.open || queue.length > 0)) {
      give(line.join(one.client, one.client, PLACES_PER_CLIENT, at))
      standing = 'waits'
    }
    if (standing === 'waits') {
      line.callTurns(spare, at, 10)
      standing = line.standing(one.number)
    }
    if (standing !== 'waits' && queue.filter((other) => other.client === one.client).length < IN_QUEUE_PER_CLIENT) {
      one.inQueue = true
      queue.push(one)
    } else if (one.number === NO_PLACE || !line.mayShow(one.number, at)) one.nextMs = nowMs + SHORT_ANSWER_MS
    else {
      const refresh = refreshSeconds(line.isCalled(one.number) ? 0 : estimateSeconds(line.ahead(one.number), line.turnsPerSecond || PAGES_PER_SECOND))
      line.expect(one.number, refresh, at)
      one.nextMs = nowMs + refresh * 1_000
    }
  }

  for (let nowMs = 0; nowMs < LEAD_MS + seconds * 1_000; nowMs += STEP_MS) {
    for (; nextOtherMs <= nowMs; nextOtherMs += (1_000 / OTHERS_PER_SECOND) * (0.5 + random.next())) visitors.push(new Visitor(++clients, nextOtherMs))
    if (nowMs === LEAD_MS) for (let i = 0; i < office; i++) visitors.push(new Visitor(OFFICE_CLIENT, nowMs + i * ARRIVES_EVERY_MS))
    for (const one of visitors) if (!one.isDone && !one.inQueue && one.nextMs <= nowMs) ask(one, nowMs)
    credit = Math.min(2, credit + (PAGES_PER_SECOND * STEP_MS) / 1_000)
    for (; credit >= 1 && queue.length > 0; credit--) {
      const one = queue.shift()!
      one.inQueue = false
      if (one.number !== NO_PLACE) line.enter(one.number, START + nowMs)
      if (one.read++ === 0) one.firstPageMs = nowMs - one.cameMs
      one.nextMs = nowMs + READING_MS
    }
  }
  const desks = visitors.filter((one) => one.client === OFFICE_CLIENT)
  const others = visitors.filter((one) => one.client !== OFFICE_CLIENT && one.cameMs >= LEAD_MS && one.cameMs < LEAD_MS + office * ARRIVES_EVERY_MS + 2_000)
  const median = (some: readonly Visitor[]): number => some.map((one) => one.firstPageMs).sort((a, b) => a - b)[some.length >> 1]!
  return { officeDone: desks.filter((one) => one.isDone).length, officeMedianMs: median(desks), othersDoneShare: others.filter((one) => one.isDone).length / others.length, othersMedianMs: median(others) }
}

test('an office behind one address gets in while the line never ends, and costs the others nothing', (t) => {
  for (const office of [120, 200]) {
    for (const seed of [1, 2, 3]) {
      const [shared, apart] = [simulate(seed, office, 150, false), simulate(seed, office, 150, true)]
      const text = ({ officeDone, officeMedianMs, othersMedianMs }: Outcome): string => `${officeDone} of ${office} read, half had a page after ${(officeMedianMs / 1_000).toFixed(0)} s (others ${(othersMedianMs / 1_000).toFixed(0)} s)`
      t.diagnostic(`seed ${seed}: one place for all: ${text(shared)}; places of their own: ${text(apart)}`)
      assert.ok(apart.officeDone >= office * 0.5, `${apart.officeDone} of ${office}`)
      assert.ok(apart.officeDone > shared.officeDone, `${apart.officeDone} after ${shared.officeDone}`)
      assert.equal(apart.othersDoneShare, 1)
      assert.ok(apart.othersMedianMs <= shared.othersMedianMs * 1.1 + 1_000, `${apart.othersMedianMs} ms after ${shared.othersMedianMs}`)
    }
  }
})
