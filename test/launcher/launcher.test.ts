/** bin/polder as a shell and systemd see it: which Node it takes, what it does with inherited sockets, that it keeps its process id. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

const launcher = join(import.meta.dirname, '../../bin/polder')

/** A tree with our launcher and a main.ts that prints what it was given. */
function tree(t: TestContext, { withNode = true } = {}): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'polder-launcher-')))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const folder of ['bin', 'src', 'other', 'empty']) mkdirSync(join(root, folder))
  copyFileSync(launcher, join(root, 'bin/polder'))
  chmodSync(join(root, 'bin/polder'), 0o755)
  writeFileSync(join(root, 'src/main.ts'), `import { fstatSync } from 'node:fs'
const fds = process.env.POLDER_INHERITED_FDS ?? ''
const kinds = [...fds.matchAll(/\\d+(?=[,;]|$)/g)].map(([fd]) => fstatSync(Number(fd)).isSocket())
console.log(JSON.stringify({ args: process.argv.slice(2), engine: process.execArgv, pid: process.pid, exec: process.execPath, fds, kinds, listen: [process.env.LISTEN_FDS ?? null, process.env.LISTEN_PID ?? null] }))
`)
  if (withNode) {
    mkdirSync(join(root, 'node_modules/node-linux-here/bin'), { recursive: true })
    symlinkSync(process.execPath, join(root, 'node_modules/node-linux-here/bin/node'))
    // A package for another kind of machine: present, executable, and useless here.
    mkdirSync(join(root, 'node_modules/node-linux-elsewhere/bin'), { recursive: true })
    writeFileSync(join(root, 'node_modules/node-linux-elsewhere/bin/node'), '#!/bin/sh\nexit 126\n', { mode: 0o755 })
  }
  return root
}

interface Outcome {
  code: number | null
  pid: number
  out: string
  error: string
}

function run(command: string, args: string[], env: Record<string, string>, inherit: number[] = []): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe', ...inherit] })
    let out = ''
    let error = ''
    child.stdout!.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr!.on('data', (chunk: Buffer) => (error += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, pid: child.pid!, out, error }))
  })
}

interface Said {
  args: string[]
  /** What Node itself was told. */
  engine: string[]
  pid: number
  fds: string
  kinds: boolean[]
  listen: Array<string | null>
}
const read = ({ out, error }: Outcome): Said => {
  assert.equal(error, '')
  return JSON.parse(out) as Said
}
const path = '/usr/local/bin:/usr/bin:/bin'

test('it passes every argument on, unchanged, and keeps its process id', async (t) => {
  const outcome = await run(join(tree(t), 'bin/polder'), ['run', '-c', 'a b.yaml', '', '*', '$HOME'], { PATH: path })
  const said = read(outcome)
  assert.deepEqual(said.args, ['run', '-c', 'a b.yaml', '', '*', '$HOME'])
  assert.equal(said.pid, outcome.pid)
})

test('a loop that runs is not compiled by the part of V8 that does it wrongly', async (t) => {
  assert.deepEqual(read(await run(join(tree(t), 'bin/polder'), [], { PATH: path })).engine, ['--no-maglev-osr'])
})

test('it works through links, relative and absolute, from any folder', async (t) => {
  const root = tree(t)
  symlinkSync('../bin/polder', join(root, 'other/relative'))
  symlinkSync(join(root, 'other/relative'), join(root, 'absolute'))
  for (const link of ['other/relative', 'absolute']) assert.deepEqual(read(await run(join(root, link), ['x'], { PATH: path })).args, ['x'])
})

test('without a Node that will do it says so in one line and ends with 1', async (t) => {
  const root = tree(t, { withNode: false })
  const old = join(root, 'other/node')
  writeFileSync(old, '#!/bin/sh\necho v20.20.2\n', { mode: 0o755 })
  for (const tool of ['bash', 'readlink', 'dirname', 'env']) symlinkSync(`/usr/bin/${tool}`, join(root, 'empty', tool))
  for (const [folders, wanted] of [[join(root, 'empty'), /^polder: needs Node 24 or newer; run .*\n$/], [`${join(root, 'other')}:${join(root, 'empty')}`, /^polder: needs Node 24 or newer \(found v20\.20\.2\); run .*\n$/]] as const) {
    const { code, out, error } = await run(join(root, 'bin/polder'), ['--version'], { PATH: folders })
    assert.deepEqual([code, out], [1, ''])
    assert.match(error, wanted)
  }
})

test('a system Node that is new enough serves when none is pinned', async (t) => {
  const root = tree(t, { withNode: false })
  symlinkSync(process.execPath, join(root, 'other/node'))
  assert.deepEqual(read(await run(join(root, 'bin/polder'), ['x'], { PATH: `${join(root, 'other')}:${path}` })).args, ['x'])
})

/** Starts the launcher as systemd would: LISTEN_PID is the process's own id, the sockets are 3 and 4. */
async function activated(t: TestContext, names: string | null): Promise<Said> {
  const root = tree(t)
  const servers = await Promise.all([0, 1].map(() => new Promise<ReturnType<typeof createServer>>((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => resolve(server))
  })))
  t.after(() => servers.forEach((server) => server.close()))
  const fds = servers.map((server) => (server as unknown as { _handle: { fd: number } })._handle.fd)
  const setNames = names === null ? '' : `export LISTEN_FDNAMES='${names}';`
  return read(await run('/bin/bash', ['-c', `export LISTEN_FDS=2 LISTEN_PID=$$; ${setNames} exec "$0" run`, join(root, 'bin/polder')], { PATH: path }, fds))
}

test('inherited sockets are duplicated for the workers and named', async (t) => {
  const said = await activated(t, 'http:https')
  const match = /^http:(3,[\d,]+);https:(4,[\d,]+)$/.exec(said.fds)
  assert.ok(match, said.fds)
  const lists = [match[1]!, match[2]!].map((list) => list.split(',').map(Number))
  for (const list of lists) assert.ok(list.length >= 9, 'the given one and at least eight more')
  assert.equal(new Set(lists.flat()).size, lists.flat().length, 'every descriptor once')
  assert.ok(said.kinds.every(Boolean), 'every one is an open socket')
  assert.deepEqual(said.listen, [null, null], 'children do not believe the sockets are theirs')
})

test('sockets without a usable name are called by their index', async (t) => {
  assert.match((await activated(t, null)).fds, /^0:3,[\d,]+;1:4,[\d,]+$/)
  assert.match((await activated(t, 'a;b:unknown')).fds, /^0:3,[\d,]+;unknown:4,[\d,]+$/)
})

test('sockets meant for another process, or numbers left over in the environment, are not touched', async (t) => {
  const said = read(await run(join(tree(t), 'bin/polder'), [], { PATH: path, LISTEN_FDS: '1', LISTEN_PID: '1', POLDER_INHERITED_FDS: '0:0' }))
  assert.equal(said.fds, '')
})

test('a reader that goes away early is no error', async () => {
  const { code, error } = await run('/bin/bash', ['-c', 'set -o pipefail; "$0" --help | true; echo "${PIPESTATUS[0]}" >&2', launcher], { PATH: path })
  assert.deepEqual([code, error], [0, '0\n'])
})
