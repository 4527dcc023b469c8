import { coloursFor, paint } from './colour.ts'
import { configFlag, configOf, exitCodes, type CommandSpec } from './command.ts'
import { countText, problemText } from './problem-text.ts'

export const runCommand: CommandSpec = {
  name: 'run',
  summary: 'start the shield',
  description: 'Reads the settings and serves until SIGTERM or Ctrl-C (then it finishes the requests under way). SIGHUP, or a change of the settings file, reloads: a wrong file is refused and the old settings stay. Exit code 1 when the settings are refused or an address cannot be had.',
  flags: [configFlag],
  examples: [
    ['polder run -c polder.yaml', 'serve with this settings file'],
    ['POLDER_CONFIG=/srv/polder.yaml polder run', 'the same, named by the environment'],
    ['kill -HUP PID', 'reload (systemctl reload polder)'],
  ],
  async act(given, parts) {
    const report = await parts.check(configOf(given))
    const colours = coloursFor(parts.error, parts.noColor)
    for (const problem of report.problems) parts.error.write(problemText(problem, colours))
    if (report.settings === null) {
      parts.error.write(`\n${paint(colours, 'bold', countText(report.problems, report.problemCount))}: not started\n`)
      return exitCodes.refused
    }
    return parts.start(report.settings, report)
  },
}
