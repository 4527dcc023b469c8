/** The command line: one table of commands, from which the parser and every help page are made. The only file that knows commander. */
import { Command, CommanderError } from 'commander'
import { accountCommand } from './account.ts'
import { alertCommand } from './alert.ts'
import { calendarCommand } from './calendar.ts'
import { checkCommand } from './check.ts'
import { coloursFor, paint } from './colour.ts'
import { exitCodes, type CliParts, type CommandSpec } from './command.ts'
import { explainCommand } from './explain.ts'
import { incidentCommand } from './incident.ts'
import { journalCommand } from './journal.ts'
import { learnCommand } from './learn.ts'
import { lifelineCommand } from './lifeline.ts'
import { replayCommand } from './replay.ts'
import { rulesCommand } from './rules.ts'
import { runCommand } from './run.ts'
import { statementCommand } from './statement.ts'
import { statusCommand } from './status.ts'

/** In the order of the help. A new command is one file and one line here. */
export const commands: readonly CommandSpec[] = [runCommand, checkCommand, statusCommand, rulesCommand, explainCommand, incidentCommand, alertCommand, journalCommand, learnCommand, replayCommand, lifelineCommand, calendarCommand, statementCommand, accountCommand]

const exitCodeText = `Exit codes: ${exitCodes.ok} done, ${exitCodes.refused} refused (settings, address, answer, no shield running), ${exitCodes.usage} wrong use of the command line.`

/** Parses and acts; resolves with the exit code. Never throws for what a user typed. `argv` is without node and script. */
export async function runCommandLine<S>(argv: readonly string[], parts: CliParts<S>): Promise<number> {
  const outcome = { exitCode: exitCodes.ok as number }
  // `polder check --effective | head`: the reader has gone, and nothing is wrong.
  for (const output of [parts.out, parts.error]) output.on?.('error', ignoreClosedPipe)
  try {
    await buildProgram(parts, outcome).parseAsync([...argv], { from: 'user' })
    return outcome.exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help asked for, and --version, end with 0; everything else is a wrong use.
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
}

function ignoreClosedPipe(error: Error): void {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
}

/** The commander program; `outcome.exitCode` is set by the command that ran. */
export function buildProgram<S>(parts: CliParts<S>, outcome: { exitCode: number }): Command {
  const program = new Command('polder')
  const common = (command: Command, examples: CommandSpec['examples']): Command =>
    command
      .exitOverride()
      .configureOutput({
        writeOut: (text) => void parts.out.write(text),
        writeErr: (text) => void parts.error.write(text),
        getOutHasColors: () => coloursFor(parts.out, parts.noColor) === 'on',
        getErrHasColors: () => coloursFor(parts.error, parts.noColor) === 'on',
        outputError: (text, write) => write(`polder: ${text.replace(/^error: /, '')}`),
      })
      .configureHelp({ styleTitle: (text) => paint(coloursFor(parts.out, parts.noColor), 'bold', text) })
      .helpOption('-h, --help', 'show this help')
      .showHelpAfterError('(polder --help shows how it is used)')
      .showSuggestionAfterError(true)
      .addHelpText('after', `\nExamples:\n${exampleLines(examples)}\n\n${exitCodeText}`)

  common(program, [
    ['polder run -c polder.yaml', 'start the shield'],
    ['polder check -c polder.yaml', 'find mistakes in the settings'],
    ['polder status --watch', 'what the running shield sees and does'],
    ['polder help check', 'more about one command'],
  ])
    .description('Keeps a public institution\'s website readable while it is being flooded.')
    .version(`polder ${parts.version} (Node ${process.versions.node})`, '-V, --version', 'show the version')
    .helpCommand('help [command]', 'show the help of a command')

  program.enablePositionalOptions()
  const add = (parent: Command, spec: CommandSpec): void => {
    const command = common(parent.command(spec.name), spec.examples).summary(spec.summary).description(spec.description).allowExcessArguments(spec.children !== undefined).enablePositionalOptions()
    for (const [word, sentence] of spec.words ?? []) command.argument(word, sentence)
    for (const flag of spec.flags) command.option(flag.flags, flag.sentence)
    command.action(async (...args: unknown[]) => {
      if (spec.children !== undefined && command.args.length > 0) command.error(`error: polder ${spec.name} has no command '${command.args[0]}'; it has ${spec.children.map((child) => child.name).join(', ')}`, { exitCode: exitCodes.usage })
      outcome.exitCode = await spec.act(command.opts(), parts, args.slice(0, -2).flat().filter((word) => typeof word === 'string'))
    })
    for (const child of spec.children ?? []) add(command, child)
  }
  for (const spec of commands) add(program, spec)
  return program
}

function exampleLines(examples: CommandSpec['examples']): string {
  const width = Math.max(...examples.map(([line]) => line.length))
  return examples.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`).join('\n')
}
