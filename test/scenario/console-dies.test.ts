/** The console's thread dies: visitors notice nothing, and it is there again, with everybody still signed in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createServer } from 'node:net'
import { AccountBook } from '../../src/surfaces/console/accounts.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, startTestShield } from '../support/in-process-shield.ts'
import { LoadOrigin } from '../support/load-origin.ts'

test('the console dies and comes back; visitors are served all the while', { timeout: 120_000 }, async () => {
  const origin = await LoadOrigin.start()
  const dataDir = mkdtempSync(join(tmpdir(), 'polder-console-dies-'))
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address() as { port: number }
      server.close(() => resolve(free))
    })
  })
  const url = `http://127.0.0.1:${port}`
  await new AccountBook(join(dataDir, 'console'), systemClock).add('ada', 'admin', 'correct horse battery')
  const shield = await startTestShield(`listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 1\ndataDir: ${dataDir}\nlifeline: { enabled: false }\nconsole: { listen: "127.0.0.1:${port}" }\n`)
  try {
    const up = (): Promise<boolean> => fetch(url).then(async (response) => (await response.arrayBuffer(), response.status === 200), () => false)
    await eventually('the console is up', 60_000, up)
    const login = await fetch(`${url}/api/login`, { method: 'POST', headers: { origin: url, 'content-type': 'application/json' }, body: JSON.stringify({ name: 'ada', password: 'correct horse battery' }) })
    assert.equal(login.status, 200, await login.text())
    const cookie = login.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ')
    let served = 0
    const ending = new AbortController()
    const visitors = (async () => {
      while (!ending.signal.aborted) {
        const response = await fetch(`${shield.url}/page?${served % 5}`)
        await response.arrayBuffer()
        assert.equal(response.status, 200)
        served++
      }
    })()
    await shield.shield.killThread('console')
    assert.equal(await up(), false)
    await eventually('the console is back', 60_000, up)
    ending.abort()
    await visitors
    assert.ok(served > 0)
    assert.equal((await fetch(`${url}/api/session`, { headers: { cookie } })).status, 200)
  } finally {
    await shield.stop()
    await origin.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
})
