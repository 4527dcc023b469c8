/**
 * The world of a drill on real sockets: an open-loop generator. A request is due at its planned time; its latency counts from then, also when it had to
 * wait for one of its program's connections, so that a slow server cannot slow the questions and look better for it (no coordinated omission).
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../kernel/clock.ts'
import type { SeededRandom } from '../kernel/random.ts'
import { Http1Line } from './http1-line.ts'
import { Governor } from './limits.ts'
import { type LoopbackTarget, dial, dialTls } from './loopback.ts'
import { Recording } from './recording.ts'
import { Schedule } from './schedule.ts'
import { readWayside } from './wayside-page.ts'
import type { DrillSite } from './site.ts'
import { WorkThread } from './work-thread.ts'
import type { Answer, Ask, Cohort, OutcomeName, Seat, World } from './world.ts'

/** A right answer later than this is too late (algorithms: goodput). */
const RIGHT_WITHIN_MS = 2_000
/** Failures count as this in the latencies; nobody waits longer. */
const GIVE_UP_MS = 10_000
const ATTACKER_GIVES_UP_MS = 5_000
/** Idle connections of visitors close after this, so that a crowd fits in the sockets of one machine. */
const IDLE_MS = 1_500
const SWEEP_MS = 100

export interface SocketWorldOptions {
  readonly target: LoopbackTarget
  /** For attacks on HTTP/2; null when the program under test has none. */
  readonly tlsTarget: LoopbackTarget | null
  readonly host: string
  readonly site: DrillSite
  /** What a 503 without the origin's mark means: nginx refuses by rate with it, others say that they are full. */
  readonly bare503: 'blocked' | 'busy'
  readonly clock: Clock
  readonly random: SeededRandom
}

interface Waiting {
  readonly atMs: number
  readonly ask: Ask
  readonly done: ((answer: Answer) => void) | undefined
  /** Short checks met so far. */
  readonly challenges: number
}

/** A seat with its connections. */
interface Place extends Seat {
  readonly open: Http1Line[]
  readonly waiting: Waiting[]
}

export class SocketWorld implements World {
  readonly recording = new Recording()
  readonly governor = new Governor()
  readonly random: SeededRandom
  readonly host: string
  readonly site: DrillSite
  readonly #options: SocketWorldOptions
  readonly #schedule = new Schedule()
  readonly #lines = new Set<Http1Line>()
  /** Of attackers, the oldest first. */
  readonly #attackLines = new Set<Http1Line>()
  readonly #raw = new Set<Socket>()
  readonly #work = new WorkThread()
  /** Whoever is between a short check and what comes after it. */
  readonly #onTheWay = new Map<Waiting, Place>()
  readonly #startedMs: number
  #sweptMs = 0
  /** Nothing new is asked; answers under way are still waited for. */
  #ended = false
  #closing = false
  /** How late events ran: the generator's own share of every latency. */
  worstLatenessMs = 0
  #latenessSum = 0
  #events = 0

  constructor(options: SocketWorldOptions) {
    this.#options = options
    this.random = options.random
    this.host = options.host
    this.site = options.site
    this.#startedMs = options.clock.monotonicMs()
  }

  nowMs(): number {
    return this.#options.clock.monotonicMs() - this.#startedMs
  }

  get meanLatenessMs(): number {
    return this.#latenessSum / Math.max(1, this.#events)
  }

  at(atMs: number, run: () => void): void {
    this.#schedule.add(atMs, run)
  }

  seat(address: string, cohort: Cohort, lines: number): Seat {
    const place: Place = { address, cohort, lines, id: this.recording.addClient(cohort), open: [], waiting: [] }
    return place
  }

  ask(seat: Seat, atMs: number, ask: Ask, done?: (answer: Answer) => void): void {
    const place = seat as Place
    this.#offer(place, { atMs, ask, done, challenges: 0 })
  }

  missed(seat: Seat, atMs: number, requests: number): void {
    for (let i = 0; i < requests; i++) this.recording.add(atMs, GIVE_UP_MS, seat.id, seat.cohort, 'failed', 0)
  }

