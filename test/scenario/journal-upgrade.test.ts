/** An upgrade hands the journal from the old process to the new one: one chain, no gap, no fault, and both name each other. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { JournalEntry } from '../../src/contract/journal.ts'
import { folderEntries, verifyFolder } from '../../src/offline/journal-folder.ts'
import { eventually } from '../support/in-process-shield.ts'
import { LoadOrigin } from '../support/load-origin.ts'
import { PolderProcess } from '../support/polder-process.ts'

test('an upgrade: the old process closes its journal before it drains, the new one goes on with the chain', { timeout: 180_000 }, async () => {
  const origin = await LoadOrigin.start()
  const polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 1\n`)
  const folder = join(polder.folder, 'journal')
  const entries = async (): Promise<JournalEntry[]> => Array.fromAsync(folderEntries(folder))
  let pid = 0
  try {
    await eventually('the start is written down', 20_000, async () => (await entries()).some((entry) => entry.kind === 'start'))
    process.kill(polder.pid, 'SIGUSR2')
    await eventually('the new process has written down its start', 60_000, async () => (await entries()).filter((entry) => entry.kind === 'start').length === 2)
    const all = await entries()
    const upgrade = all.find((entry) => entry.kind === 'upgrade')!
    pid = (upgrade.data as { successor: number }).successor
    const second = all.filter((entry) => entry.kind === 'start')[1]
    assert.deepEqual([(second.data as { pid: number }).pid, (second.data as { successorOf: number }).successorOf], [pid, polder.pid])
    assert.ok(upgrade.seq < second.seq)
    assert.deepEqual((await verifyFolder(folder, upgrade.hash)).faults, [])
  } finally {
    if (pid > 0) process.kill(pid, 'SIGTERM')
    await polder.stop({ keepFolder: true })
    await eventually('the new process has ended', 40_000, () => {
      try {
        if (pid > 0) process.kill(pid, 0)
        return pid === 0
      } catch {
        return true
      }
    })
    await origin.close()
  }
  const all = await entries()
  rmSync(polder.folder, { recursive: true, force: true })
  assert.ok(all.findLast((entry) => entry.kind === 'stop')!.seq > all.findLast((entry) => entry.kind === 'start')!.seq)
})
