/**
 * Folders for tests. Each is gone when the test's process ends, however it ends short of a kill: after a failure and after a time-out too,
 * because node --test runs every file in a process of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders: string[] = []
process.once('exit', removeAll)

/** A new empty folder, with `name` in its own. */
export function testFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `polder-${name}-`))
  folders.push(folder)
  return folder
}

function removeAll(): void {
  // Retried: what a killed process of the test's still writes must not keep it.
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
}
