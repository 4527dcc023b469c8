import { coloursFor, paint, printable } from './colour.ts'
import { configFlag, configOf, exitCodes, type CheckReport, type CommandSpec } from './command.ts'
import { countText, problemText } from './problem-text.ts'

export const checkCommand: CommandSpec = {
  name: 'check',
  summary: 'read a settings file and say everything that is wrong with it',
  description: 'Reads a settings file and the certificates it names, starts nothing, and says everything that is wrong with it: file, line, value, what is allowed, how to mend it. Exit code 1 when there is an error; warnings alone are 0.',
  flags: [
    configFlag,
    { flags: '--json', sentence: 'print the result as JSON on standard output' },
    { flags: '--effective', sentence: 'print every setting with its value, where it comes from, and whether a change needs a restart' },
  ],
  examples: [
    ['polder check -c polder.yaml', 'before a reload'],
    ['polder check --effective', 'what is really in force'],
    ['polder check --json | jq .problems', 'for scripts'],
  ],
  async act(given, parts) {
    const report = await parts.check(configOf(given))
    const failed = report.settings === null
    if (given['json'] === true) {
      const { file, problems, problemCount, settings, effective } = report
      parts.out.write(`${JSON.stringify({ ok: !failed, file, problemCount, problems, ...(given['effective'] === true ? { settings, effective } : {}) }, null, 2)}\n`)
      return failed ? exitCodes.refused : exitCodes.ok
    }
    const colours = coloursFor(parts.error, parts.noColor)
    for (const problem of report.problems) parts.error.write(problemText(problem, colours))
    const counts = countText(report.problems, report.problemCount)
    if (failed) {
      parts.error.write(`\n${paint(colours, 'bold', counts)}: these settings would be refused\n`)
      return exitCodes.refused
    }
    if (given['effective'] === true) parts.out.write(effectiveText(report))
    else parts.out.write(`${printable(report.file)}: settings are good${counts === '' ? '' : ` (${counts})`}\n`)
    return exitCodes.ok
  },
}

function effectiveText<S>(report: CheckReport<S>): string {
  const rows = report.effective.map((row) => [row.path, row.value, row.from === 'default' ? '' : row.from, row.applies === 'restart' ? 'restart' : ''])
  const table = [['setting', 'value', 'from (empty: default)', 'change'], ...rows]
  const widths = [0, 1, 2].map((column) => Math.min(48, Math.max(...table.map((row) => row[column]!.length))))
  return table.map((row) => `${printable(row.map((cell, i) => (i === 3 ? cell : cell.padEnd(widths[i]!))).join('  ')).trimEnd()}\n`).join('')
}
