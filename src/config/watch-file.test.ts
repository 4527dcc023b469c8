import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { watchFile } from './watch-file.ts'

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A watched file, and a way to await the next change told. */
function watched(t: TestContext, file: string, content: string) {
  let told = 0
  let wake = (): void => {}
  const watch = watchFile(file, {
    digest: digestOf(content),
    settleMs: 20,
    onChange: () => {
      told++
      wake()
    },
    onError: (error) => assert.fail(error),
  })
  // The watcher holds no process open; the test does.
  const alive = setInterval(() => {}, 1_000)
  t.after(() => {
    watch.close()
    clearInterval(alive)
  })
  return {
    told: () => told,
    async after(act: () => void): Promise<void> {
      const next = new Promise<void>((resolve) => void (wake = resolve))
      act()
      await next
    },
  }
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'polder-watch-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('a file written in place, or replaced by renaming, is told once each', { timeout: 10_000 }, async (t) => {
  const file = join(folderOf(t), 'polder.yaml')
  writeFileSync(file, 'one')
  const watch = watched(t, file, 'one')
  await watch.after(() => writeFileSync(file, 'two'))
  await watch.after(() => {
    writeFileSync(`${file}.new`, 'three')
    renameSync(`${file}.new`, file)
  })
  assert.equal(watch.told(), 2)
})

test('a change between loading and watching is told too', { timeout: 10_000 }, async (t) => {
  const file = join(folderOf(t), 'polder.yaml')
  writeFileSync(file, 'newer')
  const watch = watched(t, file, 'older')
  await watch.after(() => {})
  assert.equal(watch.told(), 1)
})

test('a link that is turned to another file, and the file behind it, are followed', { timeout: 10_000 }, async (t) => {
  const folder = folderOf(t)
  for (const name of ['a', 'b']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'real.yaml'), name)
  }
  const link = join(folder, 'polder.yaml')
  symlinkSync(join(folder, 'a', 'real.yaml'), link)
  const watch = watched(t, link, 'a')
  await watch.after(() => {
    symlinkSync(join(folder, 'b', 'real.yaml'), `${link}.new`)
    renameSync(`${link}.new`, link)
  })
  await watch.after(() => writeFileSync(join(folder, 'b', 'real.yaml'), 'b, changed'))
  assert.equal(watch.told(), 2)
})

test('the same content written again is not told, and a file taken away changes nothing', { timeout: 10_000 }, async (t) => {
  const file = join(folderOf(t), 'polder.yaml')
  writeFileSync(file, 'one')
  const watch = watched(t, file, 'one')
  writeFileSync(file, 'one')
  rmSync(file)
  await watch.after(() => writeFileSync(file, 'two'))
  assert.equal(watch.told(), 1)
})
