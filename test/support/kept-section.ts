/** Parts of a manual that a test measures: the test fails when the text says something else, and writes it when started with --write. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** `text` is what must stand between the marks of `section` in `path` (from the top of the repository). `test`: the file to start with --write. */
export function keepSection(path: string, section: string, text: string, test: string): void {
  const file = join(root, path)
  const begin = `<!-- ${section}: measured by ${relative(root, test)} -->\n`
  const end = `<!-- end of ${section} -->`
  const old = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const from = old.indexOf(begin)
  const to = old.indexOf(end, from)
  if (process.argv.includes('--write')) {
    const whole = `${begin}${text.trim()}\n${end}`
    writeFileSync(file, from === -1 || to === -1 ? `${old.trimEnd()}\n\n${whole}\n` : old.slice(0, from) + whole + old.slice(to + end.length))
    return
  }
  assert.ok(from !== -1 && to !== -1, `${path} has no part "${section}"; node ${relative(root, test)} --write makes it`)
  assert.equal(old.slice(from + begin.length, to).trim(), text.trim(), `${path} is no longer true: look why, then node ${relative(root, test)} --write`)
}

/** A Markdown table; cells may hold anything. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cellOf).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

function cellOf(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('|', '\\|')
  return escaped.replaceAll(/[^ -~\u0100-\uffff]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
