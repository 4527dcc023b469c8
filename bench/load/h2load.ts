/** h2load as load generator for HTTP/2 over TLS: closed loop, one thread, several streams on each connection. */
import { runProgram } from '../measure/child-group.ts'
import { HOST_NAME } from '../measure/ask.ts'
import { SERVER_ADDRESS } from '../measure/loopback.ts'
import type { LoadResult } from './wrk.ts'

export interface H2loadOptions {
  readonly port: number
  readonly path: string
  readonly seconds: number
  readonly connections: number
  readonly streams: number
  readonly cores: string
}

export async function runH2load(options: H2loadOptions): Promise<LoadResult> {
  const { out } = await runProgram(
    'h2load',
    ['-t1', `-c${options.connections}`, `-m${options.streams}`, `-D${options.seconds}`, '--warm-up-time=0', '-H', `:authority: ${HOST_NAME}`, `https://${SERVER_ADDRESS}:${options.port}${options.path}`],
    (options.seconds + 20) * 1_000,
    { cores: options.cores },
  )
  return parseH2load(out, options.seconds)
}

/** Reads h2load's closing lines. @throws when they are not there. */
export function parseH2load(out: string, seconds: number): LoadResult {
  const requests = /^requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/m.exec(out)
  const codes = /^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/m.exec(out)
  const traffic = /^traffic: .*?\((\d+)\) total.*?\((\d+)\) data/m.exec(out)
  const times = /^time for request:\s+(\S+)\s+(\S+)\s+(\S+)/m.exec(out)
  if (requests === null || codes === null || traffic === null || times === null) throw new Error(`h2load gave no result:\n${out.slice(-1_500)}`)
  return {
    requests: Number(requests[1]),
    seconds,
    refusals: Number(codes[3]) + Number(codes[4]),
    errors: Number(requests[4]) + Number(requests[5]),
    bytes: Number(traffic[1]),
    bodyBytes: Number(traffic[2]),
    p50Ms: milliseconds(times[3]),
    p99Ms: Number.NaN,
  }
}

function milliseconds(text: string): number {
  const found = /^([\d.]+)(us|ms|s)$/.exec(text)
  return found === null ? Number.NaN : Number(found[1]) * { us: 0.001, ms: 1, s: 1_000 }[found[2] as 'us' | 'ms' | 's']
}
