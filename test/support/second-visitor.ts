/** Somebody who only wants to read while an attack goes on: one keep-alive connection from an address of their own, a page at a time, every answer timed. */
import { RawConnection } from './raw-http1.ts'

export interface Visit {
  readonly answers: number
  readonly failures: readonly string[]
  readonly p99Ms: number
  readonly slowestMs: number
}

const PAUSE_MS = 12
const LONGEST_MS = 5_000

export class SecondVisitor {
  readonly #url: string
  readonly #paths: readonly string[]
  #times: number[] = []
  #failures: string[] = []
  #stopping = false
  #fresh = false
  readonly #reading: Promise<void>

  constructor(url: string, paths: readonly string[]) {
    this.#url = url
    this.#paths = paths
    this.#reading = this.#read()
  }

  /** What was seen since the last call. */
  take(): Visit {
    const times = this.#times.toSorted((a, b) => a - b)
    const visit = { answers: times.length, failures: this.#failures, p99Ms: times[Math.floor(times.length * 0.99)] ?? 0, slowestMs: times.at(-1) ?? 0 }
    this.#times = []
    this.#failures = []
    return visit
  }

  /** From now on a new connection for every page, as a newcomer has. */
  beNewcomer(fresh: boolean): void {
    this.#fresh = fresh
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#reading
  }

  async #read(): Promise<void> {
    let connection: RawConnection | null = null
    for (let i = 0; !this.#stopping; i++) {
      const path = this.#paths[i % this.#paths.length]
      const from = performance.now()
      try {
        if (connection === null || connection.closed || this.#fresh) {
          connection?.destroy()
          connection = await RawConnection.open(this.#url, { from: '127.88.0.1' })
        }
        const { status, headers } = await connection.ask(`GET ${path} HTTP/1.1\r\nHost: polder.test\r\n\r\n`, { withinMs: LONGEST_MS })
        if (status !== 200) this.#failures.push(`${path}: ${status} ${headers.get('polder-reason') ?? ''}`)
      } catch (error) {
        this.#failures.push(`${path}: ${(error as Error).message}`)
        connection?.destroy()
        connection = null
      }
      this.#times.push(performance.now() - from)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    connection?.destroy()
  }
}
