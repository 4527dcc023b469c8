/** Issue 2, Shows 5: the disk is full while Polder is under load. Serving goes on, the operator is told, and copies are kept again when there is room. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from '../support/in-process-shield.ts'
import { LoadOrigin } from '../support/load-origin.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { runWrk } from '../support/wrk.ts'

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

test('the disk is full under load: nothing fails, log and metrics say so, and copies are kept again when there is room', { skip: needsRoot }, async () => {
  const disk = mkdtempSync(join(tmpdir(), 'polder-small-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'polder-test', disk])
  const origin = await LoadOrigin.start()
  let polder: PolderProcess | null = null
  try {
    polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 2\ndataDir: ${disk}/data\nlog: { format: json, file: ${disk}/access.log }\n`)
    const { url } = polder
    const metric = (name: string): Promise<number> => polder!.metric(name)
    for (let i = 0; i < 20; i++) await (await fetch(`${url}/sized/20000/early-${i}`)).arrayBuffer()
    await eventually('the first copies are on disk', 10_000, async () => (await metric('polder_last_good_rows')) >= 20)

    const file = fill(disk)
    const flood = runWrk(`${url}/sized/20000/early-1`, { seconds: 6, connections: 16, pauseMs: 2 })
    const load = new SteadyLoad(url, { paths: ['/live', '/page', ...Array.from({ length: 100 }, (_, i) => `/sized/20000/late-${i}`)], readers: 8, pauseMs: 10 })
    await polder.until((line) => line['event'] === 'disk-store-suspended' && line.msg.includes('disk is full'))
    await polder.until((line) => line.level === 'warn' && line.msg.startsWith(`access log ${disk}/access.log: ENOSPC`))
    await eventually('the failure is counted', 5_000, async () => (await metric('polder_last_good_failures_total')) > 0)
    const asked = load.requests
    await eventually('readers are served on a full disk', 5_000, () => load.requests > asked + 100)

    rmSync(file)
    await polder.until((line) => line['event'] === 'disk-store-resumed', 20_000)
    await eventually('the late copies are on disk', 10_000, async () => (await metric('polder_last_good_rows')) >= 100)
    const seen = await flood
    const steady = await load.stop()
    process.stdout.write(`disk full: ${seen.requests + steady.requests} requests, ${seen.socketErrors + seen.notOk + steady.failures.length} failed; ${await metric('polder_last_good_failures_total')} batches failed\n`)
    assert.deepEqual(steady.failures, [])
    assert.equal(seen.socketErrors + seen.notOk, 0, seen.text)
  } finally {
    await polder?.stop()
    await origin.close()
    execFileSync('umount', ['-l', disk])
    rmdirSync(disk)
  }
})
