/**
 * The waiting room at the door of a full origin: who opens a page while others wait gets a place in line, and goes when their turn comes.
 *   mayGo    before admission: a slot is free and nobody waits, or this visitor's turn has come
 *   send     instead of a refusal: the page that says which place and how long
 *   entered  a slot at the origin was had: the turn is used, and good for the pages after it
 *
 * When: only for a GET that opens a page or a search (a person who can see a page), after every rule and challenge, after the cache: who can be served from memory
 * or from a last good copy never comes here. Machines, feeds, API, forms, verified crawlers, exempt paths: as if there were no line.
 * The place is a signed ticket (challenge/tokens.ts), bound to the client's prefix, in a cookie and, until that comes back, in the address. What an attacker
 * can gain is said in waiting-room/waiting-line.ts. A page costs 8 µs where a refusal costs 0.3: so at most four a second are written for one place and
 * MOST_NEW_PER_SECOND for newcomers without a clearance; beyond that the short refusal is sent, which the next try may turn into a place.
 * Never: refuse somebody because their ticket is bad (they get a place like anybody), lose a place through a refusal of ours, hold a slot for somebody absent.
 */
import type { Reason } from '../contract/reason.ts'
import type { RouteClass } from '../contract/route-class.ts'
import type { Clock } from '../kernel/clock.ts'
import { hashText } from '../kernel/hash.ts'
import { firstValue } from '../kernel/header-list.ts'
import type { Admission } from './admission/admission.ts'
import { placeCookieName, sameHostReference, withLanguage, withPlace, withTicket } from './challenge/own-marks.ts'
import { type ChallengeKey, Tokens } from './challenge/tokens.ts'
import { opensPage } from './challenge/what-asks.ts'
import type { FetchHost } from './fetch-host.ts'
import type { SiteSettings } from './pages/options.ts'
import { WaitingPages } from './pages/waiting-page.ts'
import { PreparedAnswer, type Request } from './request.ts'
import { newRequestId } from './request-id.ts'
import type { WaitingRoomSettings } from './waiting-room/options.ts'
import { estimateSeconds, refreshSeconds } from './waiting-room/turns-due.ts'
import { NO_PLACE, type Standing, WaitingLine, waitingLineBytes } from './waiting-room/waiting-line.ts'

/** A line each, because each has its own limit at the origin. */
const lineClasses = ['page', 'search'] as const satisfies readonly RouteClass[]
/** Searches are few beside pages. */
const SEARCH_SHARE = 0.25
const TICK_MS = 100
/** When somebody joins, a free slot is found at once. */
const JOIN_TICK_MS = 10
/** New places a second and worker for visitors without a clearance: their pages cost at most about a fiftieth of a core, whatever floods in. */
const MOST_NEW_PER_SECOND = 2_000
/** A page that opens after so long has still opened; with a turn, a visitor is not sent back before. */
const TURN_WAIT_MS = 4_000
/** Refusals that mean: the origin is full. */
const fullReasons: ReadonlySet<Reason> = new Set<Reason>(['waiting-room', 'queue-full', 'queue-timeout', 'queue-superseded', 'limit-shed'])

export interface WaitingRoomMemory {
  readonly words: SharedArrayBuffer
  readonly places: number
  /** Names this memory in tickets: those of another process are no places here. */
  readonly mark: number
}

export function allocateWaitingRoom(settings: WaitingRoomSettings, mark: number): WaitingRoomMemory {
  return { words: new SharedArrayBuffer(waitingLineBytes(settings.placesMax) + waitingLineBytes(settings.placesMax * SEARCH_SHARE)), places: settings.placesMax, mark: mark >>> 0 }
}

export interface WaitingDoorParts {
  readonly clock: Clock
  readonly keys: readonly ChallengeKey[]
  readonly admission: Admission
  readonly memory: WaitingRoomMemory
  readonly hashKey: number
}

interface DoorSettings {
  readonly site: SiteSettings
  readonly waitingRoom: WaitingRoomSettings
}

export class WaitingDoor {
  readonly #parts: WaitingDoorParts
  readonly #tokens: Tokens
  readonly #lines: readonly WaitingLine[]
  readonly #spare = { freeSlots: 0, waiting: 0, perSecond: 0 }
  #settings: WaitingRoomSettings
  #pages: WaitingPages
  #newSecond = -1
  #newInSecond = 0

  constructor(parts: WaitingDoorParts, { site, waitingRoom }: DoorSettings) {
    this.#parts = parts
    this.#settings = waitingRoom
    this.#tokens = new Tokens(parts.keys, tokenRules(waitingRoom))
    const { words, places } = parts.memory
    const rules = lineRules(waitingRoom)
    this.#lines = [new WaitingLine(words, 0, places, parts.hashKey, rules), new WaitingLine(words, waitingLineBytes(places), places * SEARCH_SHARE, parts.hashKey, rules)]
    this.#pages = new WaitingPages(site)
  }

