/** Issue 2, Start and habits: starting where a port is taken, where nothing can be written, with sockets of systemd; log rotation; `polder check`. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { eventually } from '../support/in-process-shield.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { exchange, openWire, type Wire } from '../support/raw-exchange.ts'
import { type ScriptedOrigin, startScriptedOrigin } from '../support/scripted-origin.ts'
import { testFolder } from '../../src/kernel/test-folder.testing.ts'

const program = join(import.meta.dirname, '../../bin/polder')
let origin: ScriptedOrigin

before(async () => {
  origin = await startScriptedOrigin((_request, response) => response.writeHead(200, { 'cache-control': 'no-store' }).end('from the origin'))
})
after(() => origin.close())

function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer()
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ server, port: (server.address() as { port: number }).port })))
}

test('two lines are enough, and a second Polder on the same port does not start: it would take half of the visitors', async () => {
  const { server, port } = await listening()
  await new Promise((resolve) => server.close(resolve))
  const first = await PolderProcess.start(`listen: 127.0.0.1:${port}\norigin: ${origin.url}\n`)
  try {
    assert.match(await (await fetch(first.url)).text(), /from the origin/)
    await assert.rejects(PolderProcess.start(`listen: 127.0.0.1:${port}\norigin: ${origin.url}\n`), /another program, perhaps another Polder, listens there already/)
    for (let i = 0; i < 8; i++) assert.equal((await fetch(first.url, { headers: { connection: 'close' } })).status, 200)
  } finally {
    await first.stop()
  }
})

test('with the admin port taken and a data folder that cannot be written visitors are served, and the log says what is missing', async () => {
  const { server, port } = await listening()
  const folder = testFolder('test')
  writeFileSync(join(folder, 'file'), '')
  const polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 1\nadmin: { listen: "127.0.0.1:${port}" }\ndataDir: ${join(folder, 'file/data')}\n`, { folder })
  try {
    assert.equal(polder.adminUrl, '')
    assert.match(await (await fetch(polder.url)).text(), /from the origin/)
    for (const said of [/no admin listener/, /last good copies cannot be kept/, /no control socket/]) assert.ok(polder.lines.some((line) => said.test(line.msg)), String(said))
  } finally {
    await polder.stop()
    server.close()
  }
})

test('a signal that comes before it serves does not end it: the settings are read again once it serves', async () => {
  const folder = testFolder('test')
  const file = join(folder, 'polder.yaml')
  writeFileSync(file, `listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 1\nadmin: { listen: "127.0.0.1:0" }\ndataDir: ${folder}\n`)
  const child = spawn(program, ['run', '-c', file], { stdio: ['ignore', 'inherit', 'pipe'] })
  const said: string[] = []
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))
  createInterface({ input: child.stderr! }).on('line', (line) => {
    if (said.push((JSON.parse(line) as { msg: string }).msg) === 1) child.kill('SIGHUP')
  })
  try {
    await eventually('the settings were read again', 30_000, () => child.exitCode !== null || child.signalCode !== null || said.includes('settings read again: nothing changed'))
    assert.ok(said.indexOf('ready') > 0 && said.indexOf('settings read again: nothing changed') > said.indexOf('ready'), said.join('\n'))
  } finally {
    child.kill('SIGTERM')
    assert.equal(await ended, 0)
  }
})

test('sockets given by systemd are served by every worker; a connection that waited in them before the start is answered', async () => {
  const { server, port } = await listening()
  const folder = testFolder('test')
  const file = join(folder, 'polder.yaml')
  // The address in the file is not the socket's: what systemd opened counts.
  writeFileSync(file, `listen: 127.0.0.1:1\norigin: ${origin.url}\nworkers: 2\nadmin: { listen: "127.0.0.1:0" }\ndataDir: ${folder}\n`)
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle
  const child = spawn('sh', ['-c', `LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=polder.socket exec "${program}" run -c "${file}"`], { stdio: ['ignore', 'inherit', 'pipe', fd] })
  const lines: string[] = []
  createInterface({ input: child.stderr! }).on('line', (line) => lines.push(line))
  const held: Wire[] = []
  try {
    // Ours is closed without having accepted: from now on the child's copies are the socket.
    server.close()
    const early = exchange(`http://127.0.0.1:${port}`, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', { withinMs: 20_000 })
    await eventually('ready', 20_000, () => lines.some((line) => line.includes('"msg":"ready"')))
    assert.match(await early, /from the origin/)
    const adminUrl = /"adminUrl":"([^"]+)"/.exec(lines.find((line) => line.includes('"msg":"ready"'))!)![1]
    const busy = new Set<string>()
    const ask = (): Promise<string> => exchange(`http://127.0.0.1:${port}`, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await Promise.all(Array.from({ length: 40 }, ask))
    // Both take from one queue: which of them does is the kernel's choice, so newcomers come until each has one.
    await eventually('both workers hold connections', 20_000, async () => {
      await Promise.all(
        Array.from({ length: 12 }, async () => {
          const wire = await openWire(`http://127.0.0.1:${port}`, `127.9.${held.length >> 8}.${1 + (held.length & 127)}`)
          held.push(wire)
          wire.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
          await wire.until('from the origin', 20_000)
        }),
      )
      const text = await (await fetch(`${adminUrl}/metrics`)).text()
      for (const [, worker, count] of text.matchAll(/polder_open_connections\{worker="(\d)"\} (\d+)/g)) if (Number(count) > 0) busy.add(worker)
      return busy.size === 2
    }, 200)
  } finally {
    for (const wire of held) wire.socket.destroy()
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    assert.equal(await ended, 0)
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a combined log with hashed addresses; after logrotate and SIGUSR1 every worker writes on in the new file', async () => {
  const polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 2\nlog: { format: combined, file: access.log, addresses: hashed }\n`)
  const file = join(polder.folder, 'access.log')
  const lines = (name: string): string[] => readFileSync(name, 'utf8').split('\n').filter((line) => line !== '')
  const ask = (path: string): Promise<string[]> => Promise.all(Array.from({ length: 16 }, () => exchange(polder.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: a"b\r\n\r\n`)))
  try {
    await ask('/before')
    await eventually('written', 5_000, () => lines(file).length === 16)
    assert.match(lines(file)[0], /^[0-9a-f]{16} - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/before HTTP\/1\.1" 200 15 "-" "a\\x22b"$/)
    renameSync(file, `${file}.1`)
    polder.child.kill('SIGUSR1')
    await eventually('opened anew', 5_000, () => {
      try {
        readFileSync(file)
        return true
      } catch {
        return false
      }
    })
    await eventually('all in the new file', 5_000, async () => {
      const before = lines(`${file}.1`).length
      await ask('/after')
      await new Promise((resolve) => setTimeout(resolve, 200))
      return lines(`${file}.1`).length === before && lines(file).length >= 16
    })
  } finally {
    await polder.stop()
  }
})

test('polder check: 0 for good settings, 1 for bad ones with file, line, what is allowed and the mend, 2 for a wrong use', () => {
  const folder = testFolder('test')
  const file = join(folder, 'polder.yaml')
  const check = (yaml: string): { status: number | null; said: string } => {
    writeFileSync(file, yaml)
    const { status, stdout, stderr } = spawnSync(program, ['check', '-c', file], { encoding: 'utf8' })
    return { status, said: stdout + stderr }
  }
  try {
    assert.equal(check('listen: 127.0.0.1:8080\norigin: http://127.0.0.1:8090\n').status, 0)
    const bad = check('listen: 127.0.0.1:8080\norigin: http://127.0.0.1:8090\nedge:\n  headerDeadlineMs: 5m\n  bodyBytez: 1MiB\n')
    assert.equal(bad.status, 1)
    assert.match(bad.said, /polder\.yaml:4[^]*headerDeadlineMs[^]*1s to 2m/)
    assert.match(bad.said, /polder\.yaml:5[^]*bodyBytes/)
    assert.equal(spawnSync(program, ['check', '--nonsense']).status, 2)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
