/** A console on a loopback port with a shield that answers what a test says, cheap passwords and a clock that stands still. */
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConsoleRole, ConsoleSession } from '../../contract/console.ts'
import type { ShieldStatus } from '../../contract/control-socket.ts'
import type { JournalDraft } from '../../contract/journal.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { AccountBook } from './accounts.ts'
import { ConsoleApi } from './console-api.ts'
import { ConsoleListener } from './console-listener.ts'
import { GuessGuard } from './guess-guard.ts'
import { HistoryStore } from './history-store.ts'
import { History } from './history.ts'
import { KnownPlaces } from './known-places.ts'
import { LiveHub } from './live-hub.ts'
import { MainLine } from './main-line.ts'
import { consoleOptions, type ConsoleSettings } from './options.ts'
import { SessionBook } from './sessions.ts'
import { SignIn } from './sign-in.ts'

export const PASSWORD = 'correct horse battery'
const CHEAP = Object.freeze({ logN: 4, r: 8, p: 1 })

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export interface Rig {
  readonly url: string
  readonly clock: SimulatedClock
  readonly folder: string
  readonly parts: { accounts: AccountBook; sessions: SessionBook; places: KnownPlaces; guard: GuessGuard; live: LiveHub; history: History; store: HistoryStore; api: ConsoleApi; signIn: SignIn }
  readonly notes: JournalDraft[]
  /** Lines the main thread was asked. */
  readonly asked: string[]
  settings: ConsoleSettings
  /** What the main thread answers. */
  reply: (question: Record<string, unknown>) => unknown
  status: ShieldStatus | null
  ask(method: string, path: string, more?: { body?: unknown; raw?: string | Buffer; headers?: Record<string, string | undefined> }): Promise<Answer>
  login(name: string, password?: string, headers?: Record<string, string>): Promise<Answer>
  /** Signed in, with headers for changes. */
  as(role: ConsoleRole): Promise<Record<string, string>>
  renewCertificate(): void
  close(): Promise<void>
}

export async function openRig(more: Partial<ConsoleSettings> = {}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'polder-console-'))
  const clock = new SimulatedClock()
  const notes: JournalDraft[] = []
  const asked: string[] = []
  const accounts = new AccountBook(folder, clock, CHEAP)
  const places = new KnownPlaces(folder, clock, () => {})
  const settings = (): ConsoleSettings => rig.settings
  const guard = new GuessGuard(settings, clock, 12_345)
  const sessions = new SessionBook(folder, settings, clock, () => {})
  const note = (draft: JournalDraft): void => void notes.push(draft)
  const signIn = new SignIn({ accounts, places, guard, clock, note })
  const live = new LiveHub(clock, 'run')
  const main: MainLine = new MainLine((ticket, line) => {
    asked.push(line)
    main.hear(ticket, JSON.stringify({ format: 1, ok: true, answer: rig.reply(JSON.parse(line) as Record<string, unknown>) }))
  })
  const store = new HistoryStore(join(folder, 'history.sqlite'), () => {})
  const history = new History(store)
  const api = new ConsoleApi({ clock, version: '1.2.3', accounts, places, guard, sessions, signIn, live, history, main, settings, view: () => ({ rows: [], file: 'polder.yaml' }), status: () => rig.status, note })
  const pages = new Map([['/', { type: 'text/html; charset=utf-8', bytes: Buffer.from('<!doctype html>console'), gzip: null, tag: '"t"', hashed: false }]])
  const troubles: string[] = []
  const listener = new ConsoleListener({ api, pages, onTrouble: (sentence) => void troubles.push(sentence) })
  const rig: Rig = {
    url: '', clock, folder, notes, asked, status: null,
    parts: { accounts, sessions, places, guard, live, history, store, api, signIn },
    settings: { ...defaultsOf(consoleOptions), listen: '127.0.0.1:0', ...more },
    reply: () => ({}),
    ask: (method, path, { body, raw, headers = {} } = {}) =>
      new Promise((resolve, reject) => {
        const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
        const all: Record<string, string> = {}
        for (const [name, value] of Object.entries({ ...(method === 'POST' ? { origin: rig.url, 'content-type': 'application/json' } : {}), ...(content === undefined ? {} : { 'content-length': String(Buffer.byteLength(content)) }), ...headers })) if (value !== undefined) all[name] = value
        const request = httpRequest(`${rig.url}${path}`, { method, headers: all, agent: false }, (response) => {
          const parts: Buffer[] = []
          response.on('data', (part: Buffer) => parts.push(part))
          response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(parts).toString() }))
          response.on('error', reject)
        })
        request.on('error', reject)
        request.end(content)
      }),
    login: (name, password = PASSWORD, headers = {}) => rig.ask('POST', '/api/login', { body: { name, password }, headers }),
    as: async (role) => {
      if (accounts.find(role) === null) await accounts.add(role, role, PASSWORD)
      const answer = await rig.login(role)
      if (answer.status !== 200) throw new Error(answer.text)
      return { cookie: cookiesOf(answer), 'x-polder-csrf': (JSON.parse(answer.text) as ConsoleSession).csrf }
    },
    renewCertificate: () => listener.renewCertificate(),
    close: async () => {
      await listener.close()
      history.close(clock.monotonicMs(), clock.wallMs())
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await listener.apply(rig.settings, false)
  if (listener.url === '') throw new Error(troubles.join('; '))
  return Object.assign(rig, { url: listener.url })
}

export function cookiesOf(answer: Answer): string {
  return ((answer.headers['set-cookie'] ?? []) as string[]).map((one) => one.split(';')[0]!).join('; ')
}
