/** script/bench fingerprint */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { type BenchCommand, type Flags, say } from '../command-line.ts'
import { median, spreadOf } from '../measure/statistics.ts'

const WARM_UP = 300

export const fingerprintCommand: BenchCommand = {
  description: 'CPU of one full TLS 1.3 handshake at the edge with and without JA4: blocks of both in turn in one process, so that what else the machine does hits both.',
  flags: {
    blocks: { kind: 'number', min: 2, max: 100, default: 20, sentence: 'blocks of each kind' },
    handshakes: { kind: 'number', min: 50, max: 2_000, default: 300, sentence: 'handshakes in a block' },
    json: { kind: 'switch', sentence: 'print the results as JSON' },
  },
  run,
}

async function run(flags: Flags): Promise<number> {
  const edge = fork(new URL('edge-program.ts', import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const { port } = (await messageOf(edge)) as { port: number }
  try {
    await handshakes(port, WARM_UP)
    const perHandshake: Record<'off' | 'on', number[]> = { off: [], on: [] }
    for (let block = 0; block < flags.number('blocks'); block++) {
      // The order changes from pair to pair, so that a drift hits both kinds.
      for (const kind of block % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
        edge.send(kind)
        await messageOf(edge)
        await handshakes(port, 20)
        const before = cpuMicroseconds(edge.pid!)
        await handshakes(port, flags.number('handshakes'))
        perHandshake[kind].push((cpuMicroseconds(edge.pid!) - before) / flags.number('handshakes'))
      }
    }
    edge.send('count')
    const { fingerprints } = (await messageOf(edge)) as { fingerprints: number }
    const differences = perHandshake.on.map((on, i) => on - perHandshake.off[i])
    const result = { off: spreadOf(perHandshake.off), on: spreadOf(perHandshake.on), difference: spreadOf(differences), share: median(differences) / median(perHandshake.off), fingerprints }
    if (flags.isOn('json')) process.stdout.write(`${JSON.stringify(result)}\n`)
    else for (const [name, spread] of Object.entries({ off: result.off, on: result.on, 'on - off': result.difference })) say(`${name.padEnd(9)} ${spread.median.toFixed(1)} us a handshake (${spread.min.toFixed(1)} to ${spread.max.toFixed(1)}, ${spread.count} blocks)`)
    say(`${(result.share * 100).toFixed(1)} % of a handshake; ${fingerprints} fingerprints taken`)
    return fingerprints === 0 ? 1 : 0
  } finally {
    edge.disconnect()
    await once(edge, 'exit')
  }
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  return ((await once(child, 'message')) as unknown[])[0]
}

/** Four at a time, each with a fresh session. X25519, as in the other handshake measurement. */
async function handshakes(port: number, count: number): Promise<void> {
  let left = count
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (left-- > 0) {
        const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false, minVersion: 'TLSv1.3', ecdhCurve: 'X25519', ALPNProtocols: ['http/1.1'] })
        socket.resume()
        await once(socket, 'close')
      }
    }),
  )
}

/** Time on a core of all threads of a process: /proc/PID/task/TID/schedstat counts in nanoseconds, /proc/PID/stat only in hundredths of a second. */
function cpuMicroseconds(pid: number): number {
  let sum = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]) / 1_000
    } catch {
      // That thread has just ended.
    }
  }
  return sum
}
