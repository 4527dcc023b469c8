/**
 * The short check that a rule may put before a page, and the way through it.
 *   read    who has passed already: before any rule
 *   pass    a challenge comes back, waited out or worked out: a clearance, and on to what was asked for
 *   ask     a rule wants a check: the page, or a few words for a script
 *
 * Never: loop (who refuses cookies carries the clearance in the address), lose what a form sent, answer 5xx, ask what cannot answer
 * (feeds, API, sub-resources, probes: the pipeline sees to that), send anybody to another host, send again a form that another site made up.
 */
import type { Plan } from '../contract/plan.ts'
import type { Clock } from '../kernel/clock.ts'
import { type ClearanceBudget } from './challenge/clearance-budget.ts'
import { clearanceCookie, Clearances, otherFamilyPart } from './challenge/clearance.ts'
import { canBeHeld, type HeldForm, MOST_HELD_BYTES, readForm } from './challenge/held-form.ts'
import type { ChallengeSettings } from './challenge/options.ts'
import { keptQuery, LOST_FORM, sameHostReference, withLanguage, withTicket } from './challenge/own-marks.ts'
import { isSolved } from './challenge/proof-of-work.ts'
import { TOKEN_CHARACTERS } from './challenge/token-text.ts'
import { rehearse } from './challenge/rehearse.ts'
import { type ChallengeKey, Tokens } from './challenge/tokens.ts'
import { fromSameSite, opensPage, wantsJson } from './challenge/what-asks.ts'
import type { FetchHost } from './fetch-host.ts'
import { ChallengePages } from './pages/challenge-page.ts'
import type { SiteSettings } from './pages/options.ts'
import { PreparedAnswer, type Request } from './request.ts'
import { newRequestId } from './request-id.ts'
import { GatheredBody, type GatherBudget } from './upload/gathered-body.ts'

/** A page may lie open in a forgotten tab; after this it asks anew. */
const CHALLENGE_LIFE_MS = 600_000
const HARDEST_BITS = 18
/** Forms that wait for their page to be written may take this much of a worker's room for content (upload/). */
const MOST_HELD_TOGETHER_BYTES = 16 * 1_048_576

/** Of the networks kept for documentation (RFC 5737): nobody's. */
const REHEARSING = { family: 4, text: '192.0.2.1', high: 0xc0000201, low: 0, key: 0 } as const
const STRANGER = { family: 4, text: '198.51.100.1', high: 0xc6336401, low: 0, key: 0 } as const

export interface DoorParts {
  readonly clock: Clock
  readonly keys: readonly ChallengeKey[]
  readonly budget: ClearanceBudget
  readonly gatherBudget: GatherBudget
  readonly onNewClearance: (sourceSlot: number) => void
}

interface DoorSettings {
  readonly site: SiteSettings
  readonly challenge: ChallengeSettings
}

export class ChallengeDoor {
  readonly #parts: DoorParts
  readonly #tokens: Tokens
  readonly #clearances: Clearances
  #settings: ChallengeSettings
  #pages: ChallengePages

  constructor(parts: DoorParts, { site, challenge }: DoorSettings) {
    this.#parts = parts
    this.#settings = challenge
    this.#tokens = new Tokens(parts.keys, tokenRules(challenge))
    this.#clearances = new Clearances(this.#tokens, parts.budget, parts.onNewClearance)
    this.#pages = new ChallengePages(site)
  }

  applySettings({ site, challenge }: DoorSettings): void {
    this.#settings = challenge
    this.#tokens.rules = tokenRules(challenge)
    this.#pages = new ChallengePages(site)
  }

  setKeys(keys: readonly ChallengeKey[]): void {
    this.#tokens.setKeys(keys)
  }

