/** Adds up what the console's thread tells of itself for the metrics. */
import type { ConsoleFigures } from '../../contract/console.ts'
import type { ConsoleApi } from './console-api.ts'
import type { GuessGuard } from './guess-guard.ts'
import type { HistoryStore } from './history-store.ts'
import type { History } from './history.ts'
import type { LiveHub } from './live-hub.ts'
import type { SessionBook } from './sessions.ts'
import type { SignIn } from './sign-in.ts'

/** Delays kept, one a second. */
const DELAYS = 10
/** The size of the file changes slowly and is a question to the disk. */
const SIZE_EVERY = 10

export interface FigureParts {
  readonly sessions: Pick<SessionBook, 'count'>
  readonly live: Pick<LiveHub, 'size' | 'skipped'>
  readonly signIn: Pick<SignIn, 'wrongTries'>
  readonly guard: Pick<GuessGuard, 'lockOuts'>
  readonly api: Pick<ConsoleApi, 'acts'>
  readonly store: Pick<HistoryStore, 'bytes'>
  readonly history: Pick<History, 'suspended'>
}

export class OwnFigures {
  readonly #parts: FigureParts
  readonly #delaysMs: number[] = []
  #bytes = -1
  #told = 0

  constructor(parts: FigureParts) {
    this.#parts = parts
  }

  /** A second was handed to the pages so long after its picture was made. A clock that was put back is no delay. */
  delayed(ms: number): void {
    this.#delaysMs.push(Math.max(0, ms))
    if (this.#delaysMs.length > DELAYS) this.#delaysMs.shift()
  }

  /** Once a second. */
  now(): ConsoleFigures {
    const { sessions, live, signIn, guard, api, store, history } = this.#parts
    const historySuspended = history.suspended !== null
    if (historySuspended) this.#bytes = -1
    else if (this.#told % SIZE_EVERY === 0 || this.#bytes < 0) this.#bytes = store.bytes
    this.#told++
    return {
      sessions: sessions.count, pages: live.size, secondsSkipped: live.skipped, wrongSignIns: signIn.wrongTries, lockOuts: { ...guard.lockOuts }, actsDone: api.acts.done, actsRefused: api.acts.refused,
      historyBytes: this.#bytes, historySuspended, delayMs: Math.max(0, ...this.#delaysMs),
    }
  }
}
