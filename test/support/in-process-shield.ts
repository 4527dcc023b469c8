/** A shield inside the test's own process: for tests that end single threads or look into shared state. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readEnvironment, settingsFrom } from '../../src/config/load.ts'
import type { Settings } from '../../src/config/settings.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { RecordedLog } from '../../src/kernel/log.ts'
import { testFolder } from '../../src/kernel/test-folder.testing.ts'
import { type Shield, startShield } from '../../src/shield/start-shield.ts'

export interface TestShield {
  readonly shield: Shield
  readonly url: string
  readonly log: RecordedLog
  readonly folder: string
  /** Checked settings from text, with the folder and admin listener of this shield. @throws with every problem. */
  settings(yaml: string): Settings
  stop(): Promise<void>
}

export async function startTestShield(yaml: string): Promise<TestShield> {
  const folder = testFolder('test')
  const settings = (text: string): Settings => {
    const admin = /^admin:/m.test(text) ? '' : 'admin: { listen: "127.0.0.1:0" }\n'
    const data = /^dataDir:/m.test(text) ? '' : `dataDir: ${folder}\n`
    const loaded = settingsFrom(Buffer.from(`${text.trimEnd()}\n${admin}${data}`), join(folder, 'polder.yaml'), readEnvironment({}), systemClock.wallMs())
    if (loaded.settings === null) throw new Error(loaded.problems.map((problem) => `${problem.line}: ${problem.path}: ${problem.message}`).join('\n'))
    return loaded.settings
  }
  const log = new RecordedLog()
  const shield = await startShield(settings(yaml), { version: 'test', log, inherited: new Map() })
  return {
    shield, url: shield.urls[0], log, folder, settings,
    async stop() {
      await shield.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One sample of /metrics by its whole name; NaN when there is none. */
export async function metric(adminUrl: string | null, name: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  const line = text.split('\n').find((one) => one.slice(0, one.lastIndexOf(' ')) === name)
  return line === undefined ? Number.NaN : Number(line.slice(line.lastIndexOf(' ') + 1))
}

/**
 * Looks every `everyMs` until `holds`; rejects with `what` when it does not within `withinMs`. A look that comes late, because the machine had no time for
 * this process, counts as three at most: patience is measured in what this machine can do, so a busy one gets longer and a condition that never holds still fails.
 */
export async function eventually(what: string, withinMs: number, holds: () => boolean | Promise<boolean>, everyMs = 50): Promise<void> {
  const from = performance.now()
  let lookedAt = from
  let waitedMs = 0
  for (;;) {
    if (await holds()) return
    if (waitedMs > withinMs) throw new Error(`not within ${withinMs} ms (${Math.round(performance.now() - from)} on the clock): ${what}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
    const now = performance.now()
    waitedMs += Math.min(now - lookedAt, 3 * everyMs)
    lookedAt = now
  }
}