  applySettings({ site, waitingRoom }: DoorSettings): void {
    this.#settings = waitingRoom
    this.#tokens.rules = tokenRules(waitingRoom)
    for (const line of this.#lines) line.rules = lineRules(waitingRoom)
    this.#pages = new WaitingPages(site)
  }

  setKeys(keys: readonly ChallengeKey[]): void {
    this.#tokens.setKeys(keys)
  }

  /** Every tenth of a second: turns are called while nobody asks. */
  tick(): void {
    for (let index = 0; index < this.#lines.length; index++) if (this.#lines[index].open) this.#call(index, TICK_MS)
  }

  /** Who waits now, over all workers. */
  waiting(routeClass: RouteClass): number {
    const index = lineClasses.indexOf(routeClass as 'page')
    return index === -1 ? 0 : Math.round(this.#lines[index].waiting)
  }

  /** A visitor whose cookie works needs no place in the address. True when they were sent on to the address without it. */
  tidy(host: FetchHost, request: Request): boolean {
    if (!request.placeInAddress || request.placeCookie === '' || request.method !== 'GET' || !opensPage(request)) return false
    const query = request.ticket === '' ? request.query : withTicket(request.query, request.ticket)
    host.send(
      request,
      new PreparedAnswer(303, ['date', new Date(this.#parts.clock.wallMs()).toUTCString(), 'location', sameHostReference(request.path, query), 'cache-control', 'no-store', 'x-robots-tag', 'noindex', 'polder-reason', 'waiting-room'], null),
      'waiting-room',
    )
    return true
  }

  /** False: others wait for this class, and it is not this visitor's turn. */
  mayGo(request: Request): boolean {
    if (!this.#isFor(request)) return true
    const index = lineOf(request)
    const line = this.#lines[index]
    let standing = this.#find(request, index)
    if (standing === 'lost') {
      // Who behaves like a visitor goes before strangers in the fair queue anyway: the line of a flood is not theirs. Turned away there, they get a place too.
      if (request.visitorClass === 'known' || request.visitorClass === 'cleared') return true
      this.#readSpare(index)
      if (!line.open && this.#spare.freeSlots > 0 && this.#spare.waiting === 0) return true
      // Before it is known whether it must wait: the number is drawn in order of arrival.
      standing = this.#join(request, index)
    }
    if (standing === 'waits') {
      this.#call(index, JOIN_TICK_MS)
      standing = line.standing(request.placeNumber)
    }
    if (standing === 'turn' || standing === 'inside') {
      // Who waited for their turn goes before those who did not; what a rule said of them stays.
      if (request.visitorClass === 'unknown') request.visitorClass = 'known'
      return true
    }
    this.#parts.admission.countTurnedAway(request.routeClass)
    return false
  }

  /** Whether a request like this one has to wait for its turn, as far as is known without asking. */
  isOpenFor(request: Request): boolean {
    return this.#isFor(request) && this.#lines[lineOf(request)].open
  }

  /** Whether a request that the fair queue gave up may be put there again: its visitor's turn has come, and they have not waited long for this page. */
  mayStay(request: Request): boolean {
    return request.placeNumber !== NO_PLACE && this.#nowMs() - request.receivedAtMs < TURN_WAIT_MS && this.#isFor(request) && this.#lines[lineOf(request)].standing(request.placeNumber) !== 'waits'
  }

  entered(request: Request): void {
    if (request.placeNumber !== NO_PLACE && this.#isFor(request)) this.#lines[lineOf(request)].enter(request.placeNumber, this.#nowMs())
  }

  /** True when the request was answered with the page. `reason`: why it cannot go on now. */
  send(host: FetchHost, request: Request, reason: Reason): boolean {
    if (!fullReasons.has(reason) || !this.#isFor(request)) return false
    const index = lineOf(request)
    const line = this.#lines[index]
    if (request.placeNumber === NO_PLACE && this.#find(request, index) === 'lost' && this.#join(request, index) === 'lost') return false
    const number = request.placeNumber
    const nowMs = this.#nowMs()
    if (!line.mayShow(number, nowMs)) return false
    this.#readSpare(index)
    const nowWallMs = this.#parts.clock.wallMs()
    const ahead = line.ahead(number)
    const called = line.isCalled(number)
    const estimate = estimateSeconds(ahead, line.turnsPerSecond || this.#spare.perSecond)
    const refresh = refreshSeconds(called ? 0 : estimate)
    const held = this.#heldTicket(request, number, nowWallMs)
    const ticket = held === '' ? this.#tokens.issuePlace(request.client, nowWallMs, index, number, this.#parts.memory.mark, ahead) : held
    const aheadAtFirst = held === '' ? ahead : this.#tokens.aheadAtFirst
    if (request.id === '') request.id = newRequestId()
    line.expect(number, refresh, nowMs)
    const answer = this.#pages.write(
      request,
      {
        ahead, aheadAtFirst, called, estimateSeconds: estimate, refreshSeconds: refresh, keepSeconds: Math.floor(this.#settings.keepMs / 1_000),
        reference: referenceOf(request, ticket, held !== '' && held === request.placeCookie), cookie: held === request.placeCookie && held !== '' ? '' : this.#cookie(request, ticket), supportCode: request.id.slice(0, 8),
      },
      nowWallMs,
    )
    host.send(request, answer, 'waiting-room')
    return true
  }

  /** A person who opens a page and may be asked to wait. */
  #isFor(request: Request): boolean {
    return this.#settings.enabled && request.method === 'GET' && lineOf(request) !== -1 && !request.exempt && request.visitorClass !== 'allowed' && request.upgrade === '' && opensPage(request)
  }

  /** By the ticket: the cookie's, else the address's. Sets `placeNumber`. */
  #find(request: Request, index: number): Standing {
    for (const text of [request.placeCookie, request.place]) {
      if (text === '' || this.#tokens.read('place', text, 0, request.client, this.#parts.clock.wallMs()) !== 'valid') continue
      if (this.#tokens.line !== index || this.#tokens.lineMark !== this.#parts.memory.mark) continue
      const { number, bearer, issuedAtSeconds } = this.#tokens
      const line = this.#lines[index]
      const nowMs = this.#nowMs()
      const standing = line.comeBack(number, nowMs)
      if (standing === 'lost') continue
      request.placeNumber = number
      if (standing === 'waits' && line.isOfAnother(number, bearer, nowMs - (this.#parts.clock.wallMs() - issuedAtSeconds * 1_000), nowMs)) {
        const own = line.moveApart(request.client.key, this.#browserOf(request), this.#mostPlaces(request), nowMs)
        if (own !== NO_PLACE) request.placeNumber = own
      }
      return standing
    }
    return 'lost'
  }

  #join(request: Request, index: number): Standing {
    if (request.clearedBy === '' && !this.#mayBeNew()) return 'lost'
    const line = this.#lines[index]
    const number = line.join(request.client.key, this.#browserOf(request), this.#mostPlaces(request), this.#nowMs())
    if (number === NO_PLACE) return 'lost'
    request.placeNumber = number
    return line.standing(number)
  }

  #mostPlaces(request: Request): number {
    return Math.floor(this.#settings.placesPerClient * this.#parts.admission.sources.natWeight(request.sourceSlot))
  }

  #browserOf(request: Request): number {
    return hashText(firstValue(request.headers, 'accept-language') ?? '', hashText(firstValue(request.headers, 'user-agent') ?? '', this.#parts.hashKey))
  }

  #mayBeNew(): boolean {
    const second = Math.floor(this.#nowMs() / 1_000)
    if (second !== this.#newSecond) {
      this.#newSecond = second
      this.#newInSecond = 0
    }
    return this.#newInSecond++ < MOST_NEW_PER_SECOND
  }

  /** The ticket that came and names this place, or ''. Its facts are then in `#tokens`. */
  #heldTicket(request: Request, number: number, nowWallMs: number): string {
    for (const text of [request.placeCookie, request.place]) {
      if (text !== '' && this.#tokens.read('place', text, 0, request.client, nowWallMs) === 'valid' && this.#tokens.number === number && this.#tokens.line === lineOf(request) && this.#tokens.lineMark === this.#parts.memory.mark) return text
    }
    return ''
  }

  #cookie(request: Request, ticket: string): string {
    const secure = request.scheme === 'https' ? '; Secure' : ''
    return `${placeCookieName(request.scheme)}=${ticket}; Path=/; Max-Age=${Math.floor(this.#settings.ticketMs / 1_000)}; HttpOnly; SameSite=Lax${secure}`
  }

  #call(index: number, everyMs: number): void {
    this.#readSpare(index)
    this.#lines[index].callTurns(this.#spare, this.#nowMs(), everyMs)
  }

  #readSpare(index: number): void {
    this.#parts.admission.readSpare(lineClasses[index], this.#spare)
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs()
  }
}

function lineOf(request: Request): number {
  return request.routeClass === 'page' ? 0 : request.routeClass === 'search' ? 1 : -1
}

/** Where the page asks again: what was asked for, the language chosen, and what a visitor without cookies cannot carry otherwise. */
function referenceOf(request: Request, ticket: string, cookieWorks: boolean): string {
  let query = request.query
  if (request.clearedBy === 'address' || request.clearedBy === 'referer') query = withTicket(query, request.ticket)
  query = withLanguage(query, request.language)
  return sameHostReference(request.path, cookieWorks ? query : withPlace(query, ticket))
}

function lineRules(settings: WaitingRoomSettings) {
  return { keepSeconds: Math.floor(settings.keepMs / 1_000), insideSeconds: Math.floor(settings.insideMs / 1_000), insideRequests: settings.insideRequests }
}

function tokenRules(settings: WaitingRoomSettings) {
  return { challengeLifeMs: 0, clearanceLifeMs: 0, placeLifeMs: settings.ticketMs, epoch: 0 }
}
