/** Issue 6: the disk of the journal is full while Polder serves. Nobody is refused, status and metrics say so, and every entry is written when there is room. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CONTROL_SOCKET_NAME, type ShieldStatus } from '../../src/contract/control-socket.ts'
import type { JournalEntry, JournalVerdict } from '../../src/contract/journal.ts'
import { askShield } from '../../src/surfaces/control-socket/control-client.ts'
import { eventually } from '../support/in-process-shield.ts'
import { LoadOrigin } from '../support/load-origin.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { SteadyLoad } from '../support/steady-load.ts'

/** Writes until the file system says that it is full; returns the file. */
function fill(folder: string): string {
  const file = join(folder, 'somebody-elses-file')
  const handle = openSync(file, 'w')
  try {
    for (let bytes = 65_536; bytes >= 1; bytes >>= 1) {
      const chunk = Buffer.alloc(bytes)
      try {
        for (;;) writeSync(handle, chunk)
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
      }
    }
  } finally {
    closeSync(handle)
  }
  return file
}

const needsRoot = process.getuid?.() === 0 ? false : 'only root may mount the small file system that this fills; CI runs as root'

test('the journal\'s disk is full: serving goes on, the alarm shows, and no entry is missing when there is room again', { skip: needsRoot, timeout: 180_000 }, async () => {
  const disk = mkdtempSync(join(tmpdir(), 'polder-journal-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'polder-test', disk])
  const origin = await LoadOrigin.start()
  let polder: PolderProcess | null = null
  let load: SteadyLoad | null = null
  try {
    polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 1\ndataDir: ${disk}\ncache: { diskBytes: 0 }\njournal: { calmMeasureMs: 10s }\n`)
    const socket = join(disk, CONTROL_SOCKET_NAME)
    const status = (): Promise<ShieldStatus> => askShield(socket, { ask: 'status' }, 10_000)
    const ask = async (question: string, asks: Readonly<Record<string, unknown>>): Promise<unknown> => {
      const reply = await askShield(socket, { ask: 'record', question: { room: 'journal', question, who: 'tester', asks } }, 30_000)
      assert.ok(reply.ok, JSON.stringify(reply))
      return reply.answer
    }
    const entries = async (): Promise<readonly JournalEntry[]> => ((await ask('list', { afterSeq: 0, most: 1_000 })) as { entries: JournalEntry[] }).entries
    const order = (ruleId: string): Promise<unknown> => askShield(socket, { ask: 'act', act: { kind: 'add', ruleId, who: 'ada', why: 'a test', when: [{ attribute: 'path', glob: '/closed*' }], action: 'block', untilWallMs: null } }, 10_000)
    await eventually('the record and the control plane are heard', 30_000, async () => {
      const now = await status()
      return now.record.alive && now.control.alive
    })

    const file = fill(disk)
    load = new SteadyLoad(polder.url, { paths: ['/page', '/live'], readers: 4, pauseMs: 20 })
    const { requests } = load
    // What is left of the page that the journal ends in still takes a few entries.
    const said = (): boolean => polder!.lines.some((line) => line['event'] === 'journal-suspended')
    for (let i = 0; i < 40 && !said(); i++) await order(`while-full-${i}`)
    await polder.until((line) => line['event'] === 'journal-suspended')
    await order('after-full')
    await eventually('status says it', 10_000, async () => (await status()).record.state!.journal.suspended !== null)
    const full = await status()
    assert.match(full.record.state!.journal.suspended!, /cannot be written \(ENOSPC\)/)
    assert.ok(full.events.some((event) => event.code === 'journal-suspended'))
    assert.equal(await polder.metric('polder_journal_suspended'), 1)
    assert.ok((await polder.metric('polder_journal_failures_total')) >= 1)
    await eventually('visitors are served', 10_000, () => load!.requests > requests + 50)
    const seen = await entries()
    assert.ok(seen.some((entry) => entry.kind === 'act' && entry.sentence.includes('after-full')), 'what waits in memory can be read')
    assert.ok(seen.some((entry) => entry.kind === 'alarm'))

    rmSync(file)
    await polder.until((line) => line['event'] === 'journal-resumed', 30_000)
    await eventually('metrics say that it is over', 10_000, async () => (await polder!.metric('polder_journal_suspended')) === 0)
    const after = await entries()
    assert.deepEqual(after.slice(0, seen.length), seen, 'not one entry was lost or changed')
    const verdict = (await ask('verify', {})) as JournalVerdict
    assert.deepEqual(verdict.faults, [])
    assert.ok(verdict.entries >= seen.length)
    assert.equal(await polder.metric('polder_journal_lost_total'), 0)
    assert.deepEqual((await load.stop()).failures, [])
  } finally {
    await load?.stop()
    await polder?.stop()
    await origin.close()
    execFileSync('umount', ['-l', disk])
    rmdirSync(disk)
  }
})
