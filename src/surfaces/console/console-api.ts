/**
 * What the console can be asked, one line each: who may, and what is done. A request gets here only after its host was judged (who-asks.ts); a change needs the
 * session's token, a page of ours as its sender, and a role. Orders are made whole here with the name of the account and judged by the main thread as those of the
 * control socket are. Nothing from outside is ever written into a page: answers are JSON.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AccountFacts, type ActAnswer, type ConsoleAct, type ConsoleRefusalCode, type ConsoleRole, consoleRoles, type ConsoleSession, CSRF_HEADER, type SettingsView } from '../../contract/console.ts'
import { type ExploreAttribute, exploreAttributes, type ExploreAnswer, type ExploreWish } from '../../contract/explore.ts'
import type { ActOutcome, ControlReply, ShieldStatus } from '../../contract/control-socket.ts'
import type { JournalDraft } from '../../contract/journal.ts'
import type { RecordReply } from '../../contract/record.ts'
import { roomNames } from '../../contract/record.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../kernel/units.ts'
import { type Account, type AccountBook, AccountError, roleOf } from './accounts.ts'
import type { GuessGuard } from './guess-guard.ts'
import { placesOf } from './guess-guard.ts'
import type { History } from './history.ts'
import { cookieOf, type Fields, HttpRefusal, isFields, numberParameter, readFields, sendJson, textField } from './http-answer.ts'
import { DEVICE_MS, type KnownPlaces } from './known-places.ts'
import type { LiveHub } from './live-hub.ts'
import type { MainLine } from './main-line.ts'
import type { ConsoleSettings } from './options.ts'
import { explorePast } from './past-samples.ts'
import { isNeverAsked, isRead } from './room-reads.ts'
import { csrfOf, isCsrf, type Session, type SessionBook } from './sessions.ts'
import type { SignIn } from './sign-in.ts'
import { totpUri } from './totp.ts'
import { undoOf } from './undo.ts'
import type { Asker, WhoAsks } from './who-asks.ts'

const DEFAULT_POINTS = 600
const LONGEST_PASSWORD = 1_024

export interface ApiParts {
  readonly clock: Clock
  readonly version: string
  readonly accounts: AccountBook
  readonly places: KnownPlaces
  readonly guard: GuessGuard
  readonly sessions: SessionBook
  readonly signIn: SignIn
  readonly live: LiveHub
  readonly history: History
  readonly main: MainLine
  settings(): ConsoleSettings
  view(): SettingsView
  /** The newest whole status; null before the first. */
  status(): ShieldStatus | null
  note(draft: JournalDraft): void
}

/** Somebody who is signed in. */
interface Person {
  readonly session: Session
  readonly token: string
  readonly account: Account
}

interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly asker: Asker
  readonly url: URL
  readonly person: Person
  /** Of a change; empty otherwise. */
  readonly fields: Fields
}

interface Route {
  readonly role: ConsoleRole
  /** Returns what is sent as JSON, or undefined when it has answered itself. */
  answer(call: Call): unknown
}

const statusOf: Readonly<Partial<Record<ConsoleRefusalCode, number>>> = Object.freeze({ 'control-plane-gone': 503, 'record-gone': 503, 'lifeline-gone': 503, 'shield-error': 502, busy: 503, 'not-found': 404, 'not-allowed': 403, failed: 500, 'bad-request': 400 })

export class ConsoleApi {
  readonly #parts: ApiParts
  readonly #reads: Readonly<Record<string, Route>>
  readonly #changes: Readonly<Record<string, Route>>
  /** Orders about rules since the start, for the metrics. */
  readonly acts = { done: 0, refused: 0 }

