/**
 * The main thread's way to the console's thread: it tells it everything once a second, serialised once however many pages are open, and answers its questions as the
 * control socket's. The console may die or hang at any moment; nobody notices but who looks at it.
 */
import type { JournalDraft } from '../contract/journal.ts'
import type { ThreadOrder, ThreadReport } from '../contract/thread.ts'
import type { Clock } from '../kernel/clock.ts'
import { type ControlAnswers, replyTo } from '../surfaces/control-socket/control-server.ts'

/** At once; the console itself asks at most as many (surfaces/console/main-line.ts). */
const MOST_QUESTIONS = 64

export interface ConsoleLinkParts {
  readonly clock: Clock
  readonly answers: ControlAnswers
  isReady(): boolean
  send(order: ThreadOrder<never>): void
  writeDown(draft: JournalDraft): void
}

export class ConsoleLink {
  readonly #parts: ConsoleLinkParts
  #asked = 0

  constructor(parts: ConsoleLinkParts) {
    this.#parts = parts
  }

  hear(report: ThreadReport): void {
    if (report.type === 'console-ask') void this.#answer(report.ticket, report.line)
    else if (report.type === 'console-note') this.#parts.writeDown(report.draft)
  }

  second(): void {
    if (this.#parts.isReady()) this.#parts.send({ type: 'console-second', status: this.#parts.answers.status() })
  }

  async #answer(ticket: number, line: string): Promise<void> {
    if (this.#asked >= MOST_QUESTIONS) return
    this.#asked++
    const reply = await replyTo(line, this.#parts.clock, this.#parts.answers, { foundConditions: true })
    this.#asked--
    this.#parts.send({ type: 'console-answer', ticket, reply })
  }
}
