/**
 * How a browser gets through the shield's short check and its waiting room, and what it carries afterwards. A check: with scripts it works (as the page's
 * program does) and goes on by itself after the wait if that is over first; without scripts it waits, as the Refresh field says. A waiting room: it asks
 * again when the page says. With cookies it keeps clearance and place; without, the marks in the address go from page to page.
 * Its person gives up a check after 15 s, or when it comes a third time, and a waiting room after half a minute.
 */
import type { Answer, Ask, Follow, World } from '../world.ts'

export interface Browser {
  readonly scripts: boolean
  readonly cookies: boolean
  /** Of the device, for one number tried. */
  readonly hashMicros: number
}

/** The page's program makes 1.45 million tries a second on the development machine; a telephone's processor is taken to be six times slower. */
export const desktopHashMicros = 0.7
export const telephoneHashMicros = 4.2

const GIVES_UP_AFTER_MS = { check: 15_000, room: 30_000 } as const
const ROUNDS = 2
/** A check passed is two redirections; more than this is a circle. */
const MOST_HOPS = 6
const MARK = /[?&](polder(?:-place)?=[A-Za-z0-9_-]{52})(?=&|$)/g

/** What it asks next: the same page at this address, coming from that one. */
export type Build = (target: string, referer: string) => Ask

export class Passage {
  readonly #world: World
  readonly #browser: Browser
  /** The shield's own cookies by name. */
  readonly #cookies = new Map<string, string>()
  /** Its marks in the address, '' when cookies are kept. */
  #marks = ''

  constructor(world: World, browser: Browser) {
    this.#world = world
    this.#browser = browser
  }

  /** Clearance and place as their cookies, '' when there are none. */
  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** The address of a page of this site as it stood in the browser when it was open. */
  addressOf(referer: string): string {
    if (this.#marks === '' || !referer.startsWith(`http://${this.#world.host}/`)) return referer
    return `${referer}${referer.includes('?') ? '&' : '?'}${this.#marks}`
  }

  /** One page asked for. */
  begin(build: Build, atMs: number): Way {
    return new Way(this.#world, this.#browser, this, build, atMs)
  }

  keep(answer: Answer): void {
    const cookie = /^(polder(?:-place)?)=([^;]*)/.exec(answer.setCookie)
    if (this.#browser.cookies && cookie !== null) this.#cookies.set(cookie[1], cookie[2])
    const marks = [...(answer.location === '' ? (answer.wayside?.reference ?? '') : answer.location).matchAll(MARK)].map((found) => found[1]).join('&')
    if (!this.#browser.cookies && marks !== '') this.#marks = marks
  }
}

export class Way {
  /** What the check took of its time. */
  heldMs = 0
  readonly #world: World
  readonly #browser: Browser
  readonly #passage: Passage
  readonly #build: Build
  readonly #atMs: number
  #rounds = 0
  #hops = 0
  #referer = ''

  constructor(world: World, browser: Browser, passage: Passage, build: Build, atMs: number) {
    this.#world = world
    this.#browser = browser
    this.#passage = passage
    this.#build = build
    this.#atMs = atMs
  }

  ask(target: string, referer: string): Ask {
    this.#referer = referer
    return { ...this.#build(target, referer), follow: this.#follow }
  }

  readonly #follow: Follow = (answer, go) => {
    const nowMs = this.#world.nowMs()
    this.#passage.keep(answer)
    if (answer.location !== '') {
      if (++this.#hops > MOST_HOPS) go(null)
      else {
        this.heldMs = nowMs - this.#atMs
        go(this.ask(answer.location, this.#referer))
      }
      return true
    }
    const { wayside } = answer
    if (wayside === null) return false
    this.heldMs = nowMs - this.#atMs
    const leftMs = this.#atMs + GIVES_UP_AFTER_MS[wayside.kind] - nowMs
    if ((wayside.kind === 'check' && ++this.#rounds > ROUNDS) || leftMs <= 0) {
      go(null)
      return true
    }
    let on = false
    const goOn = (next: Ask | null): void => {
      if (on) return
      on = true
      go(next)
    }
    const shown = `http://${this.#world.host}${wayside.reference}`
    if (wayside.waitMs < leftMs) this.#world.at(nowMs + wayside.waitMs, () => goOn(this.ask(wayside.reference, shown)))
    else this.#world.at(nowMs + leftMs, () => goOn(null))
    if (this.#browser.scripts && wayside.text !== '') {
      this.#world.solve(wayside.text, wayside.bits, (found, tried) => {
        const readyMs = nowMs + (tried * this.#browser.hashMicros) / 1_000
        this.#world.at(Math.max(this.#world.nowMs(), readyMs), () => goOn(this.ask(`${wayside.reference}.${found}`, shown)))
      })
    }
    return true
  }
}