  constructor(parts: ApiParts) {
    this.#parts = parts
    const viewer = (answer: Route['answer']): Route => ({ role: 'viewer', answer })
    const admin = (answer: Route['answer']): Route => ({ role: 'admin', answer })
    this.#reads = Object.freeze({
      session: viewer(({ person }) => this.#session(person)),
      live: viewer((call) => this.#live(call)),
      history: viewer(({ url }) => this.#history(url.searchParams)),
      moment: viewer(({ url }) => this.#moment(url.searchParams)),
      lifeline: viewer(() => this.#ask({ ask: 'lifeline', order: 'state' })),
      address: viewer(({ url }) => this.#ask({ ask: 'address', address: url.searchParams.get('address') ?? '' })),
      settings: viewer(() => parts.view()),
      accounts: admin(() => ({ accounts: this.#accounts() })),
    })
    this.#changes = Object.freeze({
      logout: viewer((call) => this.#logout(call)),
      looking: viewer(({ person, fields }) => {
        parts.live.looking(person.session.id, typeof fields['at'] === 'string' ? fields['at'] : '')
        return {}
      }),
      password: viewer((call) => this.#ownPassword(call)),
      explore: viewer(({ fields }) => this.#explore(fields)),
      'explore/harm': viewer(({ fields }) => this.#ask({ ask: 'explore', question: { kind: 'harm', where: whereOf(fields) } })),
      act: { role: 'operator', answer: (call) => this.#act(call) },
      'lifeline/crawl': { role: 'operator', answer: ({ person }) => this.#crawl(person) },
      'accounts/add': admin(({ person, fields }) => this.#change(person, async (book) => ({ sentence: await book.add(textField(fields, 'name', 100), roleOf(fields['role']), textField(fields, 'password', LONGEST_PASSWORD)) }))),
      'accounts/remove': admin(({ person, fields }) => this.#change(person, (book) => ({ sentence: book.remove(textField(fields, 'name', 100)) }))),
      'accounts/role': admin(({ person, fields }) => this.#change(person, (book) => ({ sentence: book.role(textField(fields, 'name', 100), roleOf(fields['role'])) }))),
      'accounts/password': admin(({ person, fields }) => this.#change(person, async (book) => ({ sentence: await book.password(textField(fields, 'name', 100), textField(fields, 'password', LONGEST_PASSWORD)) }))),
      'accounts/unlock': admin(({ person, fields }) => this.#change(person, (book) => ({ sentence: book.unlock(textField(fields, 'name', 100)) }))),
      'accounts/totp': admin(({ person, fields }) => this.#change(person, (book) => {
        if (typeof fields['on'] !== 'boolean') throw new HttpRefusal(400, 'bad-request', 'on must be true or false')
        const name = textField(fields, 'name', 100)
        const secret = book.totp(name, fields['on'])
        return secret === '' ? { sentence: `${name} signs in without a second factor` } : { sentence: `${name} signs in with a second factor from now on; open sessions ended`, totpUri: totpUri(secret, name, 'Polder') }
      })),
    })
  }

  /** `path` after `/api/`. @throws HttpRefusal. */
  async handle(request: IncomingMessage, response: ServerResponse, asker: Asker, who: WhoAsks, url: URL, path: string): Promise<void> {
    const reading = request.method === 'GET' || request.method === 'HEAD'
    if (!reading && request.method !== 'POST') throw new HttpRefusal(405, 'bad-request', 'the console is asked by GET and changed by POST')
    if (reading) {
      const route = this.#routeOf(this.#reads, path)
      const person = this.#person(request, asker)
      mustHaveRole(person, route.role)
      const value = await route.answer({ request, response, asker, url, person, fields: {} })
      if (value !== undefined) sendJson(response, 200, value)
      return
    }
    who.mustBeOurPage(request, asker)
    if (path === 'login') {
      await this.#login(request, response, asker)
      return
    }
    const person = this.#person(request, asker)
    if (!isCsrf(person.token, String(request.headers[CSRF_HEADER] ?? ''))) throw new HttpRefusal(403, 'no-token', 'the token of this page is missing or old: load the page anew')
    const room = /^record\/([a-z]+)\/([A-Za-z][A-Za-z-]{0,39})$/.exec(path)
    const route = room === null ? this.#routeOf(this.#changes, path) : this.#roomRoute(room[1]!, room[2]!)
    mustHaveRole(person, route.role)
    const fields = await readFields(request)
    const value = await route.answer({ request, response, asker, url, person, fields })
    if (value !== undefined) sendJson(response, 200, value)
  }

  /** Whether a page of this session may stay open; an open page is use. */
  keepAlive(sessionId: string): boolean {
    return this.#parts.sessions.keepAlive(sessionId, (name) => this.#stampOf(name))
  }

  #routeOf(table: Readonly<Record<string, Route>>, path: string): Route {
    if (!Object.hasOwn(table, path)) throw new HttpRefusal(404, 'not-found', 'there is nothing of that name here')
    return table[path]!
  }

  #roomRoute(name: string, question: string): Route {
    const room = roomNames.find((one) => one === name)
    if (room === undefined) throw new HttpRefusal(404, 'not-found', `the record has no room of that name; it has ${roomNames.join(', ')}`)
    if (isNeverAsked(room, question)) throw new HttpRefusal(403, 'not-allowed', 'this can only be asked on the machine itself, with the polder command')
    return {
      role: isRead(room, question) ? 'viewer' : 'operator',
      answer: async ({ person, fields }) => {
        const reply = (await this.#ask({ ask: 'record', question: { room, question, who: person.account.name, asks: fields } })) as RecordReply
        if (reply.ok) return reply.answer
        throw new HttpRefusal(reply.code === 'not-found' || reply.code === 'unknown-question' ? 404 : reply.code === 'not-allowed' ? 403 : reply.code === 'failed' ? 500 : 400, reply.code === 'not-found' || reply.code === 'unknown-question' ? 'not-found' : reply.code === 'not-allowed' ? 'not-allowed' : reply.code === 'failed' ? 'failed' : 'bad-request', reply.sentence)
      },
    }
  }

  #stampOf(name: string): string | null {
    try {
      return this.#parts.accounts.find(name)?.stamp ?? null
    } catch {
      return null
    }
  }

  /** @throws HttpRefusal. */
  #person(request: IncomingMessage, asker: Asker): Person {
    const token = cookieOf(request, sessionCookie(asker.secure))
    try {
      this.#parts.accounts.list()
    } catch (error) {
      // Nobody's session ends because a file cannot be read for a moment.
      if (error instanceof AccountError) throw new HttpRefusal(503, 'failed', 'the accounts cannot be read; the log says why')
      throw error
    }
    const session = token === '' ? null : this.#parts.sessions.find(token, (name) => this.#stampOf(name))
    const account = session === null ? null : this.#parts.accounts.find(session.name)
    if (session === null || account === null) throw new HttpRefusal(401, 'not-signed-in', 'sign in first')
    return { session, token, account }
  }

  #session({ account, token, session }: Person): ConsoleSession {
    return { name: account.name, role: account.role, csrf: csrfOf(token), version: this.#parts.version, expiresAtWallMs: this.#parts.sessions.endsAtWallMs(session) }
  }

  async #login(request: IncomingMessage, response: ServerResponse, asker: Asker): Promise<void> {
    const fields = await readFields(request)
    const code = fields['code']
    const wish = { name: textField(fields, 'name', 100), password: textField(fields, 'password', LONGEST_PASSWORD), code: typeof code === 'string' ? code.slice(0, 20) : '' }
    const outcome = await this.#parts.signIn.try(wish, asker.source, cookieOf(request, deviceCookie(asker.secure)))
    if (!outcome.ok) throw new HttpRefusal(outcome.status, outcome.code, outcome.sentence, outcome.retryAfterSeconds)
    // Whatever session this browser had is over; the new one has a token nobody has seen.
    const old = cookieOf(request, sessionCookie(asker.secure))
    if (old !== '') this.#endSession(this.#parts.sessions.find(old, (name) => this.#stampOf(name)))
    const { token, session } = this.#parts.sessions.begin(outcome.account.name, outcome.account.stamp)
    const cookies = [cookieText(sessionCookie(asker.secure), token, asker.secure, this.#parts.settings().sessionMs)]
    if (outcome.deviceToken !== '') cookies.push(cookieText(deviceCookie(asker.secure), outcome.deviceToken, asker.secure, DEVICE_MS))
    response.setHeader('set-cookie', cookies)
    sendJson(response, 200, this.#session({ session, token, account: outcome.account }))
  }

  #logout({ response, asker, person }: Call): object {
    this.#endSession(person.session)
    this.#parts.note({ kind: 'login', who: person.account.name, sentence: `${person.account.name} signed out of the console`, data: { done: true, out: true } })
    response.setHeader('set-cookie', [cookieText(sessionCookie(asker.secure), '', asker.secure, 0)])
    return {}
  }

  #endSession(session: Session | null): void {
    if (session === null) return
    this.#parts.sessions.end(session.id)
    this.#parts.live.endSession(session.id)
  }

  async #ownPassword({ person, fields, response, asker }: Call): Promise<object> {
    const [old, next] = [textField(fields, 'old', LONGEST_PASSWORD), textField(fields, 'new', LONGEST_PASSWORD)]
    // A stolen session must not guess the password either.
    const at = placesOf(person.account.name.toLowerCase(), asker.source, person.session.id, true)
    if (this.#parts.guard.waitMs(at) > 0) throw new HttpRefusal(429, 'too-many-tries', 'too many wrong tries; wait a while', Math.ceil(this.#parts.guard.waitMs(at) / SECOND_MS))
    if (!(await this.#parts.signIn.isRight(person.account, old))) {
      this.#parts.guard.wrong(at)
      throw new HttpRefusal(403, 'wrong-login', 'the old password is wrong')
    }
    const answer = await this.#change(person, async (book) => ({ sentence: await book.password(person.account.name, next) }))
    const account = this.#parts.accounts.find(person.account.name)!
    const { token, session } = this.#parts.sessions.begin(account.name, account.stamp)
    this.#endSession(person.session)
    response.setHeader('set-cookie', [cookieText(sessionCookie(asker.secure), token, asker.secure, this.#parts.settings().sessionMs)])
    return { ...answer, session: this.#session({ session, token, account }) }
  }

  #live({ request, response, person }: Call): undefined {
    if (this.#parts.live.size >= this.#parts.settings().consolesMax) throw new HttpRefusal(503, 'busy', `${this.#parts.live.size} pages are open already (console.consolesMax)`, 10)
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no', connection: 'keep-alive' })
    if (request.method === 'HEAD') {
      response.end()
      return undefined
    }
    request.socket.setTimeout(0)
    request.socket.setNoDelay(true)
    const page = this.#parts.live.open({ name: person.account.name, sessionId: person.session.id }, response, String(request.headers['last-event-id'] ?? ''))
    response.once('close', () => page.close())
    return undefined
  }

  #history(query: URLSearchParams): unknown {
    const now = this.#parts.clock.wallMs()
    const to = numberParameter(query, 'to', now)
    const from = numberParameter(query, 'from', to - HOUR_MS)
    if (from >= to) throw new HttpRefusal(400, 'bad-request', 'from must be before to')
    return this.#parts.history.read(Math.max(from, now - 100 * DAY_MS), to, numberParameter(query, 'most', DEFAULT_POINTS), now)
  }

  #moment(query: URLSearchParams): unknown {
    const kept = this.#parts.history.moment(numberParameter(query, 'at', null))
    if (kept === null) throw new HttpRefusal(404, 'not-found', 'nothing is kept of that moment: moments are kept for a day, while Polder runs')
    return kept
  }

  async #act({ person, fields }: Call): Promise<ActAnswer> {
    const act = fields['act']
    if (!isFields(act)) throw new HttpRefusal(400, 'bad-request', 'act must be an object')
    const before = this.#parts.status()
    const outcome = (await this.#ask({ ask: 'act', act: { ...act, who: person.account.name } })) as ActOutcome
    this.acts[outcome.done ? 'done' : 'refused']++
    const undo = undoOf(act as unknown as ConsoleAct, outcome, before?.control.view ?? null)
    this.#parts.live.send('acted', { who: person.account.name, sentence: outcome.sentence, atWallMs: this.#parts.clock.wallMs(), done: outcome.done, undo })
    return { ...outcome, undo }
  }

  async #crawl({ account }: Person): Promise<unknown> {
    const state = await this.#ask({ ask: 'lifeline', order: 'crawl' })
    const sentence = `${account.name} asked for a new copy of the site`
    this.#parts.note({ kind: 'lifeline', who: account.name, sentence, data: { order: 'crawl' } })
    this.#parts.live.send('acted', { who: account.name, sentence, atWallMs: this.#parts.clock.wallMs(), done: true, undo: null })
    return state
  }

  #explore(fields: Fields): Promise<unknown> | ExploreAnswer {
    const by = exploreAttributes.find((one) => one === fields['by'])
    if (by === undefined) throw new HttpRefusal(400, 'bad-request', `by must be one of ${exploreAttributes.join(', ')}`)
    const where = whereOf(fields)
    const { window } = fields
    if (window !== 'now' && !(isFields(window) && typeof window['from'] === 'number' && typeof window['to'] === 'number' && window['from'] < window['to'])) throw new HttpRefusal(400, 'bad-request', 'window must be "now", or from and to')
    const wish: ExploreWish = { window: window as ExploreWish['window'], by, where }
    if (wish.window !== 'now' || by === 'outcome') return explorePast(wish, this.#parts.history, this.#parts.status())
    return this.#ask({ ask: 'explore', question: { kind: 'rows', by, where } })
  }

  #accounts(): readonly AccountFacts[] {
    const { accounts, places, sessions, guard, clock } = this.#parts
    return accounts.list().map(({ name, role, totp, madeAtWallMs }) => {
      const waitMs = guard.waitMs([{ kind: 'account', key: name.toLowerCase() }])
      return { name, role, totp: totp !== '', madeAtWallMs, lastLoginAtWallMs: places.lastLoginAtWallMs(name.toLowerCase()), sessions: sessions.countOf(name), lockedUntilWallMs: waitMs > 0 ? clock.wallMs() + waitMs : null }
    })
  }

  async #change<T extends { readonly sentence: string }>(person: Person, change: (book: AccountBook) => T | Promise<T>): Promise<T> {
    try {
      const answer = await change(this.#parts.accounts)
      this.#parts.note({ kind: 'login', who: person.account.name, sentence: `accounts of the console: ${answer.sentence}`, data: { done: true, accounts: true } })
      this.#parts.live.send('acted', { who: person.account.name, sentence: answer.sentence, atWallMs: this.#parts.clock.wallMs(), done: true, undo: null })
      return answer
    } catch (error) {
      if (error instanceof AccountError) throw new HttpRefusal(400, 'bad-request', error.message)
      throw error
    }
  }

  /** The main thread's answer. @throws HttpRefusal with its refusal. */
  async #ask(question: Readonly<Record<string, unknown>>): Promise<unknown> {
    const reply: ControlReply<unknown> = await this.#parts.main.ask(question)
    if (reply.ok) return reply.answer
    const code: ConsoleRefusalCode = reply.code === 'too-long' ? 'too-long' : reply.code in statusOf ? (reply.code as ConsoleRefusalCode) : 'bad-request'
    throw new HttpRefusal(statusOf[code] ?? 400, code, reply.message)
  }
}

function mustHaveRole({ account }: Person, role: ConsoleRole): void {
  if (consoleRoles.indexOf(account.role) < consoleRoles.indexOf(role)) throw new HttpRefusal(403, 'not-allowed', `this needs the role ${role}; ${account.name} is ${account.role}`)
}

function whereOf(fields: Fields): ExploreWish['where'] {
  const raw = fields['where'] ?? []
  if (!Array.isArray(raw) || raw.length > 8) throw new HttpRefusal(400, 'bad-request', 'where must be a list of at most eight')
  return raw.map((one: unknown) => {
    if (!isFields(one)) throw new HttpRefusal(400, 'bad-request', 'each of where must be an object')
    const attribute: ExploreAttribute | undefined = exploreAttributes.find((name) => name === one['attribute'])
    if (attribute === undefined) throw new HttpRefusal(400, 'bad-request', `an attribute is one of ${exploreAttributes.join(', ')}`)
    const value = one['value']
    if (typeof value !== 'string' || value.length > 500) throw new HttpRefusal(400, 'bad-request', 'value must be text')
    return { attribute, value }
  })
}

/** On https no other site of the same name may set it (RFC 6265bis, prefix __Host-). */
function sessionCookie(secure: boolean): string {
  return secure ? '__Host-polder-console' : 'polder-console'
}

function deviceCookie(secure: boolean): string {
  return secure ? '__Host-polder-device' : 'polder-device'
}

function cookieText(name: string, value: string, secure: boolean, forMs: number): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${Math.floor(forMs / SECOND_MS)}${secure ? '; Secure' : ''}`
}
