/**
 * Issue 3: cache deception. Two signed-in visitors, one without a session and an attacker walk at random over everything the sample site has, in every
 * spelling that makes other caches take a personal page for a file; then the origin dies and they walk on. Nobody ever reads another's name, session or form token.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type SampleSite, startSampleSite } from '../../../sample-site/start-sample-site.ts'
import { SeededRandom } from '../../../src/kernel/random.ts'
import { startTestShield, type TestShield } from '../../support/in-process-shield.ts'
import { type RawAnswer, RawConnection } from '../../support/raw-http1.ts'

const ALIVE_STEPS = 1_500
const DEAD_STEPS = 700
const SEED = 20_261_123

let site: SampleSite
let polder: TestShield
let siteIsUp = true
const visitors: Visitor[] = []

class Visitor {
  readonly name: string
  readonly from: string
  /** What only this visitor may read. */
  readonly secrets = new Set<string>()
  cookie = ''
  #connection: RawConnection | null = null

  constructor(name: string, from: string) {
    this.name = name
    this.from = from
  }

  async ask(target: string, fields = '', method = 'GET', content = ''): Promise<RawAnswer> {
    if (this.#connection === null || this.#connection.closed) this.#connection = await RawConnection.open(polder.url, { from: this.from })
    const cookie = this.cookie === '' || /^cookie:/im.test(fields) ? '' : `Cookie: ${this.cookie}\r\n`
    const length = method === 'POST' ? `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${content.length}\r\n` : ''
    const answer = await this.#connection.ask(`${method} ${target} HTTP/1.1\r\nHost: polder.test\r\n${cookie}${fields}${length}\r\n${content}`, { method })
    if (answer.headers.get('connection')?.includes('close') === true) {
      this.#connection.destroy()
      this.#connection = null
    }
    const session = /(?:^|[ ,])session=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1]
    if (session !== undefined) {
      this.secrets.add(session)
      this.secrets.add(session.slice(0, 12))
      if (this.name !== 'stranger') this.cookie = `session=${session}`
    }
    const token = /name="token" value="([^"]+)"/.exec(answer.body.toString('latin1'))?.[1]
    if (token !== undefined) this.#claim(token)
    return answer
  }

  /** Writes to the registry, so that personal pages show the name. */
  async signIn(): Promise<void> {
    const form = await this.ask('/contact')
    const token = /name="token" value="([^"]+)"/.exec(form.body.toString('latin1'))![1]
    this.secrets.add(`Canary ${this.name}`)
    const sent = await this.ask('/contact', '', 'POST', new URLSearchParams({ token, name: `Canary ${this.name}`, email: `${this.name}@example.org`, subject: 'A petition', message: 'a message that is long enough' }).toString())
    assert.equal(sent.status, 303, sent.body.toString('latin1').slice(0, 300))
    const topics = await this.ask('/notifications', '', 'POST', new URLSearchParams({ token, topic: 'transport' }).toString())
    assert.equal(topics.status, 303)
    assert.match((await this.ask('/contact/thanks')).body.toString('latin1'), new RegExp(`Canary ${this.name}`))
  }

  close(): void {
    this.#connection?.destroy()
  }

  /** A token that another holds already is a leak, not a secret of mine. */
  #claim(token: string): void {
    if (!visitors.some((other) => other !== this && other.secrets.has(token))) this.secrets.add(token)
  }
}

before(async () => {
  site = await startSampleSite({ port: 0, quiet: true, today: '2026-03-10', documentCount: 200, searchCost: 0 })
  polder = await startTestShield(`listen: 127.0.0.1:0\norigin: ${site.url}\nworkers: 2\n`)
  visitors.push(new Visitor('ann', '127.10.0.1'), new Visitor('bob', '127.20.0.1'), new Visitor('stranger', '127.30.0.1'), new Visitor('attacker', '127.66.0.1'))
})

after(async () => {
  for (const visitor of visitors) visitor.close()
  await polder?.stop()
  if (siteIsUp) await site?.close(0)
})

