/**
 * The main thread's way to the record thread. It tells it what the shield does, once a second and at once when something happens, and brings it questions.
 * The record may die or hang at any moment: questions are then answered with an error, what it has not confirmed as written is told again when it is back
 * (bounded: the oldest go first), and nobody else notices.
 */
import type { JournalDraft } from '../contract/journal.ts'
import type { RecordQuestion, RecordReply, RecordState, ShieldSecond } from '../contract/record.ts'
import type { ThreadOrder, ThreadReport } from '../contract/thread.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { Clock } from '../kernel/clock.ts'
import { RecordGone } from '../surfaces/control-socket/control-server.ts'

const ANSWER_WITHIN_MS = 30 * SECOND_MS
const MOST_QUESTIONS = 32
const MOST_NOTES = 1_000
/** With events in them, which must not be lost: each carries the whole view of the control plane. */
const MOST_SECONDS = 120
const GONE_AFTER_MS = 5 * SECOND_MS

interface Waiting {
  answer(reply: RecordReply): void
  fail(error: Error): void
}

export interface RecordLinkParts {
  readonly clock: Clock
  isReady(): boolean
  send(order: ThreadOrder<never>): void
}

export class RecordLink {
  readonly #parts: RecordLinkParts
  readonly #questions = new Map<number, Waiting>()
  readonly #notes = new Map<number, ThreadOrder<never>>()
  readonly #seconds = new Map<number, ThreadOrder<never>>()
  #next = 1
  #closed = false
  #state: RecordState | null = null
  #heardAtWallMs = 0

  constructor(parts: RecordLinkParts) {
    this.#parts = parts
  }

  get state(): RecordState | null {
    return this.#state
  }

  get alive(): boolean {
    return this.#parts.isReady() && this.#state !== null && Math.abs(this.#parts.clock.wallMs() - this.#heardAtWallMs) <= GONE_AFTER_MS
  }

  /** Rejects with RecordGone when nobody answers. */
  ask(question: RecordQuestion): Promise<RecordReply> {
    if (this.#closed) return Promise.reject(new RecordGone('this process is ending and has closed its record; ask again when the next one serves'))
    if (!this.#parts.isReady()) return Promise.reject(new RecordGone('the record is not running; it is started anew by itself. Visitors are served. Nothing was changed'))
    if (this.#questions.size >= MOST_QUESTIONS) return Promise.reject(new RecordGone('too many questions to the record are waiting; ask again in a few seconds'))
    const ticket = this.#next++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#take(ticket)?.fail(new RecordGone(`the record did not answer within ${ANSWER_WITHIN_MS / SECOND_MS} s; it may still do what was asked`)), ANSWER_WITHIN_MS)
      this.#questions.set(ticket, {
        answer: (reply) => {
          clearTimeout(timer)
          resolve(reply)
        },
        fail: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      this.#parts.send({ type: 'record-question', ticket, question })
    })
  }

  /** Something the main thread itself did or saw. */
  note(draft: JournalDraft): void {
    if (this.#closed) return
    const number = this.#next++
    this.#keep(this.#notes, MOST_NOTES, number, { type: 'record-note', number, draft })
  }

  second(second: ShieldSecond): void {
    if (this.#closed) return
    const number = this.#next++
    const order: ThreadOrder<never> = { type: 'record-second', number, second }
    if (second.events.length > 0) this.#keep(this.#seconds, MOST_SECONDS, number, order)
    else if (this.#parts.isReady()) this.#parts.send(order)
  }

  #keep(list: Map<number, ThreadOrder<never>>, most: number, number: number, order: ThreadOrder<never>): void {
    if (list.size >= most) list.delete(list.keys().next().value!)
    list.set(number, order)
    if (this.#parts.isReady()) this.#parts.send(order)
  }

  hear(report: ThreadReport): void {
    if (report.type === 'record-reply') this.#take(report.ticket)?.answer(report.reply)
    else if (report.type === 'record-kept') {
      this.#notes.delete(report.number)
      this.#seconds.delete(report.number)
    } else if (report.type === 'record-state') {
      this.#state = report.state
      this.#heardAtWallMs = this.#parts.clock.wallMs()
    } else if (report.type === 'ready') {
      for (const [, order] of [...this.#notes, ...this.#seconds].sort((a, b) => a[0] - b[0])) this.#parts.send(order)
    }
  }

  died(): void {
    for (const ticket of this.#questions.keys()) this.#take(ticket)?.fail(new RecordGone('the record died before it answered; it is started anew by itself. Ask again in a few seconds, and look whether what was asked is done'))
  }

  /** Nothing more is told or asked. */
  close(): void {
    this.#closed = true
    for (const ticket of this.#questions.keys()) this.#take(ticket)?.fail(new RecordGone('this process is ending'))
  }

  #take(ticket: number): Waiting | undefined {
    const waiting = this.#questions.get(ticket)
    this.#questions.delete(ticket)
    return waiting
  }
}
