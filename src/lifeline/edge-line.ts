import type { MessagePort } from 'node:worker_threads'
import type { LifelineAnswer, LifelineAsk } from '../contract/lifeline.ts'
import type { LinkMessage } from '../contract/thread.ts'
import type { ThreadName } from '../contract/thread-trouble.ts'

/**
 * The lines to the edge workers. A question goes to one of them; when that worker dies, or does not answer in time, the question is put off and the page is asked
 * again later. What workers ask of us is given to `hear`.
 */

/** Longer than any deadline towards the origin: this only catches an answer that was lost. */
const LOST_MS = 180_000

export class EdgeLines {
  readonly #ports = new Map<ThreadName, MessagePort>()
  readonly #hear: (message: LinkMessage, reply: (message: LinkMessage) => void) => void
  #ticket = 0
  #waiting: { readonly ticket: number; readonly peer: ThreadName; readonly timer: NodeJS.Timeout; readonly done: (answer: LifelineAnswer) => void } | null = null

  constructor(hear: (message: LinkMessage, reply: (message: LinkMessage) => void) => void) {
    this.#hear = hear
  }

  add(peer: ThreadName, port: MessagePort): void {
    this.#ports.get(peer)?.close()
    this.#ports.set(peer, port)
    port.on('message', (message: LinkMessage) => {
      if (message.type === 'lifeline-answer') this.#settle(message.answer)
      else this.#hear(message, (reply) => port.postMessage(reply))
    })
    port.on('close', () => {
      if (this.#ports.get(peer) === port) this.#ports.delete(peer)
      if (this.#waiting?.peer === peer) this.#settle(putOff(this.#waiting.ticket, 'worker-gone'))
    })
  }

  /** One question at a time. */
  ask(ask: Omit<LifelineAsk, 'ticket'>): Promise<LifelineAnswer> {
    const edges = [...this.#ports].filter(([peer]) => peer.startsWith('edge-'))
    const ticket = ++this.#ticket
    if (edges.length === 0 || this.#waiting !== null) return Promise.resolve(putOff(ticket, 'no-worker'))
    const [peer, port] = edges[ticket % edges.length]
    return new Promise((done) => {
      this.#waiting = { ticket, peer, done, timer: setTimeout(() => this.#settle(putOff(ticket, 'no-answer')), LOST_MS) }
      port.postMessage({ type: 'lifeline-ask', ask: { ...ask, ticket } } satisfies LinkMessage)
    })
  }

  #settle(answer: LifelineAnswer): void {
    const waiting = this.#waiting
    if (waiting === null || waiting.ticket !== answer.ticket) return
    this.#waiting = null
    clearTimeout(waiting.timer)
    waiting.done(answer)
  }
}

function putOff(ticket: number, why: string): LifelineAnswer {
  return { ticket, outcome: 'put-off', why, status: 0, headers: [], body: null, originMs: -1 }
}
