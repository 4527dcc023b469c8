/** wrk as load generator: closed loop, one thread, keep-alive or one connection per request. Its counts come out as JSON through wrk-report.lua. */
import { join } from 'node:path'
import { runProgram } from '../measure/child-group.ts'
import { HOST_NAME } from '../measure/ask.ts'
import { SERVER_ADDRESS } from '../measure/loopback.ts'

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** Answers with 4xx and 5xx. */
  readonly refusals: number
  /** Connections, reads, writes that failed, and timeouts. */
  readonly errors: number
  /** Heads and bodies. */
  readonly bytes: number
  /** Bodies alone, where the load generator tells them apart. */
  readonly bodyBytes?: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface WrkOptions {
  readonly port: number
  readonly path: string
  readonly seconds: number
  readonly connections: number
  readonly cores: string
  readonly scheme?: 'http' | 'https'
  readonly headers?: readonly string[]
  readonly nice?: number
}

const script = join(import.meta.dirname, 'wrk-report.lua')

export async function runWrk(options: WrkOptions): Promise<LoadResult> {
  const fields = [`Host: ${HOST_NAME}`, ...(options.headers ?? [])].flatMap((field) => ['-H', field])
  const { out } = await runProgram(
    'wrk',
    ['-t1', `-c${options.connections}`, `-d${options.seconds}s`, '--timeout', '5s', '-s', script, ...fields, `${options.scheme ?? 'http'}://${SERVER_ADDRESS}:${options.port}${options.path}`],
    (options.seconds + 20) * 1_000,
    { cores: options.cores, nice: options.nice },
  )
  const line = out.split('\n').find((one) => one.startsWith('{'))
  if (line === undefined) throw new Error(`wrk gave no result:\n${out.slice(-1_000)}`)
  return JSON.parse(line) as LoadResult
}
