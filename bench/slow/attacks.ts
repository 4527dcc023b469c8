/** The attacks, each with a real tool or raw frames. All of them are hard-wired to loopback by measure/loopback.ts. */
import { join } from 'node:path'
import { HOST_NAME } from '../measure/ask.ts'
import { SERVER_ADDRESS } from '../measure/loopback.ts'

export interface AttackTarget {
  readonly port: number
  readonly tlsPort: number
  readonly seconds: number
  readonly connections: number
  /** Every connection from an address of its own (HTTP/2 attacks; slowhttptest knows one address only). */
  readonly manyAddresses: boolean
}

export interface Attack {
  readonly id: string
  readonly title: string
  readonly sentence: string
  /** It can come from many addresses by itself. */
  readonly ownAddresses: boolean
  command(target: AttackTarget): { readonly program: string; readonly args: readonly string[] }
}

const attacker = join(import.meta.dirname, 'h2-attack-program.ts')

function slow(id: string, title: string, sentence: string, path: string, more: readonly string[]): Attack {
  return {
    id, title, sentence, ownAddresses: false,
    command: ({ port, seconds, connections }) => ({
      program: 'slowhttptest',
      args: [...more, '-c', String(connections), '-r', String(Math.max(50, Math.ceil(connections / 5))), '-l', String(seconds), '-p', '3', '-v', '1', '-u', `http://${SERVER_ADDRESS}:${port}${path}`],
    }),
  }
}

function h2(id: string, title: string, sentence: string): Attack {
  return { id, title, sentence, ownAddresses: true, command: ({ tlsPort, seconds, connections, manyAddresses }) => ({ program: process.execPath, args: [attacker, id, String(tlsPort), String(seconds), String(Math.min(50, Math.max(4, Math.round(connections / 20)))), HOST_NAME, manyAddresses ? 'many' : 'one'] }) }
}

export const attacks: readonly Attack[] = [
  slow('slow-headers', 'Slow headers (slowhttptest -H)', 'Connections that send one header field every 5 s and never finish (Slowloris).', '/live/1', ['-H', '-i', '5']),
  slow('slow-body', 'Slow content (slowhttptest -B)', 'Posts that declare 8 KiB and send a few bytes every 5 s (R.U.D.Y.).', '/form', ['-B', '-i', '5', '-s', '8192']),
  slow('slow-read', 'Slow read (slowhttptest -X)', 'Readers of a 1 MiB page with a window of a few bytes.', '/big', ['-X', '-w', '1', '-y', '64', '-n', '5', '-z', '16', '-k', '3']),
  slow('ranges', 'Many ranges (slowhttptest -R)', 'HEAD requests with 400 overlapping ranges (Apache killer).', '/big', ['-R', '-a', '5', '-b', '2000', '-t', 'HEAD']),
  h2('rapid-reset', 'HTTP/2 rapid reset', 'Requests opened and reset at once, as fast as the connection takes them (CVE-2023-44487).'),
  h2('made-you-reset', 'HTTP/2 MadeYouReset', 'Requests followed by a frame that makes the server reset them (CVE-2025-8671).'),
  h2('continuation', 'HTTP/2 CONTINUATION flood', 'A header section that never ends (CVE-2024-27316 and others).'),
]

export const attackIds: readonly string[] = attacks.map((one) => one.id)