  solve(text: string, bits: number, done: (found: number, tried: number) => void): void {
    this.#work.solve(text, bits, done)
  }

  /** A bare connection for attacks below requests; null past the limits. Closed at the end of the run at the latest. */
  openRaw(address: string): Socket | null {
    return this.#keepRaw(() => dial(this.#options.target, address))
  }

  openTls(address: string, protocols: readonly string[]): TLSSocket | null {
    const { tlsTarget } = this.#options
    return tlsTarget === null ? null : (this.#keepRaw(() => dialTls(tlsTarget, address, protocols)) as TLSSocket | null)
  }

  /** Runs until `endMs`, then waits for answers under way, closes everything and resolves. */
  async run(endMs: number): Promise<void> {
    while (this.nowMs() < endMs) {
      const now = this.nowMs()
      const late = now - this.#schedule.nextMs
      if (late >= 0) {
        this.worstLatenessMs = Math.max(this.worstLatenessMs, late)
        this.#latenessSum += late
        this.#events++
      }
      this.#schedule.runUntil(now)
      if (now - this.#sweptMs >= SWEEP_MS) this.#sweep(now)
      await nextTurn(Math.min(this.#schedule.nextMs, endMs) - this.nowMs())
    }
    this.#ended = true
    const until = this.nowMs() + GIVE_UP_MS
    while ([...this.#lines].some((line) => !line.idle) && this.nowMs() < until) {
      this.#sweep(this.nowMs())
      await nextTurn(SWEEP_MS)
    }
    this.#closing = true
    // There is no time left to pass the check: neither offered nor served.
    for (const [one, place] of this.#onTheWay) this.#end(place, one, withheld)
    this.#work.end()
    for (const line of this.#lines) line.end()
    for (const socket of this.#raw) socket.destroy()
  }

  #keepRaw(open: () => Socket): Socket | null {
    if (!this.governor.mayOpen(true)) return null
    const socket = open()
    this.#raw.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#raw.delete(socket)
      this.governor.closed(true)
    })
    return socket
  }

  #offer(place: Place, one: Waiting): void {
    if (this.governor.maySend(place.cohort === 'attack', this.nowMs())) this.#send(place, one)
    else this.#end(place, one, withheld)
  }

  #send(place: Place, one: Waiting): void {
    const idle = place.open.find((line) => line.idle)
    if (idle !== undefined) return this.#write(place, idle, one)
    if (place.lines > 0 && place.open.length >= place.lines) {
      place.waiting.push(one)
      return
    }
    const attack = place.cohort === 'attack'
    if (!this.governor.mayOpen(attack) && !(attack && this.#giveUpOldest())) return this.#end(place, one, withheld)
    const line: Http1Line = new Http1Line(dial(this.#options.target, place.address), () => {
      this.governor.closed(attack)
      this.#lines.delete(line)
      this.#attackLines.delete(line)
      const at = place.open.indexOf(line)
      if (at !== -1) place.open.splice(at, 1)
    })
    this.#lines.add(line)
    if (attack) this.#attackLines.add(line)
    place.open.push(line)
    this.#write(place, line, one)
  }

  /**
   * A flood does not wait for its answers: at the limit of sockets its oldest request is given up for the next one, or a server that keeps attackers waiting
   * would be asked less than one that refuses them.
   */
  #giveUpOldest(): boolean {
    for (const line of this.#attackLines) {
      line.end()
      return this.governor.mayOpen(true)
    }
    return false
  }

  #write(place: Place, line: Http1Line, one: Waiting): void {
    const { ask } = one
    let bytes = `${ask.method} ${ask.target} HTTP/1.1\r\n`
    for (let i = 0; i < ask.headers.length; i += 2) bytes += `${ask.headers[i]}: ${ask.headers[i + 1]}\r\n`
    line.keepsRefusals = ask.follow !== undefined
    line.deadlineMs = this.nowMs() + (place.cohort === 'attack' ? ATTACKER_GIVES_UP_MS : GIVE_UP_MS)
    line.send(`${bytes}\r\n${ask.body ?? ''}`, ask.method === 'HEAD', (heard) => {
      line.idleSinceMs = this.nowMs()
      this.#finish(place, one, heard === null ? none : this.#judge(ask, heard, this.nowMs() - one.atMs))
      if (place.lines === 0) line.end()
      const next = place.waiting.shift()
      if (next === undefined) return
      if (this.#closing) this.#end(place, next, none)
      else this.#send(place, next)
    })
  }

  #finish(place: Place, one: Waiting, answer: Answer): void {
    const met = answer.wayside?.kind === 'check' ? one.challenges + 1 : one.challenges
    if (!this.#closing && one.ask.follow !== undefined && (answer.wayside !== null || answer.location !== '')) {
      const waiting: Waiting = { ...one, challenges: met }
      const go = (next: Ask | null): void => {
        if (!this.#onTheWay.delete(waiting)) return
        if (next === null) this.#end(place, waiting, answer.wayside?.kind === 'room' ? answer : gaveUp)
        else this.#offer(place, { ...waiting, ask: next })
      }
      this.#onTheWay.set(waiting, place)
      if (one.ask.follow(answer, go)) return
      this.#onTheWay.delete(waiting)
    }
    this.#end(place, { ...one, challenges: met }, answer)
  }

  #end(place: Seat, one: Waiting, answer: Answer): void {
    const lost = answer.outcome === 'failed' || answer.outcome === 'withheld' || answer.outcome === 'gave-up'
    this.recording.add(one.atMs, lost ? GIVE_UP_MS : Math.min(GIVE_UP_MS, this.nowMs() - one.atMs), place.id, place.cohort, answer.outcome, answer.status, one.challenges)
    if (!this.#ended) one.done?.(answer)
  }

  #judge(ask: Ask, heard: { status: number; headers: ReadonlyMap<string, string>; start: string }, tookMs: number): Answer {
    const path = ask.target.split('?', 1)[0]
    const right = (heard.status === 200 && this.site.isOwn(path, heard.start)) || (heard.status === 304 && ask.headers.includes('If-None-Match'))
    let outcome: OutcomeName = 'wrong'
    if (right) outcome = tookMs <= RIGHT_WITHIN_MS ? 'right' : 'late'
    else if (heard.status === 403 || heard.status === 429) outcome = 'blocked'
    else if (heard.status >= 500) outcome = this.#fault(heard.status, heard.headers)
    return {
      status: heard.status, outcome, etag: heard.headers.get('etag') ?? '', setCookie: heard.headers.get('set-cookie') ?? '',
      location: heard.status >= 300 && heard.status < 400 ? (heard.headers.get('location') ?? '') : '',
      wayside: ask.follow === undefined ? null : readWayside(heard.headers, heard.start),
    }
  }

  #fault(status: number, headers: ReadonlyMap<string, string>): OutcomeName {
    const reason = headers.get('polder-reason')
    if (reason !== undefined) return /^rule-|^source-limit|^connection-limit/.test(reason) ? 'blocked' : 'busy'
    return status === 503 && headers.get('x-origin') === undefined ? this.#options.bare503 : 'busy'
  }

  #sweep(now: number): void {
    this.#sweptMs = now
    for (const line of this.#lines) {
      if (line.deadlineMs <= now || (line.idle && now - line.idleSinceMs > IDLE_MS)) line.end()
    }
  }
}

const none: Answer = Object.freeze({ status: 0, outcome: 'failed', etag: '', setCookie: '', location: '', wayside: null })
const withheld: Answer = Object.freeze({ ...none, outcome: 'withheld' })
const gaveUp: Answer = Object.freeze({ ...none, outcome: 'gave-up' })

/** Timers are a millisecond coarse; below that the turn is only handed on, so that sockets are heard. */
function nextTurn(waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (waitMs > 1) setTimeout(resolve, Math.min(waitMs, 20))
    else setImmediate(resolve)
  })
}
