import type { SettingsProblem } from '../../contract/settings-problem.ts'
import { paint, printable, type Colours } from './colour.ts'

/** One problem as a few lines, the first in the form `file:line:column:` that editors and terminals make clickable. */
export function problemText(problem: SettingsProblem, colours: Colours): string {
  const { severity, code, file, line, column, path, value, message, allowed, mend } = problem
  const place = line === 0 ? file : `${file}:${line}:${column}`
  const kind = severity === 'error' ? paint(colours, 'red', 'error') : paint(colours, 'yellow', 'warning')
  const lines = [`${paint(colours, 'bold', place)}: ${kind} [${code}]: ${path === '' ? '' : `${path} `}${message}`]
  if (value !== '') lines.push(`    written: ${value}`)
  if (allowed !== '') lines.push(`    allowed: ${allowed}`)
  if (mend !== '') lines.push(`    mend:    ${paint(colours, 'green', mend)}`)
  return `${printable(lines.join('\n'))}\n`
}

/** "3 errors, 1 warning". */
export function countText(problems: readonly SettingsProblem[], total: number): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length
  const warnings = problems.length - errors
  const parts = []
  if (errors > 0) parts.push(`${errors} error${errors === 1 ? '' : 's'}`)
  if (warnings > 0) parts.push(`${warnings} warning${warnings === 1 ? '' : 's'}`)
  if (total > problems.length) parts.push(`${total - problems.length} more not shown`)
  return parts.join(', ')
}
