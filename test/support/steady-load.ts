/** Readers at a steady pace over keep-alive connections, who say exactly what failed for them. */
import { Agent, type RequestOptions, request as httpRequest } from 'node:http'
import { Agent as TlsAgent, request as httpsRequest } from 'node:https'

export interface SteadyLoadOptions {
  readonly paths: readonly string[]
  readonly readers: number
  /** Between an answer and the next request of the same reader. */
  readonly pauseMs: number
  /** A new connection for every request. */
  readonly closeEach?: boolean
}

export interface SteadyResult {
  readonly requests: number
  /** Status and reason of every answer that was not 200 and whole, or the connection's error. */
  readonly failures: readonly string[]
}

/** Starts reading at once. */
export class SteadyLoad {
  readonly #url: URL
  readonly #options: SteadyLoadOptions
  readonly #agent: Agent
  readonly #readers: Promise<void>[]
  readonly #failures: string[] = []
  readonly #startedAtMs = performance.now()
  #requests = 0
  #next = 0
  #stopping = false

  constructor(url: string, options: SteadyLoadOptions) {
    this.#url = new URL(url)
    this.#options = options
    const settings = { keepAlive: options.closeEach !== true, maxSockets: options.readers }
    this.#agent = this.#url.protocol === 'https:' ? new TlsAgent({ ...settings, rejectUnauthorized: false }) : new Agent(settings)
    this.#readers = Array.from({ length: options.readers }, () => this.#read())
  }

  get requests(): number {
    return this.#requests
  }

  get failures(): readonly string[] {
    return this.#failures
  }

  async stop(): Promise<SteadyResult> {
    this.#stopping = true
    await Promise.all(this.#readers)
    this.#agent.destroy()
    return { requests: this.#requests, failures: this.#failures }
  }

  async #read(): Promise<void> {
    const { paths, pauseMs } = this.#options
    while (!this.#stopping) {
      const path = paths[this.#next++ % paths.length]
      const failure = await this.#ask(path)
      this.#requests++
      if (failure !== null) this.#failures.push(`after ${Math.round(performance.now() - this.#startedAtMs)} ms: ${path}: ${failure}`)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  #ask(path: string): Promise<string | null> {
    return new Promise((resolve) => {
      const options: RequestOptions = { hostname: this.#url.hostname, port: this.#url.port, path, agent: this.#agent, timeout: 10_000 }
      const request = (this.#url.protocol === 'https:' ? httpsRequest : httpRequest)(options, (response) => {
        response.resume()
        response.once('end', () => resolve(response.statusCode === 200 ? null : `${response.statusCode} ${String(response.headers['polder-reason'])}`))
        response.once('error', (error) => resolve(`cut: ${error.message}`))
      })
      request.once('timeout', () => request.destroy(new Error('no answer within 10 s')))
      request.once('error', (error) => resolve(`${error.message}${request.reusedSocket ? ' (kept connection)' : ''}`))
      request.end()
    })
  }
}
