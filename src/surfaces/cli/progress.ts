/** A progress bar for a person at a terminal; silent everywhere else. Drawn at most ten times a second, and wiped when done. */
import type { MonotonicMs } from '../../kernel/clock.ts'
import { type CliParts } from './command.ts'
import { bytes, count, span } from './plain-words.ts'

const DRAW_EVERY_MS = 100
const BAR_CELLS = 24

export class ProgressBar<S> {
  readonly #parts: CliParts<S>
  readonly #startedMs: MonotonicMs
  #drawnMs = Number.NEGATIVE_INFINITY
  #drawn = false

  constructor(parts: CliParts<S>) {
    this.#parts = parts
    this.#startedMs = parts.clock.monotonicMs()
  }

  /** `what`: said instead of bytes and lines, when `doneBytes` counts something else. */
  show(doneBytes: number, totalBytes: number, lines: number, what = ''): void {
    const now = this.#parts.clock.monotonicMs()
    if (this.#parts.error.isTTY !== true || now - this.#drawnMs < DRAW_EVERY_MS) return
    this.#drawnMs = now
    this.#drawn = true
    const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes)
    const cells = Math.round(share * BAR_CELLS)
    const seconds = (now - this.#startedMs) / 1_000
    const left = share < 0.01 || seconds < 1 ? '' : `, ${span((seconds / share - seconds) * 1_000)} left`
    const pace = what === '' ? `${count(lines)} lines, ${bytes(doneBytes / Math.max(seconds, 0.1))}/s` : `${count(lines)} of ${count(totalBytes)} ${what}`
    const text = `${'█'.repeat(cells)}${'░'.repeat(BAR_CELLS - cells)} ${Math.floor(share * 100)} %  ${pace}${left}`
    this.#parts.error.write(`\r${text.slice(0, (this.#parts.error.columns ?? 80) - 1)}\u001B[K`)
  }

  end(): void {
    if (this.#drawn) this.#parts.error.write('\r\u001B[K')
  }
}
