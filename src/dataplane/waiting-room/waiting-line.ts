/**
 * The line in front of a full origin, in fixed memory shared by all workers: who came when, who is still there, whose turn it is.
 *
 * A place is a number, drawn in order of arrival; all places up to `called` have their turn. What is kept of a place (40 bytes, no address: two keyed hashes)
 * stands in a ring, so that the line is counted exactly and those who left are left out. The visitor carries the number in a signed ticket (waiting-door.ts).
 *
 * What an attacker can do: wait with its addresses (`most` places each) as a browser does, and use its turns when they come, as
 * any visitor; fill the ring with more addresses than it has places, so that newcomers get an error page.
 * What it cannot: get more turns by asking more often (a client's browser gets its old place again; beyond `most` the newest is shared, with one budget),
 * by minting tickets or by replaying them (a turn's budget belongs to the place, not to the ticket), or lengthen the line by asking once and leaving: who has
 * not come back with a ticket counts only by the share of newcomers who do, and its place is the first to be given away.
 * Two visitors with the same browser behind one address begin with one place. When both are seen to be there, the later gets a place of its own, as long as the
 * address has fewer than `most`: a request without a ticket never gets a second one.
 * Never: allocate per visitor, throw, call back. Workers race without locks: a lost write moves a count by one until the next sweep.
 *
 * Place (10 words): 0 number, 1 client, 2 browser, 3 the client's place before this one, 4 state, 5 due (s), 6 uses, 7 second << 3 | pages shown in it, 8 the ticket
 * that it is asked for with, 9 when that was seen last (s).
 */
import { combineHash } from '../../kernel/hash.ts'
import { type Spare, turnsDue } from './turns-due.ts'

const WORDS = 10
const PLACE = { number: 0, client: 1, browser: 2, previous: 3, state: 4, due: 5, uses: 6, shown: 7, bearer: 8, seen: 9 } as const
/** `new`: drawn, not come back yet. `late`: did not come when due; the place is kept for a while. */
const STATE = { empty: 0, new: 1, here: 2, inside: 3, late: 4, gone: 5 } as const
const HEAD = { issued: 0, called: 1, tail: 2, tickMs: 3, sweepMs: 4, entered: 5, used: 6, cameBack: 7, neverBack: 8, turnsMilli: 9, insideMilli: 10, waitingHere: 11, waitingNew: 12, took: 13, missed: 14 } as const
const HEAD_WORDS = 16
const BLOCK = 256
/** Counted as present for this long after the page should have asked again: a slow line, a busy telephone. */
const LATE_AFTER_S = 10
/** The same for somebody who has not come back even once: most of a flood never does. */
const NEVER_AFTER_S = 3
/** Somebody called who is overdue counts this much of one who is not. */
const OVERDUE_WEIGHT = 0.1
/** A ticket not seen for so long is not in use any more: longer than a page waits until it asks again (turns-due.ts), and late at that. */
const BEARER_GONE_S = 40
const SWEEP_MS = 1_000
/** Rates are smoothed over about this long. */
const RATE_MS = 10_000
/** Turns taken: what the estimate goes by follows the origin within seconds. */
const TURNS_RATE_MS = 4_000
/** Numbers skipped at most to find a free place. */
const TRIES = 32
/** Places looked through beyond a client's waiting ones, for a browser whose turn has come and past those of another client. */
const INSIDE_LOOKS = 16
/** Pages shown for one place in one second; a person pressing reload needs no more, and a flood gets the short refusal. */
const MOST_SHOWN_PER_SECOND = 4

export const NO_PLACE = -1
export type Standing = 'waits' | 'turn' | 'inside' | 'lost'

export interface LineRules {
  readonly keepSeconds: number
  readonly insideSeconds: number
  readonly insideRequests: number
}

export function waitingLineBytes(places: number): number {
  const rounded = roundedPlaces(places)
  return (HEAD_WORDS + rounded * WORDS + rounded * 2 + (rounded / BLOCK) * 2) * 4
}

function roundedPlaces(places: number): number {
  return Math.max(BLOCK, 2 ** Math.ceil(Math.log2(places)))
}

