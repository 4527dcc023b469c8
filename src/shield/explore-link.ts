/** The main thread's way to ask the control plane what its newest samples hold. It answers between two ticks, or is said to be gone. */
import type { ExploreQuestion, ExploreReply } from '../contract/explore.ts'
import type { ThreadOrder } from '../contract/thread.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { ControlPlaneGone } from '../surfaces/control-socket/control-server.ts'

const ANSWER_WITHIN_MS = 5 * SECOND_MS
const MOST_QUESTIONS = 16

export interface ExploreLinkParts {
  isReady(): boolean
  send(order: ThreadOrder<never>): void
}

export class ExploreLink {
  readonly #parts: ExploreLinkParts
  readonly #waiting = new Map<number, { answer(reply: ExploreReply): void; fail(error: Error): void }>()
  #next = 1

  constructor(parts: ExploreLinkParts) {
    this.#parts = parts
  }

  /** Rejects with ControlPlaneGone. */
  ask(question: ExploreQuestion): Promise<ExploreReply> {
    if (!this.#parts.isReady()) return Promise.reject(new ControlPlaneGone('the control plane is not running; it is started anew by itself. Visitors are served'))
    if (this.#waiting.size >= MOST_QUESTIONS) return Promise.reject(new ControlPlaneGone('too many questions about samples are waiting; ask again in a few seconds'))
    const ticket = this.#next++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#take(ticket)?.fail(new ControlPlaneGone(`the control plane did not answer within ${ANSWER_WITHIN_MS / SECOND_MS} s; visitors are served`)), ANSWER_WITHIN_MS)
      this.#waiting.set(ticket, {
        answer: (reply) => {
          clearTimeout(timer)
          resolve(reply)
        },
        fail: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      this.#parts.send({ type: 'explore', ticket, question })
    })
  }

  hear(ticket: number, reply: ExploreReply): void {
    this.#take(ticket)?.answer(reply)
  }

  died(): void {
    for (const ticket of this.#waiting.keys()) this.#take(ticket)?.fail(new ControlPlaneGone('the control plane died before it answered; ask again in a few seconds'))
  }

  #take(ticket: number): { answer(reply: ExploreReply): void; fail(error: Error): void } | undefined {
    const waiting = this.#waiting.get(ticket)
    this.#waiting.delete(ticket)
    return waiting
  }
}
