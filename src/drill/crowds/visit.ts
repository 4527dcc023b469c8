/**
 * One visit of one person: pages at times fixed when the visit begins (so that a slow site does not slow the questions), the parts of each page that came,
 * cookies kept, conditional requests for what the browser has; a short check is passed as a browser passes it. A page that does not come takes its parts
 * with it: they count as offered and not served.
 */
import { type Answer, type Seat, type World, logNormal } from '../world.ts'
import { Passage, desktopHashMicros, telephoneHashMicros } from './passage.ts'
import { type Program, pageHeaders, partHeaders } from './programs.ts'

/** Think time (algorithms, fixed suite: log-normal, median 8 s; the spread is that of the pilot's log). */
const THINK_MEDIAN_MS = 8_000
const THINK_SIGMA = 0.8
/** After this long nobody waits for the parts of a page any more; the time of a short check, which says how long it takes, is not counted. */
const PATIENCE_MS = 4_000

export interface VisitPlan {
  readonly program: Program
  readonly language: string
  readonly scripts: boolean
  /** Cookies are kept and sent back. */
  readonly cookies: boolean
  readonly pages: number
  /** null: like anybody's. */
  readonly firstPath: string | null
  readonly firstReferer: string
  /** A person who sees an error tries once more, seconds later. */
  readonly reloads: boolean
}

/** A person with a browser, over more than one visit if need be. */
export class Visitor {
  readonly #world: World
  readonly #seat: Seat
  readonly #plan: VisitPlan
  readonly #etags = new Map<string, string>()
  readonly #passage: Passage
  #cookie = ''

  constructor(world: World, seat: Seat, plan: VisitPlan) {
    this.#world = world
    this.#seat = seat
    this.#plan = plan
    this.#passage = new Passage(world, { scripts: plan.scripts, cookies: plan.cookies, hashMicros: plan.program.mobile ? telephoneHashMicros : desktopHashMicros })
  }

  /** Begins a visit at this time. Pages due before `notBeforeMs` are behind the visitor: a run begins in the middle of visits. */
  begin(atMs: number, notBeforeMs = 0): void {
    let at = atMs
    let referer = this.#plan.firstReferer
    for (let i = 0; i < this.#plan.pages; i++) {
      const target = i === 0 && this.#plan.firstPath !== null ? this.#plan.firstPath : this.#world.site.page(this.#world.random)
      const pageAt = at
      const pageReferer = referer
      if (pageAt >= notBeforeMs) this.#world.at(pageAt, () => this.#page(pageAt, target, pageReferer, this.#plan.reloads))
      else this.#remember()
      referer = `http://${this.#world.host}${target}`
      at += Math.min(60_000, logNormal(this.#world.random, THINK_MEDIAN_MS, THINK_SIGMA))
    }
  }

  #page(atMs: number, target: string, referer: string, again: boolean): void {
    const way = this.#passage.begin((address, from) => ({ method: 'GET', target: address, headers: pageHeaders(this.#plan.program, this.#about(from, '')) }), atMs)
    this.#world.ask(this.#seat, atMs, way.ask(target, this.#passage.addressOf(referer)), (answer) => {
      const nowMs = this.#world.nowMs()
      const parts = this.#parts()
      if ((answer.outcome === 'right' || answer.outcome === 'late') && nowMs - atMs - way.heldMs < PATIENCE_MS) this.#takeParts(nowMs, target, answer, parts)
      else {
        this.#world.missed(this.#seat, atMs, parts.length)
        if (again && answer.outcome !== 'gave-up') this.#world.at(nowMs + 2_000 + 3_000 * this.#world.random.next(), () => this.#page(this.#world.nowMs(), target, referer, false))
      }
    })
  }

  #takeParts(nowMs: number, target: string, answer: Answer, parts: readonly string[]): void {
    if (this.#plan.cookies && answer.setCookie !== '') this.#cookie = answer.setCookie.split(';', 1)[0]
    const referer = this.#passage.addressOf(`http://${this.#world.host}${target}`)
    for (const part of parts) {
      const headers = partHeaders(this.#plan.program, this.#about(referer, this.#etags.get(part) ?? ''))
      this.#world.ask(this.#seat, nowMs, { method: 'GET', target: part, headers }, (heard) => {
        if (heard.etag !== '') this.#etags.set(part, heard.etag)
      })
    }
    // Set by the page's own script, as visitor counters do.
    if (this.#plan.scripts && this.#plan.cookies && this.#cookie === '') this.#cookie = `_pk_id.1=${Math.floor(this.#world.random.next() * 2 ** 32).toString(16)}`
  }

  #parts(): readonly string[] {
    if (this.#plan.program.family === 'text') return []
    const { parts } = this.#world.site
    return this.#plan.scripts ? parts : parts.filter((part) => !part.endsWith('.js'))
  }

  /** A page that was read before the run began. */
  #remember(): void {
    for (const part of this.#parts()) this.#etags.set(part, `"${part.length}-${part}"`)
    if (this.#plan.scripts && this.#plan.cookies) this.#cookie = `_pk_id.1=${Math.floor(this.#world.random.next() * 2 ** 32).toString(16)}`
  }

  #about(referer: string, etag: string): { host: string; language: string; referer: string; cookie: string; etag: string } {
    const cookie = this.#passage.cookie === '' ? this.#cookie : this.#cookie === '' ? this.#passage.cookie : `${this.#cookie}; ${this.#passage.cookie}`
    return { host: this.#world.host, language: this.#plan.language, referer, cookie, etag }
  }
}
