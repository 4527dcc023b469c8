/**
 * How a browser gets through the shield's short check and what it carries afterwards: with scripts it works (as the page's program does) and goes on by
 * itself after the wait if that is over first; without scripts it waits, as the Refresh field says. With cookies it keeps the clearance; without, the mark
 * in the address goes from page to page. Its person gives up after 15 s, or when the check comes a third time.
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

const GIVES_UP_AFTER_MS = 15_000
const ROUNDS = 2
/** A check passed is two redirections; more than this is a circle. */
const MOST_HOPS = 6
const MARK = /[?&]polder=([A-Za-z0-9_-]{52})(?=&|$)/

/** What it asks next: the same page at this address, coming from that one. */
export type Build = (target: string, referer: string) => Ask

export class Passage {
  /** The clearance as its cookie, '' when there is none. */
  cookie = ''
  readonly #world: World
  readonly #browser: Browser
  /** The clearance in the address, '' when cookies are kept. */
  #mark = ''

  constructor(world: World, browser: Browser) {
    this.#world = world
    this.#browser = browser
  }

  /** The address of a page of this site as it stood in the browser when it was open. */
  addressOf(referer: string): string {
    if (this.#mark === '' || !referer.startsWith(`http://${this.#world.host}/`)) return referer
    return `${referer}${referer.includes('?') ? '&' : '?'}polder=${this.#mark}`
  }

  /** One page asked for. */
  begin(build: Build, atMs: number): Way {
    return new Way(this.#world, this.#browser, this, build, atMs)
  }

  keep(answer: Answer): void {
    if (this.#browser.cookies && answer.setCookie.startsWith('polder=')) this.cookie = answer.setCookie.split(';', 1)[0]
    const mark = MARK.exec(answer.location)
    if (!this.#browser.cookies && mark !== null) this.#mark = mark[1]
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
    const { challenge } = answer
    if (challenge === null) return false
    const leftMs = this.#atMs + GIVES_UP_AFTER_MS - nowMs
    if (++this.#rounds > ROUNDS || leftMs <= 0) {
      go(null)
      return true
    }
    let on = false
    const goOn = (next: Ask | null): void => {
      if (on) return
      on = true
      go(next)
    }
    const shown = `http://${this.#world.host}${challenge.reference}`
    if (challenge.waitMs < leftMs) this.#world.at(nowMs + challenge.waitMs, () => goOn(this.ask(challenge.reference, shown)))
    else this.#world.at(nowMs + leftMs, () => goOn(null))
    if (this.#browser.scripts && challenge.text !== '') {
      this.#world.solve(challenge.text, challenge.bits, (found, tried) => {
        const readyMs = nowMs + (tried * this.#browser.hashMicros) / 1_000
        this.#world.at(Math.max(this.#world.nowMs(), readyMs), () => goOn(this.ask(`${challenge.reference}.${found}`, shown)))
      })
    }
    return true
  }
}
