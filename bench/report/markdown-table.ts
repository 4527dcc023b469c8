/** A Markdown table; numbers are right-aligned where every cell of the column begins with a digit or is empty. */
export function markdownTable(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const right = head.map((_, i) => rows.length > 0 && rows.every((row) => /^(?:[-+−]?\d|–|$)/.test(row[i] ?? '')))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${right.map((isRight) => (isRight ? '---:' : '---')).join('|')}|`, ...rows.map(line)].join('\n')
}

/** 12,345 or 1.23 or 0.012: three figures that mean something. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size >= 1_000) return Math.round(value).toLocaleString('en-GB')
  if (size >= 100) return value.toFixed(0)
  if (size >= 10) return value.toFixed(1)
  if (size === 0) return '0'
  return value.toFixed(size >= 1 ? 2 : 3)
}

export function mebibytes(bytes: number): string {
  return figure(bytes / 1_048_576)
}
