/** A shield with a lifeline in front of the sample site, crawled whole; for tests of what is left when the site is gone. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { LifelineState } from '../../src/contract/lifeline.ts'
import { askShield } from '../../src/surfaces/control-socket/control-client.ts'
import { eventually } from './in-process-shield.ts'
import { PolderProcess } from './polder-process.ts'

export { freePort } from './free-port.ts'

export function lifelineSettings(port: number, origin: string, more = ''): string {
  return `listen: 127.0.0.1:${port}\norigin: ${origin}\nworkers: 1\nlifeline: { sites: ["http://127.0.0.1:${port}"], maxPerSecond: 1000, busyShare: 100%, noticeAfterMs: 0s, publicPaths: [/contact, /visit]${more} }\n`
}

export function lifelineState(folder: string): Promise<LifelineState> {
  return askShield<'lifeline'>(join(folder, 'control.sock'), { ask: 'lifeline', order: 'state' }, 10_000)
}

/** Waits for the end of pass `pass`. */
export async function untilCrawled(polder: PolderProcess, pass: number, withinMs: number): Promise<LifelineState> {
  let state: LifelineState | null = null
  await eventually(`pass ${pass} is done`, withinMs, async () => {
    state = await lifelineState(polder.folder).catch(() => null)
    return state !== null && state.pass.number >= pass && state.pass.endedAtWallMs > 0
  }, 500)
  return state!
}

/** `polder …` as a person types it, with the settings of this shield. */
export function polderCommand(file: string, ...args: string[]): { readonly code: number | null; readonly out: string; readonly error: string } {
  const done = spawnSync(join(import.meta.dirname, '../../bin/polder'), [...args, '-c', file], { encoding: 'utf8', timeout: 120_000, maxBuffer: 64 * 1_048_576 })
  return { code: done.status, out: done.stdout, error: done.stderr }
}
