/** One dataDir, two Polders: the second is refused with the mend, an upgrade is not, and a crash leaves nothing that must be cleared away. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { FileLock } from '../../src/kernel/file-lock.ts'
import { testFolder } from '../../src/kernel/test-folder.testing.ts'
import { eventually } from '../support/in-process-shield.ts'
import { LoadOrigin } from '../support/load-origin.ts'
import { PolderProcess } from '../support/polder-process.ts'

const program = join(import.meta.dirname, '../../bin/polder')
let origin: LoadOrigin
before(async () => {
  origin = await LoadOrigin.start()
})
after(() => origin?.close())

const settings = (): string => `listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 1\nlifeline: { enabled: false }\n`

/** Runs until it ends by itself; a minute at most. */
function runToItsEnd(folder: string, dataDir: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const file = join(folder, 'second.yaml')
  writeFileSync(file, `${settings()}dataDir: ${dataDir}\nadmin: { listen: "127.0.0.1:0" }\n`)
  const child = spawn(program, ['run', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (part: Buffer) => (said += part.toString()))
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code, said })
    })
  })
}

test('a second Polder with the same dataDir does not start, and says who has it and what to do; the first one is not touched', async () => {
  const polder = await PolderProcess.start(settings())
  try {
    const { code, said } = await runToItsEnd(testFolder('second'), polder.folder)
    assert.equal(code, 1)
    assert.match(said, new RegExp(`belongs to process ${polder.pid}, a running Polder: end that one first .* or give this one a dataDir of its own`))
    assert.doesNotMatch(said, /"msg":"ready"/)
    assert.equal((await fetch(`${polder.url}/page`)).status, 200)
    assert.ok(existsSync(join(polder.folder, 'control.sock')))
  } finally {
    await polder.stop()
  }
})

test('after kill -9 the next one starts at once; while one only finishes what is open another may start', async () => {
  const folder = testFolder('again')
  const first = await PolderProcess.start(settings(), { folder })
  await first.end('SIGKILL')
  const second = await PolderProcess.start(settings(), { folder })
  const slow = fetch(`${second.url}/slow-live/6000`).then(async (response) => response.text())
  await eventually('it is under way', 10_000, () => origin.inFlight > 0)
  second.child.kill('SIGTERM')
  await second.untilNew((line) => line.msg.startsWith('SIGTERM'))
  const third = await PolderProcess.start(settings(), { folder })
  try {
    assert.equal(await slow, 'this is /slow-live/6000\n')
    assert.equal((await fetch(`${third.url}/page`)).status, 200)
    await second.end('SIGTERM')
  } finally {
    await third.stop()
  }
})

test('an upgrade hands dataDir over: the new process serves while the old one still has it, and then no third one may start', async () => {
  const folder = testFolder('handed')
  const first = await PolderProcess.start(settings(), { folder })
  let pid = 0
  try {
    const gone = new Promise((resolve) => first.child.once('exit', resolve))
    const handed = first.untilNew((line) => / has taken over/.test(line.msg), 60_000)
    first.child.kill('SIGUSR2')
    pid = Number(/process (\d+)/.exec((await handed).msg)![1])
    await gone
    assert.equal((await fetch(`${first.url}/page`)).status, 200)
    await eventually('the new process has it', 10_000, () => {
      const lock = FileLock.take(join(folder, 'polder.lock'))
      lock?.release()
      return lock === null
    }, 500)
    const { code, said } = await runToItsEnd(testFolder('third'), folder)
    assert.equal(code, 1)
    assert.match(said, new RegExp(`belongs to process ${pid}, a running Polder`))
  } finally {
    if (pid > 0) process.kill(pid, 'SIGTERM')
    await eventually('the new process has ended', 40_000, () => {
      try {
        if (pid > 0) process.kill(pid, 0)
        return pid === 0
      } catch {
        return true
      }
    })
    await first.stop()
  }
})
