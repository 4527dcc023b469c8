import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { FileLock } from './file-lock.ts'
import { testFolder } from './test-folder.testing.ts'

test('one holder at a time; who lets go lets the next one in', () => {
  const file = join(testFolder('lock'), 'lock')
  const first = FileLock.take(file)
  assert.notEqual(first, null)
  assert.equal(FileLock.take(file), null)
  first!.release()
  const second = FileLock.take(file)
  assert.notEqual(second, null)
  second!.release()
})

test('another process is kept out, and a holder that is killed leaves nothing behind', async () => {
  const file = join(testFolder('lock'), 'lock')
  const program = `import { FileLock } from ${JSON.stringify(new URL('file-lock.ts', import.meta.url).href)}; FileLock.take(process.argv[1]); process.stdout.write('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(child.stdout, 'data')
    assert.equal(FileLock.take(file), null)
  } finally {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  const lock = FileLock.take(file)
  assert.notEqual(lock, null)
  lock!.release()
})

test('a place that cannot be written is an error, not somebody else', () => {
  assert.throws(() => FileLock.take(join(testFolder('lock'), 'no', 'such', 'folder')), /unable to open/)
})
