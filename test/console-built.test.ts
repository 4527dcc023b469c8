/** The console's files in the tree are those its sources build, small, and free of anything the page's policy would refuse. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { buildConsole, builtFolder } from '../script/console-build.ts'

/** Issue 7. */
const MOST_GZIP_BYTES = 150_000

const filesOf = (folder: string): Map<string, Buffer> => new Map(readdirSync(folder).sort().map((name) => [name, readFileSync(join(folder, name))]))

test('the built console is what its sources build', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polder-console-'))
  try {
    await buildConsole(folder)
    const fresh = filesOf(folder)
    const kept = filesOf(builtFolder)
    assert.deepEqual([...kept.keys()], [...fresh.keys()], 'run script/console-build and commit what it writes')
    for (const [name, bytes] of fresh) assert.ok(bytes.equals(kept.get(name)!), `${name} differs: run script/console-build and commit what it writes`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test(`everything the console ships is at most ${MOST_GZIP_BYTES} bytes, gzipped`, () => {
  const total = [...filesOf(builtFolder).values()].reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0)
  assert.ok(total > 20_000, 'that is no console')
  assert.ok(total <= MOST_GZIP_BYTES, `${total} bytes`)
})

test('the page has no inline script or style, and names no other host', () => {
  const files = filesOf(builtFolder)
  const page = files.get('index.html')!.toString()
  assert.doesNotMatch(page, /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|data:/i)
  for (const [, address] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assert.match(address, /^\/assets\/[\w.-]+$/)
    assert.ok(files.has(address.slice('/assets/'.length)), `${address} is not there`)
  }
  for (const [name, bytes] of files) {
    const text = bytes.toString()
    assert.doesNotMatch(text, /\beval\(|new Function\(/, name)
    const hosts = [...text.matchAll(/https?:\/\/([\w.-]+)/g)].map((found) => found[1]).filter((host) => host !== 'www.w3.org')
    assert.deepEqual(hosts, [], `${name} names another host`)
  }
})
