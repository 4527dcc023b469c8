/** What a tour must not keep: places and names of the machine it was made on, and files nobody can open on a slow line. */
import { globSync, readFileSync, statSync } from 'node:fs'
import { homedir, hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

const LARGEST_PDF_BYTES = 200_000
const LARGEST_BYTES = 1_000_000
const root = join(import.meta.dirname, '..')

/** What is wrong, in sentences. A PDF's text is compressed: it is made of the same document as the HTML beside it. */
export function checkKept(folder: string): string[] {
  const names = [tmpdir(), root, homedir(), hostname(), userInfo().username].filter((name) => name.length > 3 && name !== 'root' && name !== '/root')
  const faults: string[] = []
  for (const file of globSync('**/*', { cwd: folder })) {
    const stat = statSync(join(folder, file))
    if (!stat.isFile()) continue
    if (stat.size > (file.endsWith('.pdf') ? LARGEST_PDF_BYTES : LARGEST_BYTES)) faults.push(`${file} has ${stat.size} bytes`)
    const text = readFileSync(join(folder, file), 'latin1')
    for (const name of names) if (text.includes(name)) faults.push(`${file} holds "${name}", which is of this machine`)
  }
  return faults
}
