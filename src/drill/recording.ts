/** What became of every request of a run: one row each, in columns that grow by doubling and travel between processes as they are. */
import { type Cohort, cohorts, type OutcomeName, outcomes } from './world.ts'

export interface RecordingColumns {
  readonly rows: number
  /** When it was to be sent, ms since the run began. */
  readonly atMs: Float32Array
  /** From then until its end. */
  readonly tookMs: Float32Array
  readonly client: Uint32Array
  readonly cohort: Uint8Array
  readonly outcome: Uint8Array
  readonly status: Uint16Array
  /** Short checks that stood between the question and its end. */
  readonly challenges: Uint8Array
  /** Cohort of each client, by its number. */
  readonly clientCohorts: Uint8Array
}

const FIRST_ROWS = 65_536

export class Recording {
  #rows = 0
  #atMs = new Float32Array(FIRST_ROWS)
  #tookMs = new Float32Array(FIRST_ROWS)
  #client = new Uint32Array(FIRST_ROWS)
  #cohort = new Uint8Array(FIRST_ROWS)
  #outcome = new Uint8Array(FIRST_ROWS)
  #status = new Uint16Array(FIRST_ROWS)
  #challenges = new Uint8Array(FIRST_ROWS)
  readonly #clientCohorts: number[] = []

  /** Number of a new client. */
  addClient(cohort: Cohort): number {
    return this.#clientCohorts.push(cohorts.indexOf(cohort)) - 1
  }

  add(atMs: number, tookMs: number, client: number, cohort: Cohort, outcome: OutcomeName, status: number, challenges = 0): void {
    if (this.#rows === this.#atMs.length) this.#grow()
    const row = this.#rows++
    this.#atMs[row] = atMs
    this.#tookMs[row] = tookMs
    this.#client[row] = client
    this.#cohort[row] = cohorts.indexOf(cohort)
    this.#outcome[row] = outcomes.indexOf(outcome)
    this.#status[row] = status
    this.#challenges[row] = challenges
  }

  columns(): RecordingColumns {
    const n = this.#rows
    return {
      rows: n, atMs: this.#atMs.slice(0, n), tookMs: this.#tookMs.slice(0, n), client: this.#client.slice(0, n), cohort: this.#cohort.slice(0, n),
      outcome: this.#outcome.slice(0, n), status: this.#status.slice(0, n), challenges: this.#challenges.slice(0, n), clientCohorts: Uint8Array.from(this.#clientCohorts),
    }
  }

  #grow(): void {
    const size = this.#atMs.length * 2
    this.#atMs = copyInto(new Float32Array(size), this.#atMs)
    this.#tookMs = copyInto(new Float32Array(size), this.#tookMs)
    this.#client = copyInto(new Uint32Array(size), this.#client)
    this.#cohort = copyInto(new Uint8Array(size), this.#cohort)
    this.#outcome = copyInto(new Uint8Array(size), this.#outcome)
    this.#status = copyInto(new Uint16Array(size), this.#status)
    this.#challenges = copyInto(new Uint8Array(size), this.#challenges)
  }
}

function copyInto<T extends Float32Array | Uint32Array | Uint8Array | Uint16Array>(to: T, from: T): T {
  to.set(from)
  return to
}
