/** The console's way to the main thread: a line as on the control socket, answered as on the control socket. Bounded; the main thread never waits for it. */
import { CONTROL_FORMAT, type ControlReply } from '../../contract/control-socket.ts'
import { SECOND_MS } from '../../kernel/units.ts'

/** The record may have to write a report first (shield/record-link.ts: 30 s). */
const ANSWER_WITHIN_MS = 35 * SECOND_MS
const MOST_WAITING = 64

export class MainLine {
  readonly #send: (ticket: number, line: string) => void
  readonly #waiting = new Map<number, (reply: ControlReply<unknown>) => void>()
  #next = 1

  constructor(send: (ticket: number, line: string) => void) {
    this.#send = send
  }

  /** `question`: without its format; it is judged there, field by field. Never rejects. */
  ask(question: Readonly<Record<string, unknown>>): Promise<ControlReply<unknown>> {
    if (this.#waiting.size >= MOST_WAITING) return Promise.resolve(refusal('busy', 'too many questions are waiting; ask again in a few seconds'))
    const ticket = this.#next++
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(ticket)
        resolve(refusal('shield-error', 'the shield did not answer in time; what was asked may still be done. Visitors are served by other threads'))
      }, ANSWER_WITHIN_MS)
      this.#waiting.set(ticket, (reply) => {
        clearTimeout(timer)
        resolve(reply)
      })
      this.#send(ticket, JSON.stringify({ ...question, format: CONTROL_FORMAT }))
    })
  }

  hear(ticket: number, reply: string): void {
    const waiting = this.#waiting.get(ticket)
    this.#waiting.delete(ticket)
    waiting?.(JSON.parse(reply) as ControlReply<unknown>)
  }
}

function refusal(code: 'busy' | 'shield-error', message: string): ControlReply<unknown> {
  return { format: CONTROL_FORMAT, ok: false, code, message }
}