export class WaitingLine {
  readonly places: number
  readonly #words: Int32Array
  readonly #index: number
  readonly #blocks: number
  readonly #key: number
  rules: LineRules

  /** `from`: byte offset in `memory`, all zeros at first. `key`: the same in all workers. */
  constructor(memory: SharedArrayBuffer, from: number, places: number, key: number, rules: LineRules) {
    this.places = roundedPlaces(places)
    this.#words = new Int32Array(memory, from, waitingLineBytes(places) / 4)
    this.#index = HEAD_WORDS + this.places * WORDS
    this.#blocks = this.#index + this.places * 2
    this.#key = key
    this.rules = rules
  }

  /** Who waits now, as far as can be known: those who came back, and the share of newcomers that does. */
  get waiting(): number {
    const words = this.#words
    return Math.max(0, words[HEAD.waitingHere]) + Math.max(0, words[HEAD.waitingNew]) * this.#backShare
  }

  /** False: nobody waits, and a newcomer needs no place. */
  get open(): boolean {
    return this.#words[HEAD.waitingHere] > 0 || this.#words[HEAD.waitingNew] > 0
  }

  /** Turns taken per second, lately; 0 when nothing was measured since the line began. */
  get turnsPerSecond(): number {
    return this.#words[HEAD.turnsMilli] / 1_000
  }

  /**
   * A place for a visitor without a ticket: its old one when this client's browser has one, a new one, or the client's newest when `most` of them wait.
   * NO_PLACE when the ring is full of people who wait.
   */
  join(client: number, browser: number, most: number, nowMs: number): number {
    const words = this.#words
    const nowS = secondOf(nowMs)
    let newest = NO_PLACE
    let held = 0
    let number = words[this.#newestOf(client)]
    for (let looked = 0; looked < most + INSIDE_LOOKS && number !== 0; looked++) {
      const place = this.#find(number)
      if (place === -1) break
      // A client whose hash falls on the same word hides nothing: two such addresses would otherwise draw places without end.
      if (words[place + PLACE.client] === (client | 0) && this.#holds(place, nowS)) {
        if (words[place + PLACE.browser] === (browser | 0)) {
          if (words[place + PLACE.state] === STATE.late) this.#setState(place, number, STATE.here)
          return number >>> 0
        }
        if (words[place + PLACE.state] !== STATE.inside) {
          held++
          if (newest === NO_PLACE) newest = number >>> 0
        }
      }
      number = words[place + PLACE.previous]
    }
    return held >= most ? newest : this.#give(client, browser, STATE.new, nowS)
  }

  /**
   * A ticket for this place came, made `issuedMs`: whether somebody else is there with another one. Then they are two visitors, and this one may have a place of its
   * own. One visitor who came again without the first ticket is never taken for two: the first is not seen again.
   */
  isOfAnother(number: number, bearer: number, issuedMs: number, nowMs: number): boolean {
    const words = this.#words
    const place = this.#find(number | 0)
    if (place === -1) return false
    const nowS = secondOf(nowMs)
    const known = words[place + PLACE.bearer]
    if (known !== bearer && known !== 0 && ((nowS - words[place + PLACE.seen]) | 0) <= BEARER_GONE_S) return ((words[place + PLACE.seen] - secondOf(issuedMs)) | 0) > 0
    words[place + PLACE.bearer] = bearer
    words[place + PLACE.seen] = nowS
    return false
  }

  /** A place of their own for a visitor who shared one; NO_PLACE when `most` of this client wait already, or the ring is full. */
  moveApart(client: number, browser: number, most: number, nowMs: number): number {
    const nowS = secondOf(nowMs)
    let held = 0
    let number = this.#words[this.#newestOf(client)]
    for (let looked = 0; looked < most + INSIDE_LOOKS && number !== 0; looked++) {
      const place = this.#find(number)
      if (place === -1) break
      if (this.#words[place + PLACE.client] === (client | 0) && this.#holds(place, nowS) && this.#words[place + PLACE.state] !== STATE.inside) held++
      number = this.#words[place + PLACE.previous]
    }
    return held >= most ? NO_PLACE : this.#give(client, browser, STATE.here, nowS)
  }

  #newestOf(client: number): number {
    return this.#index + (combineHash(this.#key, client) & (this.places * 2 - 1))
  }

  #give(client: number, browser: number, state: number, nowS: number): number {
    const drawn = this.#draw(nowS)
    if (drawn === NO_PLACE) return NO_PLACE
    const words = this.#words
    const at = this.#newestOf(client)
    const place = this.#placeOf(drawn)
    this.#leave(place)
    words[place + PLACE.number] = drawn | 0
    words[place + PLACE.client] = client | 0
    words[place + PLACE.browser] = browser | 0
    words[place + PLACE.previous] = words[at]
    words[place + PLACE.due] = nowS + 1
    words[place + PLACE.uses] = 0
    words[place + PLACE.shown] = 0
    words[place + PLACE.bearer] = 0
    words[place + PLACE.state] = state
    words[at] = drawn | 0
    this.#count(drawn, state, 1)
    return drawn
  }

