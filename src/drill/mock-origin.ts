/**
 * The origin of a drill: a small institution's web server as the shield sees it. It sleeps instead of computing, so that what is measured is the program
 * in front of it, and it breaks the way small sites break: a few workers, a short queue, 503 past it.
 *   /, /agenda ...   20 ms, no-store (made for each visitor)      /search          80 ms, no-store
 *   /news/*          20 ms, public for 30 s                       *.css ... *.woff2 1 ms, public, with an ETag
 *   /feed.xml        5 ms, public for a minute                    /api/*            5 ms, no-store
 * An unknown path costs a page and is a 404, as in every content management system.
 * Every answer begins with the path it is for; that is how a visitor knows the right one.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import { systemClock } from '../kernel/clock.ts'
import { isAttackerAddress } from './world.ts'

export interface OriginOptions {
  readonly workers: number
  readonly queue: number
  readonly pageMs: number
  readonly searchMs: number
}

export const fullOrigin: OriginOptions = Object.freeze({ workers: 6, queue: 128, pageMs: 20, searchMs: 80 })

/** Smaller in proportion: fewer workers and places, same times. */
export function scaledOrigin(share: number): OriginOptions {
  return { ...fullOrigin, workers: Math.max(1, Math.round(fullOrigin.workers * share)), queue: Math.max(8, Math.round(fullOrigin.queue * share)) }
}

/** One second at the origin. */
export interface OriginSecond {
  readonly atWallMs: number
  visitors: number
  attackers: number
  visitorWorkMs: number
  attackerWorkMs: number
  turnedAway: number
}

interface Job {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  readonly ms: number
  readonly attacker: boolean
}

const LARGE_FILE_BYTES = 1_048_576

export class MockOrigin {
  readonly server: Server
  readonly seconds: OriginSecond[] = []
  readonly #options: OriginOptions
  readonly #queue: Job[] = []
  #busy = 0
  #slowdown = 1

  constructor(options: OriginOptions) {
    this.#options = options
    this.server = createServer({ keepAliveTimeout: 30_000, requestTimeout: 60_000 }, (request, response) => this.#take(request, response))
  }

  /** From now on everything takes so many times as long. */
  slowDown(times: number): void {
    this.#slowdown = times
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?', 1)[0]
    const attacker = isAttackerAddress(sourceOf(request))
    const second = this.#second()
    if (attacker) second.attackers++
    else second.visitors++
    request.resume()
    const job: Job = { request, response, path, attacker, ms: costOf(path, this.#options) * this.#slowdown }
    if (this.#busy < this.#options.workers) this.#work(job)
    else if (this.#queue.length < this.#options.queue) this.#queue.push(job)
    else {
      second.turnedAway++
      response.writeHead(503, { 'content-type': 'text/plain', 'x-origin': 'busy', 'retry-after': '2' }).end('busy')
    }
  }

  #work(job: Job): void {
    this.#busy++
    const second = this.#second()
    if (job.attacker) second.attackerWorkMs += job.ms
    else second.visitorWorkMs += job.ms
    setTimeout(() => {
      this.#busy--
      answer(job)
      let next = this.#queue.shift()
      // Whoever hung up while waiting costs nothing more; work once begun is done to its end.
      while (next !== undefined && next.response.destroyed) next = this.#queue.shift()
      if (next !== undefined) this.#work(next)
    }, job.ms)
  }

  #second(): OriginSecond {
    const atWallMs = Math.floor(systemClock.wallMs() / 1_000) * 1_000
    let last = this.seconds.at(-1)
    if (last === undefined || last.atWallMs !== atWallMs) {
      last = { atWallMs, visitors: 0, attackers: 0, visitorWorkMs: 0, attackerWorkMs: 0, turnedAway: 0 }
      this.seconds.push(last)
    }
    return last
  }
}

function sourceOf(request: IncomingMessage): string {
  const forwarded = request.headers['x-forwarded-for']
  const text = Array.isArray(forwarded) ? forwarded.at(-1) : forwarded
  return text === undefined ? (request.socket.remoteAddress ?? '') : text.slice(text.lastIndexOf(',') + 1).trim()
}

const staticPath = /\.(?:css|js|png|woff2|bin)$/
const pagePath = /^\/(?:|agenda|contact|members|votes|forms|news\/[\w-]+|law\/\d+)$/

function costOf(path: string, options: OriginOptions): number {
  if (staticPath.test(path)) return 1
  if (path === '/search') return options.searchMs
  if (path === '/feed.xml' || path.startsWith('/api/')) return 5
  return options.pageMs
}

function answer({ request, response, path }: Job): void {
  if (response.destroyed) return
  if (staticPath.test(path)) {
    const etag = `"${path.length}-${path}"`
    const headers = { etag, 'cache-control': 'public, max-age=600', 'content-type': 'application/octet-stream' }
    if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end()
    else if (path === '/video.bin') response.writeHead(200, { ...headers, 'content-length': LARGE_FILE_BYTES }).end(Buffer.alloc(LARGE_FILE_BYTES, `ok ${path}\n`))
    else send(response, 200, headers, path, 4_000)
    return
  }
  if (path === '/search') send(response, 200, { 'cache-control': 'no-store', 'content-type': 'text/html' }, path, 6_000)
  else if (path === '/feed.xml') send(response, 200, { 'cache-control': 'public, max-age=60', 'content-type': 'application/rss+xml' }, path, 3_000)
  else if (path.startsWith('/api/')) send(response, 200, { 'cache-control': 'no-store', 'content-type': 'application/json' }, path, 500)
  else if (!pagePath.test(path)) send(response, 404, { 'content-type': 'text/html' }, path, 800)
  else if (path.startsWith('/news/')) send(response, 200, { 'cache-control': 'public, max-age=30', 'content-type': 'text/html' }, path, 8_000)
  else send(response, 200, { 'cache-control': 'private, no-store', 'content-type': 'text/html' }, path, 8_000)
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, path: string, bytes: number): void {
  const body = `ok ${path}\n`.padEnd(bytes, 'a small institution ')
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}
