import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readSecretFile } from './secret-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-secret-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function judged(text: string, mode = 0o600): string {
  const file = join(folder, 'secret')
  writeFileSync(file, text)
  chmodSync(file, mode)
  const read = readSecretFile(file)
  return 'secret' in read ? `= ${read.secret}` : read.trouble.replace(file, 'FILE')
}

test('one line that only its owner may read', () => {
  assert.equal(judged('hunter2\n'), '= hunter2')
  assert.equal(judged(' with spaces \r\n', 0o400), '=  with spaces ')
})

test('what others may read, or is no secret, is refused, and never repeated', () => {
  for (const mode of [0o640, 0o604, 0o620, 0o644]) assert.match(judged('hunter2', mode), /^FILE may be read or changed by others \(mode 0[0-7]{3}\): chmod 600/)
  assert.equal(judged(''), 'FILE is empty')
  assert.match(judged('hunter2\nsecond\n'), /^FILE holds more than one line/)
  assert.match(judged('hunter2'.repeat(2_000)), /^FILE has 14000 bytes/)
  for (const text of ['hunter2\nx', 'hunter2']) assert.doesNotMatch(judged(text, 0o644), /hunter2/)
  assert.match((readSecretFile(join(folder, 'nowhere')) as { trouble: string }).trouble, /does not exist$/)
  assert.match((readSecretFile(folder) as { trouble: string }).trouble, /is not a file$/)
})

test('a pipe is refused at once: nobody waits for its other end', { timeout: 5_000 }, () => {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', ['-m', '600', pipe])
  assert.match((readSecretFile(pipe) as { trouble: string }).trouble, /is not a file$/)
})
