/** Requests at a fixed rate, whatever the server does (open loop), as a program of its own. */
import { join } from 'node:path'
import { runProgram } from '../measure/child-group.ts'

export interface PacedResult {
  readonly sent: number
  readonly answered: number
  /** Wrong status, broken connection, or no answer. */
  readonly failed: number
  /** The same by status, `closed` or `timeout`. */
  readonly failures: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** How late the generator itself was, 99th percentile: what of the tail is its own. */
  readonly lateP99Ms: number
  readonly seconds: number
}

export interface PacedOptions {
  readonly port: number
  readonly path: string
  readonly perSecond: number
  readonly seconds: number
  readonly status: number
  readonly cores: string
  readonly scheme?: 'http' | 'https'
  /** Loopback address to come from. */
  readonly from?: '127.0.0.1' | '127.0.0.2'
  /** `close`: a new connection for each request, as a visitor who comes for the first time. */
  readonly connections?: 'keep' | 'close'
}

const pacedClient = join(import.meta.dirname, 'paced-client.ts')

function pacedArguments(options: PacedOptions): string[] {
  return [pacedClient, String(options.port), options.path, String(options.perSecond), String(options.seconds), String(options.status), options.scheme ?? 'http', options.from ?? '127.0.0.1', options.connections ?? 'keep']
}

export async function runPaced(options: PacedOptions): Promise<PacedResult> {
  const { out } = await runProgram(process.execPath, pacedArguments(options), (options.seconds + 20) * 1_000, { cores: options.cores })
  return JSON.parse(out) as PacedResult
}
