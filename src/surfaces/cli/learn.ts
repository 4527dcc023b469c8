import type { LearnSummary } from '../../contract/log-learning.ts'
import { coloursFor, paint, printable } from './colour.ts'
import { configFlag, configOf, exitCodes, jsonFlag, textOf, type CommandSpec } from './command.ts'
import { count, percent, span } from './plain-words.ts'
import { countText, problemText } from './problem-text.ts'
import { ProgressBar } from './progress.ts'

export const learnCommand: CommandSpec = {
  name: 'learn',
  summary: 'learn what is normal from access logs',
  description: 'Reads access logs of the site (combined format or JSON lines, also .gz, in any order) and adds what is normal to the baseline: how much is asked at each hour of the week, and a sample of who asks for what. So a new shield knows its site on the first day. Bad lines are counted and shown, never fatal. Leave out days of floods. The same log learned twice counts twice. A running shield takes the new knowledge in within half a minute.',
  words: [['<log...>', 'access logs']],
  flags: [
    configFlag,
    { flags: '--host <name>', sentence: 'the site\'s own name, to tell its pages from others in referers (else hosts in the settings, else guessed)' },
    { flags: '--dry-run', sentence: 'read and say what would be learned; write nothing' },
    jsonFlag,
  ],
  examples: [
    ['polder learn /var/log/nginx/access.log*', 'all logs that are there'],
    ['polder learn --dry-run access.log.gz', 'only look'],
    ['polder learn -c polder.yaml --json access.log', 'for scripts'],
  ],
  async act(given, parts, files) {
    const report = await parts.check(configOf(given))
    if (report.settings === null) {
      for (const problem of report.problems) parts.error.write(problemText(problem, coloursFor(parts.error, parts.noColor)))
      parts.error.write(`\n${countText(report.problems, report.problemCount)}: nothing learned; the settings say where the knowledge is kept\n`)
      return exitCodes.refused
    }
    const bar = new ProgressBar(parts)
    let summary: LearnSummary
    try {
      const host = textOf(given, 'host')
      summary = await parts.learn(report.settings, { files, hosts: host === null ? [] : [host.toLowerCase()], dryRun: given['dryRun'] === true, onProgress: ({ doneBytes, totalBytes, lines }) => bar.show(doneBytes, totalBytes, lines) })
    } catch (error) {
      bar.end()
      parts.error.write(printable(`polder: nothing learned: ${(error as Error).message}\n`))
      return exitCodes.refused
    }
    bar.end()
    if (given['json'] === true) parts.out.write(`${JSON.stringify(summary, null, 2)}\n`)
    else parts.out.write(printable(summaryText(summary, parts.noColor || parts.out.isTTY !== true)))
    return exitCodes.ok
  },
}

function summaryText(summary: LearnSummary, plain: boolean): string {
  const colours = plain ? 'off' : 'on'
  const { files, before, after } = summary
  const lines: string[] = []
  for (const one of files) lines.push(`${one.file}: ${one.format}, ${count(one.lines)} lines${one.badLines === 0 ? '' : `, ${count(one.badLines)} bad`}${one.trouble === '' ? '' : paint(colours, 'yellow', ` (${one.trouble})`)}`)
  const days = summary.fromWallMs === null ? 0 : (summary.toWallMs! - summary.fromWallMs) / 86_400_000
  if (summary.fromWallMs !== null) lines.push(`from ${new Date(summary.fromWallMs).toISOString().slice(0, 16)}Z to ${new Date(summary.toWallMs!).toISOString().slice(0, 16)}Z (${days.toFixed(1)} days${summary.gaps === 0 ? '' : `, ${summary.gaps} gap${summary.gaps === 1 ? '' : 's'} taken as not logged`})`)
  lines.push(
    `${count(summary.requests)} requests in ${span(summary.seconds * 1_000)}; a second: median ${summary.perSecond.median.toFixed(2)}, p95 ${summary.perSecond.p95.toFixed(2)}, busiest minute ${summary.perSecond.busiestMinute.toFixed(2)}`,
    `own host: ${summary.hosts.length === 0 ? 'not known' : summary.hosts.join(', ')}`,
  )
  if (summary.badLines > 0) {
    lines.push(paint(colours, 'yellow', `${count(summary.badLines)} lines (${percent(summary.badLines / summary.lines)}) could not be read; some of them:`))
    for (const bad of summary.badSamples) lines.push(`  ${bad.file}:${bad.line}: ${bad.why}${bad.text === '' ? '' : `\n      ${bad.text}`}`)
  }
  for (const note of summary.notes) lines.push(paint(colours, 'yellow', `note: ${note}`))
  lines.push(
    `baseline: ${count(before.minutes)} minutes and ${count(before.rows)} requests before, ${count(after.minutes)} and ${count(after.rows)} ${summary.writtenTo === '' ? 'it would be' : 'now'}`,
    after.coldStart ? 'that is less than a day: Polder still blocks nobody by itself; learn more logs, or let it run' : 'Polder knows more than a day of this site: its own rules may act from the start',
    summary.writtenTo === '' ? 'dry run: nothing was written' : summary.shieldRuns ? `written to ${summary.writtenTo}; the running shield takes it in within half a minute` : `written to ${summary.writtenTo}`,
  )
  return `${lines.join('\n')}\n`
}
