import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { accountCommand } from './account.ts'
import { askSecret } from './ask-secret.ts'
import type { CliParts } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-account-'))
after(() => rmSync(folder, { recursive: true, force: true }))

async function run(name: string, given: Readonly<Record<string, unknown>>, words: readonly string[], typed: Array<string | null> = [], input = ''): Promise<{ code: number; out: string; error: string; added: string[] }> {
  let out = ''
  let error = ''
  const added: string[] = []
  const parts = {
    noColor: true,
    out: { write: (text: string) => (out += text) },
    error: { write: (text: string) => (error += text) },
    check: () => ({ settings: {}, problems: [], problemCount: 0, effective: [], file: 'p', digest: '' }),
    askSecret: () => Promise.resolve(typed.shift() ?? null),
    readInput: () => Promise.resolve(input),
    accounts: { add: (_: object, who: string, role: string, password: string) => Promise.resolve(void added.push(`${who} ${role} ${password}`)).then(() => `${who} may sign in as ${role}`) },
  } as unknown as CliParts<object>
  const code = await accountCommand.children!.find((one) => one.name === name)!.act(given, parts, words)
  return { code, out, error, added }
}

test('a password is asked for twice, or read from a private file or standard input, and is never shown', async () => {
  assert.deepEqual((await run('add', { role: 'admin' }, ['ada'], ['correct horse', 'correct horse'])).added, ['ada admin correct horse'])
  const other = await run('add', { role: 'admin' }, ['ada'], ['correct horse', 'another horse'])
  assert.equal(other.code, 1)
  assert.match(other.error, /not the same; nothing was changed/)
  assert.deepEqual(other.added, [])
  assert.deepEqual((await run('add', { role: 'viewer', passwordStdin: true }, ['bob'], [], 'from input\n')).added, ['bob viewer from input'])
  const file = join(folder, 'pw')
  writeFileSync(file, 'from file\n', { mode: 0o600 })
  assert.deepEqual((await run('add', { role: 'viewer', passwordFile: file }, ['eve'])).added, ['eve viewer from file'])
  writeFileSync(join(folder, 'open'), 'x', { mode: 0o644 })
  assert.match((await run('add', { role: 'viewer', passwordFile: join(folder, 'open') }, ['eve'])).error, /may be read or changed by others/)
  assert.match((await run('add', { role: 'viewer' }, ['eve'])).error, /no terminal/)
  const wrong = await run('add', { role: 'root' }, ['eve'], ['a', 'a'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.error, /viewer, operator, admin/)
  for (const { out, error } of [other, wrong]) assert.ok(!`${out}${error}`.includes('horse'))
})

test('what is typed as a secret is not echoed; it can be mended and given up', async () => {
  const typing = async (keys: readonly string[]): Promise<{ answer: string | null; shown: string; raw: boolean }> => {
    let hear: (text: string) => void = () => {}
    let shown = ''
    let raw = false
    const input = { isTTY: true, setRawMode: (on: boolean) => (raw = on), setEncoding: () => {}, resume: () => {}, pause: () => {}, on: (_: string, listener: (text: string) => void) => (hear = listener), off: () => {} }
    const asked = askSecret(input, { write: (text) => (shown += text) }, 'Password: ')
    for (const key of keys) hear(key)
    return { answer: await asked, shown, raw }
  }
  assert.deepEqual(await typing(['sec', 'rex', '\u007F', 't\r']), { answer: 'secret', shown: 'Password: \n', raw: false })
  assert.equal((await typing(['abc', '\u0015', 'd\n'])).answer, 'd')
  assert.equal((await typing(['abc', '\u0003'])).answer, null)
  assert.equal((await typing(['\u0004'])).answer, null)
  assert.equal(await askSecret({ ...process.stdin, isTTY: false } as never, { write: () => assert.fail() }, ''), null)
})