  /** A visitor shows the ticket of this place. */
  comeBack(number: number, nowMs: number): Standing {
    const words = this.#words
    const nowS = secondOf(nowMs)
    const place = this.#find(number | 0)
    if (place === -1) return 'lost'
    const state = words[place + PLACE.state]
    if (state === STATE.empty) return 'lost'
    const lateS = (nowS - words[place + PLACE.due]) | 0
    if (state === STATE.inside) return lateS > 0 || words[place + PLACE.uses] >= this.rules.insideRequests ? 'lost' : 'inside'
    if (lateS > this.rules.keepSeconds) return 'lost'
    if (state !== STATE.here) {
      Atomics.add(words, HEAD.cameBack, state === STATE.late ? 0 : 1)
      this.#setState(place, number, STATE.here)
    }
    words[place + PLACE.due] = Math.max(words[place + PLACE.due], nowS + 1)
    return this.isCalled(number) ? 'turn' : 'waits'
  }

  /** How a place stands that `join` gave. */
  standing(number: number): Standing {
    const place = this.#find(number | 0)
    if (place === -1) return 'lost'
    if (this.#words[place + PLACE.state] === STATE.inside) return 'inside'
    return this.isCalled(number) ? 'turn' : 'waits'
  }

  isCalled(number: number): boolean {
    return ((number - this.#words[HEAD.called]) | 0) <= 0
  }

  /** Its request got a slot at the origin. */
  enter(number: number, nowMs: number): void {
    const words = this.#words
    const place = this.#find(number | 0)
    if (place === -1) return
    if (words[place + PLACE.state] !== STATE.inside) {
      this.#setState(place, number, STATE.inside)
      Atomics.add(words, HEAD.entered, 1)
    } else Atomics.add(words, HEAD.used, 1)
    words[place + PLACE.uses]++
    words[place + PLACE.due] = secondOf(nowMs) + this.rules.insideSeconds
  }

  /** Whether a page may be shown for this place, rather than the short refusal. */
  mayShow(number: number, nowMs: number): boolean {
    const words = this.#words
    const place = this.#find(number | 0)
    if (place === -1) return false
    const second = (secondOf(nowMs) & 0xfff_ffff) << 3
    const shown = words[place + PLACE.shown]
    if ((shown & ~7) !== second) words[place + PLACE.shown] = second | 1
    else if ((shown & 7) >= MOST_SHOWN_PER_SECOND) return false
    else words[place + PLACE.shown] = shown + 1
    return true
  }

  /** Its page was sent, and asks again after so many seconds. */
  expect(number: number, inSeconds: number, nowMs: number): void {
    const place = this.#find(number | 0)
    if (place !== -1 && this.#words[place + PLACE.state] !== STATE.inside) this.#words[place + PLACE.due] = secondOf(nowMs) + inSeconds + 1
  }

  /** How many wait before this place. */
  ahead(number: number): number {
    const words = this.#words
    const first = (words[HEAD.called] + 1) | 0
    const count = Math.min(this.places, (number - first) | 0)
    if (count <= 0) return 0
    let here = 0
    let fresh = 0
    for (let i = 0; i < count; ) {
      const at = (first + i) & (this.places - 1)
      if (at % BLOCK === 0 && count - i >= BLOCK) {
        const block = this.#blocks + (at / BLOCK) * 2
        here += words[block]
        fresh += words[block + 1]
        i += BLOCK
        continue
      }
      const place = HEAD_WORDS + at * WORDS
      if (words[place] === ((first + i) | 0)) {
        const state = words[place + PLACE.state]
        if (state === STATE.here) here++
        else if (state === STATE.new) fresh++
      }
      i++
    }
    return Math.max(0, Math.round(here + fresh * this.#backShare))
  }

  /** Calls as many as there is room for. Call it often: when somebody joins, and every tenth of a second; one worker at a time does the work. */
  callTurns(spare: Readonly<Spare>, nowMs: number, everyMs: number): void {
    const words = this.#words
    if (words[HEAD.issued] === words[HEAD.tail]) return
    const now = Math.floor(nowMs) | 0
    const last = words[HEAD.tickMs]
    if (last !== 0 && ((now - last) | 0) < everyMs) return
    if (Atomics.compareExchange(words, HEAD.tickMs, last, now || 1) !== last) return
    const nowS = secondOf(nowMs)
    if (words[HEAD.sweepMs] === 0 || ((now - words[HEAD.sweepMs]) | 0) >= SWEEP_MS) this.#sweep(now, nowS, spare)
    this.#call(turnsDue(spare, this.#awaited(nowS), words[HEAD.insideMilli] / 1_000), nowS)
  }

  #call(due: number, nowS: number): void {
    const words = this.#words
    let left = due
    while (left > 0 && words[HEAD.called] !== words[HEAD.issued]) {
      const number = (words[HEAD.called] + 1) | 0
      const place = this.#find(number)
      const state = place === -1 ? STATE.empty : words[place + PLACE.state]
      if (state === STATE.here || state === STATE.new) {
        left -= this.#weight(place, nowS)
        this.#count(number, state, -1)
      }
      words[HEAD.called] = number
    }
  }

  /** Called and not inside yet, those overdue for little. */
  #awaited(nowS: number): number {
    const words = this.#words
    let awaited = 0
    let leading = true
    for (let number = (words[HEAD.tail] + 1) | 0; ((number - words[HEAD.called]) | 0) <= 0; number = (number + 1) | 0) {
      const place = this.#find(number)
      const state = place === -1 ? STATE.empty : words[place + PLACE.state]
      if (state === STATE.here || state === STATE.new) {
        leading = false
        awaited += this.#weight(place, nowS)
      } else if (leading) words[HEAD.tail] = number
    }
    return awaited
  }

  /** How likely somebody comes who is called now. */
  #weight(place: number, nowS: number): number {
    const words = this.#words
    const onTime = ((nowS - words[place + PLACE.due]) | 0) <= 0
    const took = words[HEAD.took] + 2
    return (onTime ? took / (took + words[HEAD.missed]) : OVERDUE_WEIGHT) * (words[place + PLACE.state] === STATE.here ? 1 : this.#backShare)
  }

  /** Who did not come when due is late or gone; the counts are put right; the rates are smoothed. */
  #sweep(now: number, nowS: number, { perSecond }: Readonly<Spare>): void {
    const words = this.#words
    const elapsedMs = words[HEAD.sweepMs] === 0 ? SWEEP_MS : (now - words[HEAD.sweepMs]) | 0
    words[HEAD.sweepMs] = now || 1
    let allHere = 0
    let allNew = 0
    let neverBack = 0
    let missed = 0
    for (let block = 0; block < this.places / BLOCK; block++) {
      let here = 0
      let fresh = 0
      for (let at = block * BLOCK; at < (block + 1) * BLOCK; at++) {
        const place = HEAD_WORDS + at * WORDS
        const state = words[place + PLACE.state]
        if (state !== STATE.here && state !== STATE.new) continue
        if (((nowS - words[place + PLACE.due]) | 0) > (state === STATE.here ? LATE_AFTER_S : NEVER_AFTER_S)) {
          words[place + PLACE.state] = state === STATE.here ? STATE.late : STATE.gone
          if (state === STATE.new) neverBack++
          else if (this.isCalled(words[place])) missed++
        } else if (!this.isCalled(words[place])) {
          if (state === STATE.here) here++
          else fresh++
        }
      }
      words[this.#blocks + block * 2] = here
      words[this.#blocks + block * 2 + 1] = fresh
      allHere += here
      allNew += fresh
    }
    words[HEAD.waitingHere] = allHere
    words[HEAD.waitingNew] = allNew
    const share = 1 - Math.exp(-elapsedMs / RATE_MS)
    const keep = 1 - share
    words[HEAD.neverBack] = Math.round((words[HEAD.neverBack] + neverBack) * keep)
    words[HEAD.cameBack] = Math.round(words[HEAD.cameBack] * keep)
    const entered = Atomics.exchange(words, HEAD.entered, 0)
    const used = Atomics.exchange(words, HEAD.used, 0)
    // Of those called who had come back before, how many took their turn and how many did not.
    words[HEAD.took] = Math.round((words[HEAD.took] + entered) * keep)
    words[HEAD.missed] = Math.round((words[HEAD.missed] + missed) * keep)
    words[HEAD.insideMilli] += Math.round(((used * 1_000_000) / elapsedMs - words[HEAD.insideMilli]) * share)
    const turns = words[HEAD.turnsMilli]
    // A line that has just begun goes by what the origin can take.
    if (turns === 0 || elapsedMs > RATE_MS) words[HEAD.turnsMilli] = Math.round(Math.min(perSecond, 1e6) * 1_000)
    else if (allHere + allNew === 0 && entered === 0) words[HEAD.turnsMilli] = 0
    else words[HEAD.turnsMilli] = Math.max(1, turns + Math.round(((entered * 1_000_000) / elapsedMs - turns) * (1 - Math.exp(-elapsedMs / TURNS_RATE_MS))))
  }

  /** Of newcomers, the share that comes back; two in favour, so that few prove little. */
  get #backShare(): number {
    const back = this.#words[HEAD.cameBack] + 2
    return back / (back + this.#words[HEAD.neverBack])
  }

  /** The next number whose place in the ring may be used. */
  #draw(nowS: number): number {
    for (let tries = 0; tries < TRIES; tries++) {
      const number = (Atomics.add(this.#words, HEAD.issued, 1) + 1) >>> 0
      // 0 stands for no place at all.
      if (number !== 0 && this.#isFree(this.#placeOf(number), nowS)) return number
    }
    return NO_PLACE
  }

  #isFree(place: number, nowS: number): boolean {
    const words = this.#words
    const state = words[place + PLACE.state]
    const lateS = (nowS - words[place + PLACE.due]) | 0
    if (state === STATE.here || state === STATE.late) return lateS > this.rules.keepSeconds
    if (state === STATE.inside) return lateS > 0 || words[place + PLACE.uses] >= this.rules.insideRequests
    return true
  }

  /** Whether this place still counts for its client. */
  #holds(place: number, nowS: number): boolean {
    const state = this.#words[place + PLACE.state]
    return state !== STATE.empty && state !== STATE.gone && !(state !== STATE.new && this.#isFree(place, nowS))
  }

  #setState(place: number, number: number, state: number): void {
    const words = this.#words
    const waits = !this.isCalled(number)
    const before = words[place + PLACE.state]
    words[place + PLACE.state] = state
    if (!waits) return
    this.#count(number, before, -1)
    this.#count(number, state, 1)
  }

  #leave(place: number): void {
    const words = this.#words
    if (words[place + PLACE.state] !== STATE.empty && !this.isCalled(words[place])) this.#count(words[place], words[place + PLACE.state], -1)
  }

  #count(number: number, state: number, by: number): void {
    if (state !== STATE.here && state !== STATE.new) return
    const kind = state === STATE.here ? 0 : 1
    const block = ((number & (this.places - 1)) / BLOCK) | 0
    Atomics.add(this.#words, this.#blocks + block * 2 + kind, by)
    Atomics.add(this.#words, HEAD.waitingHere + kind, by)
  }

  #placeOf(number: number): number {
    return HEAD_WORDS + (number & (this.places - 1)) * WORDS
  }

  /** Where this number stands, or -1 when its place was given away. */
  #find(number: number): number {
    const place = this.#placeOf(number)
    return number !== 0 && this.#words[place] === (number | 0) ? place : -1
  }
}

function secondOf(nowMs: number): number {
  return Math.floor(nowMs / 1_000) | 0
}
