/** Issue 2, Shows 5: Polder is upgraded in place and stopped while it is under load. Nobody is refused and nobody is cut. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { freePort } from '../support/free-port.ts'
import { eventually, metric } from '../support/in-process-shield.ts'
import { LoadOrigin } from '../support/load-origin.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { runWrk } from '../support/wrk.ts'

let origin: LoadOrigin

before(async () => {
  origin = await LoadOrigin.start()
})

after(() => origin?.close())

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function endProcess(pid: number): Promise<void> {
  if (!isAlive(pid)) return
  process.kill(pid, 'SIGTERM')
  await eventually(`process ${pid} ends`, 35_000, () => !isAlive(pid)).catch((error: unknown) => {
    process.kill(pid, 'SIGKILL')
    throw error
  })
}

test('an upgrade in place under load: the new process serves, the old one ends, and no request fails', async () => {
  const adminPort = await freePort()
  const polder = await PolderProcess.start(`listen: 127.0.0.1:${await freePort()}\norigin: ${origin.url}\nworkers: 2\nadmin: { listen: "127.0.0.1:${adminPort}" }\n`)
  const { url, pid } = polder
  const pids = [pid]
  try {
    const kept = runWrk(`${url}/page`, { seconds: 8, connections: 16, pauseMs: 2 })
    const anew = runWrk(`${url}/page`, { seconds: 8, connections: 4, pauseMs: 2, closeEach: true })
    const loads = [
      new SteadyLoad(url, { paths: ['/live', '/page'], readers: 6, pauseMs: 10 }),
      new SteadyLoad(url, { paths: ['/live', '/page'], readers: 4, pauseMs: 10, closeEach: true }),
      new SteadyLoad(url, { paths: ['/slow-live/700'], readers: 4, pauseMs: 10 }),
    ]
    await eventually('all loads run', 5_000, () => loads.every((load) => load.requests > 5))

    const isNew = polder.untilNew((line) => line.msg === 'ready' && line['pid'] !== pid, 30_000)
    const ended = new Promise<number | null>((resolve) => {
      polder.child.once('exit', (code) => resolve(code))
    })
    polder.child.kill('SIGUSR2')
    const nextPid = (await isNew)['pid'] as number
    pids.push(nextPid)
    assert.equal(await ended, 0, 'the old process ends by itself')
    assert.ok(isAlive(nextPid))
    await eventually('the new process counts requests at the same admin address', 5_000, async () => (await metric(`http://127.0.0.1:${adminPort}`, 'polder_requests_received_total')) > 100)

    const seen = [await kept, await anew]
    const results = await Promise.all(loads.map((load) => load.stop()))
    const failures = results.flatMap((result) => result.failures)
    const requests = [...seen, ...results].reduce((sum, one) => sum + one.requests, 0)
    const failed = seen.reduce((sum, one) => sum + one.socketErrors + one.notOk, 0) + failures.length
    process.stdout.write(`upgrade in place: ${requests} requests, ${failed} failed; process ${pid} handed over to ${nextPid}\n`)
    assert.deepEqual(failures, [])
    for (const one of seen) assert.equal(one.socketErrors + one.notOk, 0, one.text)

    // The next upgrade works from the new process, whose sockets were inherited.
    const third = polder.lines.length
    process.kill(nextPid, 'SIGUSR2')
    await eventually('a third process is ready', 30_000, () => polder.lines.slice(third).some((line) => line.msg === 'ready'))
    const thirdPid = polder.lines.slice(third).find((line) => line.msg === 'ready')!['pid'] as number
    pids.push(thirdPid)
    await eventually('the second process ends', 10_000, () => !isAlive(nextPid))
    assert.equal((await fetch(`${url}/page`)).status, 200)
  } finally {
    for (const one of pids) await endProcess(one)
    await polder.stop()
  }
})

test('an upgrade to a program that does not start changes nothing: the old process serves on', async () => {
  const good = `listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 2\n`
  const polder = await PolderProcess.start(good)
  try {
    const load = new SteadyLoad(polder.url, { paths: ['/live', '/page'], readers: 8, pauseMs: 10 })
    await eventually('the load runs', 5_000, () => load.requests > 50)
    // The next process reads the file and refuses to start.
    polder.rewrite(good.replace('workers: 2', 'workers: none'))
    await polder.until((line) => line.msg.includes('the old settings stay in force'))
    polder.child.kill('SIGUSR2')
    const said = await polder.until((line) => line.level === 'error' && line.msg.startsWith('upgrade failed'))
    assert.match(said.msg, /serves on/)
    const asked = load.requests
    await eventually('the old process serves on', 5_000, () => load.requests > asked + 50)
    assert.deepEqual((await load.stop()).failures, [])
  } finally {
    await polder.stop()
  }
})

test('SIGTERM: requests under way are answered, new connections are refused, and the process ends with code 0 in good time', async () => {
  const polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 2\n`)
  const { url } = polder
  try {
    const load = new SteadyLoad(url, { paths: ['/live', '/page'], readers: 8, pauseMs: 10 })
    const slow = Array.from({ length: 12 }, async (_, i) => {
      const response = await fetch(`${url}/slow-live/2500/${i}`)
      return { status: response.status, text: await response.text() }
    })
    await eventually('the slow requests are under way', 5_000, () => origin.inFlight >= slow.length)
    const ended = new Promise<number | null>((resolve) => {
      polder.child.once('exit', (code) => resolve(code))
    })
    const from = performance.now()
    polder.child.kill('SIGTERM')
    await eventually('new connections are refused', 2_000, () => load.failures.some((failure) => failure.includes('ECONNREFUSED')), 20)
    const steady = await load.stop()
    const others = steady.failures.filter((failure) => !failure.includes('ECONNREFUSED'))
    for (const [i, answer] of (await Promise.all(slow)).entries()) assert.deepEqual(answer, { status: 200, text: `this is /slow-live/2500/${i}\n` })
    assert.equal(await ended, 0)
    const tookMs = performance.now() - from
    process.stdout.write(`SIGTERM: 12 requests under way all answered, ${others.length} cut; ended after ${Math.round(tookMs)} ms\n`)
    assert.deepEqual(others, [])
    assert.ok(tookMs < 10_000, `${tookMs} ms`)
  } finally {
    await polder.stop()
  }
})