  /** What is wrong with the check, in a sentence, or null: both doors tried without a visitor. */
  rehearse(nowWallMs: number): string | null {
    const { waitMs, clearanceRequests } = this.#settings
    return rehearse(this.#tokens, REHEARSING, STRANGER, Math.ceil(waitMs / 1_000), clearanceRequests, nowWallMs)
  }

  read(request: Request, nowWallMs: number): void {
    this.#clearances.read(request, nowWallMs)
  }

  /** Whether a challenge came back done, and by which door, or the request was sent on with the clearance it has. `challenging`: some rule would ask a visitor who has no clearance. */
  pass(host: FetchHost, request: Request, challenging: boolean, nowWallMs: number): 'worked' | 'waited' | 'sent-on' | 'no' {
    if (request.ticket === '' || !opensPage(request)) return 'no'
    const isGet = request.method === 'GET'
    if (request.clearedBy === 'cookie' || request.clearedBy === 'referer') {
      if (!isGet || (request.clearedBy === 'referer' && !challenging)) return 'no'
      // With a cookie the address needs no clearance; without one the next page's address must carry it, or the click after that would be asked again.
      const query = request.clearedBy === 'cookie' ? keptQuery(request) : withTicket(keptQuery(request), request.ticket)
      this.#sendOn(host, request, 303, query, null, nowWallMs)
      return 'sent-on'
    }
    if (request.clearedBy !== '') return 'no'
    const verdict = this.#tokens.read('challenge', request.ticket, 0, request.client, nowWallMs)
    if (verdict !== 'valid' && verdict !== 'early') return 'no'
    const bits = this.#tokens.difficultyBits
    const worked = isSolved(request.ticket, 0, bits)
    if (verdict === 'early' && !worked) return 'no'
    const clearance = this.#tokens.issueClearance(request.client, nowWallMs, this.#settings.clearanceRequests, worked ? bits : 0)
    // 307: the form is sent again as it is (RFC 9110 15.4.8).
    this.#sendOn(host, request, isGet ? 303 : 307, withTicket(keptQuery(request), clearance), clearanceCookie(request, clearance, otherFamilyPart(request), this.#settings), nowWallMs)
    return worked ? 'worked' : 'waited'
  }

  /** Whether this visitor has passed before and no cookie came back: then the address, or the page the click came from, holds an old clearance. */
  isWithoutCookies(request: Request, nowWallMs: number): boolean {
    if (request.ticket === '' || request.clearanceCookie !== '') return false
    const verdict = this.#tokens.read('clearance', request.ticket, 0, request.client, nowWallMs)
    return verdict === 'expired' || verdict === 'valid'
  }

  /** Ends the request with a challenge. */
  ask(host: FetchHost, request: Request, plan: Plan, withoutCookies: boolean, nowWallMs: number): void {
    if (!opensPage(request)) {
      this.#answerScript(host, request, nowWallMs)
      return
    }
    if (request.method === 'GET') {
      // Another language was chosen on a page that says a form was not sent: it still says so.
      this.#sendPage(host, request, plan, request.language.endsWith(LOST_FORM) ? null : undefined, withoutCookies)
      return
    }
    const { body } = request
    const held = fromSameSite(request) && canBeHeld(request) && this.#parts.gatherBudget.usedBytes < MOST_HELD_TOGETHER_BYTES
    if (!held || body === null) {
      this.#sendPage(host, request, plan, held ? { multipart: false, fields: [] } : null, withoutCookies)
      return
    }
    body.maxBodyBytes = MOST_HELD_BYTES
    const gathered = new GatheredBody(body, this.#parts.gatherBudget, {
      onReady: (whole) => {
        try {
          if (!request.ended) this.#sendPage(host, request, plan, whole === null ? null : readForm(request, whole), withoutCookies)
        } catch (error) {
          host.fault(request, error)
        }
      },
      onFailed: (reason) => {
        if (!request.ended) host.refuse(request, reason, 0)
      },
    })
    const onClose = (gone: boolean): void => {
      gathered.release()
      if (gone) host.ended(request, 'client-aborted')
    }
    request.reply.onClose = onClose
    gathered.gather()
  }

  #sendPage(host: FetchHost, request: Request, plan: Plan, form: HeldForm | null | undefined, withoutCookies: boolean): void {
    const nowWallMs = this.#parts.clock.wallMs()
    const tokens = this.#tokens
    let waitSeconds = Math.ceil(this.#settings.waitMs / 1_000)
    let bits = Math.min(HARDEST_BITS, this.#settings.difficultyBits + extraBits(plan, nowWallMs))
    let token: string
    if (request.ticket !== '' && tokens.read('challenge', request.ticket, 0, request.client, nowWallMs) === 'early') {
      // Pressed before its time: the same wait goes on, it does not begin again.
      token = request.ticket.slice(0, TOKEN_CHARACTERS)
      bits = tokens.difficultyBits
      waitSeconds = Math.max(1, Math.ceil(tokens.waitSeconds - (nowWallMs / 1_000 - tokens.issuedAtSeconds)))
    } else token = tokens.issueChallenge(request.client, nowWallMs, bits, waitSeconds)
    if (request.id === '') request.id = newRequestId()
    const answer = this.#pages.write(
      request,
      {
        token, difficultyBits: bits, waitSeconds, clearanceMinutes: Math.floor(this.#settings.clearanceMs / 60_000),
        reference: sameHostReference(request.path, withTicket(withLanguage(keptQuery(request), request.language), token)), form, withoutCookies, supportCode: request.id.slice(0, 8),
      },
      nowWallMs,
    )
    host.send(request, answer, 'rule-challenge')
  }

  /** A script of an open page, a sub-resource, a tool: a page would only break it. */
  #answerScript(host: FetchHost, request: Request, nowWallMs: number): void {
    const seconds = Math.ceil(this.#settings.waitMs / 1_000)
    const json = wantsJson(request)
    const text = json ? `{"status":429,"reason":"rule-challenge","retryAfterSeconds":${seconds}}\n` : 'rule-challenge: open a page of this site in a browser first, then try again\n'
    host.send(
      request,
      new PreparedAnswer(
        429,
        [
          'date', new Date(nowWallMs).toUTCString(), 'content-type', json ? 'application/json' : 'text/plain; charset=utf-8', 'cache-control', 'no-store',
          'x-robots-tag', 'noindex', 'polder-reason', 'rule-challenge', 'retry-after', String(seconds),
        ],
        Buffer.from(text),
      ),
      'rule-challenge',
    )
  }

  #sendOn(host: FetchHost, request: Request, status: 303 | 307, query: string, cookie: string | null, nowWallMs: number): void {
    const headers = [
      'date', new Date(nowWallMs).toUTCString(), 'location', sameHostReference(request.path, query), 'cache-control', 'no-store', 'x-robots-tag', 'noindex',
      'polder-reason', 'challenge-passed',
    ]
    if (cookie !== null) headers.push('set-cookie', cookie)
    host.send(request, new PreparedAnswer(status, headers, null), 'challenge-passed')
  }
}

function extraBits(plan: Plan, nowWallMs: number): number {
  if (plan.postureExpiresAtWallMs <= nowWallMs) return 0
  return plan.state === 'EMERGENCY' ? 2 : plan.state === 'ATTACK' ? 1 : 0
}

function tokenRules(settings: ChallengeSettings) {
  return { challengeLifeMs: CHALLENGE_LIFE_MS, clearanceLifeMs: settings.clearanceMs, placeLifeMs: 0, epoch: settings.epoch }
}
