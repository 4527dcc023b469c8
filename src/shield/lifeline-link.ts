/**
 * The main thread's way to the lifeline thread: where its file lies, what sites it gathers, and its state when somebody asks. The lifeline may die at any
 * moment: it is started anew, questions meanwhile are answered with an error, and visitors notice nothing but a missing copy.
 */
import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import type { LifelineState } from '../contract/lifeline.ts'
import type { ThreadOrder } from '../contract/thread.ts'
import type { ThreadTrouble } from '../contract/thread-trouble.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { LifelineStart } from '../lifeline/worker.ts'
import { LifelineGone } from '../surfaces/control-socket/control-server.ts'
import { LIFELINE_FILE } from './data-files.ts'

const ANSWER_WITHIN_MS = 7 * SECOND_MS
const MOST_QUESTIONS = 32

export interface LifelineLinkParts {
  isReady(): boolean
  /** When it dies again and again. */
  trouble(): ThreadTrouble | null
  send(order: ThreadOrder<never>): void
}

export class LifelineLink {
  readonly #parts: LifelineLinkParts
  #last: LifelineState | null = null
  #waiting: Array<{ readonly timer: NodeJS.Timeout; readonly done: (state: LifelineState) => void }> = []

  constructor(parts: LifelineLinkParts) {
    this.#parts = parts
  }

  /** The last state heard, however old. */
  get last(): LifelineState | null {
    return this.#last
  }

  hear(state: LifelineState): void {
    this.#last = state
    for (const one of this.#waiting) {
      clearTimeout(one.timer)
      one.done(state)
    }
    this.#waiting = []
  }

  /** Rejects with LifelineGone when nobody answers. `crawl`: a pass begins as soon as it is calm. */
  ask(order: 'crawl' | 'state'): Promise<LifelineState> {
    if (!this.#parts.isReady()) return Promise.reject(new LifelineGone(`the lifeline is not running: ${this.#why()}; its copies can still be read with polder lifeline open and export`))
    if (this.#waiting.length >= MOST_QUESTIONS) return Promise.reject(new LifelineGone('too many questions to the lifeline are waiting; ask again in a few seconds'))
    return new Promise((resolve, reject) => {
      const one = {
        done: resolve,
        timer: setTimeout(() => {
          this.#waiting = this.#waiting.filter((other) => other !== one)
          reject(new LifelineGone('the lifeline did not answer in time; visitors are served'))
        }, ANSWER_WITHIN_MS),
      }
      this.#waiting.push(one)
      this.#parts.send({ type: 'lifeline', order })
    })
  }

  #why(): string {
    const trouble = this.#parts.trouble()
    if (trouble === null) return 'it is switched off (lifeline.enabled), or is just being started anew'
    return `its thread died ${trouble.deaths} times in a row${trouble.reason === '' ? '' : ` (${trouble.reason})`}, and is started again ${trouble.startsAgainInMs < SECOND_MS ? 'now' : `in ${Math.round(trouble.startsAgainInMs / SECOND_MS)} s`}`
  }
}

export function lifelineFile(settings: Settings): string {
  return join(settings.dataDir, LIFELINE_FILE)
}

/** Named in the settings, or every name of this site that is one. */
export function lifelineSites(settings: Settings): readonly string[] {
  if (settings.lifeline.sites.length > 0) return settings.lifeline.sites
  const scheme = settings.listen.some((one) => one.tls !== null) ? 'https' : 'http'
  return settings.hosts.filter((host) => !host.includes('*')).map((host) => `${scheme}://${host}`)
}

export function lifelineStart(settings: Settings): LifelineStart {
  return { settings: settings.lifeline, sites: lifelineSites(settings), file: lifelineFile(settings) }
}