const personal = ['/notifications', '/notifications/digest.txt', '/contact/thanks', '/contact']
const disguises = [
  '', '', '', '/x.css', '.css', '%2fa.css', ';a.css', '?x.css', '%3fa.css', '%23a.css', '/.css', '%00.css', '/..%2fassets/site.css', '%0a.css', '/', '//a.js', '?cb=1', ';jsessionid=1.png', '\\x.css', '%5cx.css',
]
const prefixes = ['', '', '', '', '/', '/.', '/assets/..', '/assets/%2e%2e', '/assets/..%2f..', '//polder.test']
const odd = [
  '', '', '', '', '', 'Accept-Encoding: gzip\r\n', 'Accept-Encoding: identity\r\n', 'Range: bytes=0-200\r\n', 'If-None-Match: *\r\n', 'If-None-Match: "x"\r\n', 'Cache-Control: max-stale=9999\r\n', 'Cache-Control: only-if-cached\r\n',
  'Cache-Control: no-cache\r\n', 'Accept-Language: fr\r\n', 'Vary: Cookie\r\n', 'Connection: cookie\r\n', 'Connection: close, set-cookie\r\n', 'X-Forwarded-Host: evil.test\r\n', 'Cookie: _ga=1\r\n', 'Cookie: theme=dark\r\n', 'Expect: 100-continue\r\n',
]

async function publicPaths(): Promise<string[]> {
  const sitemap = await (await fetch(`${site.url}/sitemap.xml`)).text()
  const home = await (await fetch(`${site.url}/`)).text()
  const found = new Set([...sitemap.matchAll(/<loc>([^<]+)<\/loc>/g)].map(([, url]) => new URL(url).pathname))
  for (const [, path] of home.matchAll(/(?:href|src)="(\/[^"#]*)"/g)) found.add(path)
  for (const path of ['/visit', '/about/press', '/about/history', '/api/v1/members', '/rss.xml', '/sitemap.xml', '/statistics/legacy', '/votes/latest', '/nothing-here']) found.add(path)
  return [...found]
}

/** Names every secret of somebody else in what `visitor` read. */
function leaks(visitor: Visitor, target: string, { status, headers, body }: RawAnswer): string[] {
  const text = `${[...headers].join('\n')}\n${body.toString('latin1')}`
  return visitors.flatMap((other) => (other === visitor ? [] : [...other.secrets].filter((secret) => text.includes(secret)).map((secret) => `${visitor.name} asked ${target} (${status}, ${headers.get('cache-status')}) and read ${other.name}'s ${secret}`)))
}

async function walk(random: SeededRandom, paths: readonly string[], steps: number): Promise<{ found: string[]; statuses: Map<number, number>; hits: number }> {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]
  const found: string[] = []
  const statuses = new Map<number, number>()
  let hits = 0
  for (let i = 0; i < steps; i++) {
    const visitor = pick(visitors)
    const target = random.next() < 0.6 ? `${pick(prefixes)}${pick(personal)}${pick(disguises)}` : pick(paths)
    const method = random.next() < 0.06 ? 'HEAD' : 'GET'
    const answer = await visitor.ask(target, pick(odd), method)
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    if (/; hit/.test(answer.headers.get('cache-status') ?? '')) hits++
    found.push(...leaks(visitor, target, answer))
  }
  return { found, statuses, hits }
}

test('random walks of two signed-in visitors, a stranger and an attacker: nobody reads what is another\'s, also with the origin dead', async () => {
  const paths = await publicPaths()
  await visitors[0].signIn()
  await visitors[1].signIn()
  const random = new SeededRandom(SEED)
  const alive = await walk(random, paths, ALIVE_STEPS)
  assert.deepEqual(alive.found, [])
  // A walk that met no stored page, or never the personal ones, would prove nothing.
  assert.ok(alive.hits > 100 && (alive.statuses.get(200) ?? 0) > 500, `${alive.hits} hits, ${JSON.stringify([...alive.statuses])}`)
  siteIsUp = false
  await site.close(0)
  const dead = await walk(random, paths, DEAD_STEPS)
  assert.deepEqual(dead.found, [])
  assert.ok(dead.hits > 50 && (dead.statuses.get(502) ?? 0) + (dead.statuses.get(503) ?? 0) > 50, `${dead.hits} hits, ${JSON.stringify([...dead.statuses])}`)
  // Nothing personal is in any store: without the origin not even its owner gets it, at most the page that a visitor without a session saw.
  for (const visitor of visitors) {
    for (const path of personal) {
      const answer = await visitor.ask(path)
      const text = answer.body.toString('latin1')
      assert.ok(answer.status >= 500 || visitors.every(({ secrets }) => [...secrets].every((secret) => !text.includes(secret))), `${visitor.name} ${path}: ${text.slice(0, 200)}`)
    }
  }
  process.stdout.write(`deception: ${ALIVE_STEPS + DEAD_STEPS} requests (seed ${SEED}), ${alive.hits + dead.hits} from the store, 0 leaks\n`)
})
