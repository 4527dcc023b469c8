/** The lifeline's file cannot be opened: visitors notice nothing, it is not hammered on, every surface says what it is, and once it is mended it comes back. */
import assert from 'node:assert/strict'
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { testFolder } from '../../src/kernel/test-folder.testing.ts'
import { askShield } from '../../src/surfaces/control-socket/control-client.ts'
import type { ShieldStatus } from '../../src/contract/control-socket.ts'
import { eventually } from '../support/in-process-shield.ts'
import { LoadOrigin } from '../support/load-origin.ts'
import { PolderProcess } from '../support/polder-process.ts'

test('a lifeline that dies at every start waits longer each time and says why; when its file can be opened again it runs', async () => {
  const folder = testFolder('lifeline-down')
  const file = join(folder, 'lifeline.sqlite')
  mkdirSync(file)
  const origin = await LoadOrigin.start()
  const polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 1\nlifeline: { sites: ["http://127.0.0.1"] }\n`, { folder })
  const socket = join(folder, 'control.sock')
  const status = (): Promise<ShieldStatus> => askShield<'status'>(socket, { ask: 'status' }, 10_000)
  const up = (): Promise<number> => polder.metric('polder_thread_up{thread="lifeline"}')
  try {
    await eventually('it has died five times', 20_000, async () => ((await status()).workers.troubles?.[0]?.deaths ?? 0) >= 5)
    const { workers, events } = await status()
    assert.deepEqual(workers.troubles?.map(({ thread }) => thread), ['lifeline'])
    assert.match(workers.troubles[0].reason, /EISDIR/)
    assert.ok(events.some((event) => event.code === 'thread-died' && /lifeline died \(.*EISDIR.*\) and is started anew in \d+ s, as it died \d+ times in a row/.test(event.sentence)), JSON.stringify(events))
    assert.equal(await up(), 0)
    assert.equal(await polder.metric('polder_thread_up{thread="edge-0"}'), 1)
    await assert.rejects(askShield(socket, { ask: 'lifeline', order: 'state' }, 10_000), /died \d+ times in a row \(.*EISDIR.*\), and is started again/)
    assert.equal((await fetch(`${polder.url}/page`)).status, 200)
    // Each wait is twice the one before: in the time of the next two there are two deaths, not dozens.
    const restarts = await polder.metric('polder_thread_restarts_total')
    assert.ok(restarts < 12, `${restarts} restarts`)
    rmdirSync(file)
    await eventually('it runs', 60_000, async () => (await up()) === 1, 200)
    assert.equal((await askShield<'lifeline'>(socket, { ask: 'lifeline', order: 'state' }, 10_000)).pages.kept, 0)
  } finally {
    await polder.stop()
    await origin.close()
  }
})
