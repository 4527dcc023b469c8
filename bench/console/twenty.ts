/** Twenty open consoles beside visitors: the same load from the memory store without and with them, taking turns (ABBA), one edge worker and the console's thread on one core. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OriginOrder, OriginWord } from '../../src/drill/origin-process.ts'
import { fullOrigin } from '../../src/drill/mock-origin.ts'
import { type PacedResult, runPaced } from '../load/paced.ts'
import { placement } from '../measure/machine.ts'
import { IpcChild } from '../scenarios/ipc-child.ts'
import { startConsoleShield } from './console-shield.ts'

export const CONSOLES = 20
export const LOAD_PER_SECOND = 500
const SETTLE_MS = 2_000
/** Hundreds a second from one address would else be held to what one address may ask. */
const LOAD_IS_KNOWN = 'rules: [{id: load, prefix: 127.0.0.1, action: allow}]\n'

export interface TwentyRound {
  readonly consoles: number
  readonly load: PacedResult
  /** What all open pages were sent, a second. */
  readonly consoleBytesPerSecond: number
}

/** `pairs` times a round without and one with; `seconds` each. */
export async function measureTwenty(pairs: number, seconds: number, tell: (text: string) => void): Promise<readonly TwentyRound[]> {
  const folder = mkdtempSync(join(tmpdir(), 'polder-twenty-'))
  const cores = placement()
  const origin = new IpcChild<OriginOrder, OriginWord>(join(import.meta.dirname, '../../src/drill/origin-process.ts'), cores.origin)
  const rounds: TwentyRound[] = []
  try {
    await origin.hear('ready', 30_000)
    origin.tell({ type: 'start', options: fullOrigin })
    const shield = await startConsoleShield(folder, (await origin.hear('listens', 30_000)).port, cores.server, 1, 1, LOAD_IS_KNOWN)
    try {
      await runPaced({ port: shield.port, path: '/style.css', perSecond: LOAD_PER_SECOND, seconds: 5, status: 200, cores: cores.load })
      for (let pair = 0; pair < pairs; pair++) {
        for (const consoles of pair % 2 === 0 ? [0, CONSOLES] : [CONSOLES, 0]) {
          const streams = Array.from({ length: consoles }, () => shield.openStream())
          await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
          const before = streams.reduce((sum, one) => sum + one.bytes, 0)
          const load = await runPaced({ port: shield.port, path: '/style.css', perSecond: LOAD_PER_SECOND, seconds, status: 200, cores: cores.load })
          const bytes = streams.reduce((sum, one) => sum + one.bytes, 0) - before
          if (consoles > 0 && streams.some((one) => one.bytes === 0)) throw new Error('a console was sent nothing')
          for (const stream of streams) stream.close()
          rounds.push({ consoles, load, consoleBytesPerSecond: bytes / load.seconds })
          tell(`${consoles} consoles: p99 ${load.p99Ms} ms, failed ${load.failed}`)
        }
      }
    } finally {
      await shield.group.end()
    }
  } finally {
    await origin.end()
    rmSync(folder, { recursive: true, force: true })
  }
  return rounds
}
