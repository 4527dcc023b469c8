/** Where results go: the documentation when the measurement was whole, else a folder that git ignores, so that a trial never overwrites a result. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '../..')

export function resultFolder(isWhole: boolean): string {
  return join(root, isWhole ? 'docs/benchmarks' : 'run/benchmarks')
}

/** Writes each file and returns the paths from the root of the repository. */
export function writeResults(folder: string, files: Readonly<Record<string, string>>): string[] {
  mkdirSync(folder, { recursive: true })
  return Object.entries(files).map(([name, text]) => {
    writeFileSync(join(folder, name), text)
    return relative(root, join(folder, name))
  })
}
