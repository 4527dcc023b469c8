/** TLS handshakes one after another on a few lanes, as a program of its own; full or resumed, and each is checked to be what was asked for. */
import { join } from 'node:path'
import { runProgram } from '../measure/child-group.ts'

export interface HandshakeResult {
  readonly handshakes: number
  readonly seconds: number
  readonly resumed: number
  readonly errors: number
  readonly protocol: string
  readonly group: string
}

export interface HandshakeOptions {
  readonly port: number
  readonly path: string
  readonly seconds: number
  readonly lanes: number
  readonly resume: boolean
  readonly cores: string
}

export async function runHandshakes(options: HandshakeOptions): Promise<HandshakeResult> {
  const { out } = await runProgram(
    process.execPath,
    [join(import.meta.dirname, 'handshake-client.ts'), String(options.port), options.path, String(options.seconds), String(options.lanes), options.resume ? 'resume' : 'full'],
    (options.seconds + 20) * 1_000,
    { cores: options.cores },
  )
  return JSON.parse(out) as HandshakeResult
}
