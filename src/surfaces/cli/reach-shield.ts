/** The way from a command to the running shield, and what to say when there is none. */
import type { ControlAnswerOf, ControlQuestion, ControlQuestionOf } from '../../contract/control-socket.ts'
import { coloursFor, paint, printable } from './colour.ts'
import { configFlag, configOf, textOf, type CliParts, type CommandFlag } from './command.ts'

export const socketFlags: readonly CommandFlag[] = [configFlag, { flags: '--socket <path>', sentence: 'the control socket itself, when the settings file is not at hand' }]

/** Answers, or null after saying on standard error why there is no answer. */
export async function askRunning<A extends ControlQuestion['ask'], S>(given: Readonly<Record<string, unknown>>, parts: CliParts<S>, question: ControlQuestionOf<A>): Promise<ControlAnswerOf<A> | null> {
  const named = textOf(given, 'socket')
  const { path, note } = named === null ? parts.controlSocket(configOf(given)) : { path: named, note: '' }
  try {
    return await parts.ask(path, question)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const [what, mend] = explain(code ?? '', message)
    const lines = [`${paint(coloursFor(parts.error, parts.noColor), 'red', 'polder:')} ${what}`, `    socket: ${path}`]
    if (note !== '') lines.push(`    note:   ${note}`)
    if (mend !== '') lines.push(`    mend:   ${mend}`)
    parts.error.write(`${printable(lines.join('\n'))}\n`)
    return null
  }
}

function explain(code: string, message: string): readonly [what: string, mend: string] {
  switch (code) {
    case 'ENOENT':
      return ['no shield is running there: there is no control socket', 'start it (polder run), or name its settings file with -c FILE; the socket lies in its dataDir']
    case 'ECONNREFUSED':
      return ['no shield is running there: its socket is a leftover', 'start it (polder run); it replaces the leftover by itself']
    case 'EACCES':
    case 'EPERM':
      return ['you may not open the control socket', 'use the account that runs Polder, or sudo']
    case 'ETIMEDOUT':
      return ['the shield is there but does not answer in time', 'its main thread is overloaded or hangs; see its log. Visitors are served by other threads']
    case 'other-format':
      return [message, 'use the polder command of the version that runs']
    case 'control-plane-gone':
      return [message, 'visitors are served; ask again in a few seconds, and see the log if it lasts']
    default:
      return [message, '']
  }
}
