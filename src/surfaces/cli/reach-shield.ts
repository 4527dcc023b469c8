/** The way from a command to the running shield and its record, and what to say when there is none. */
import type { ControlAnswerOf, ControlQuestion, ControlQuestionOf } from '../../contract/control-socket.ts'
import type { RecordReply, RecordRooms, RoomName } from '../../contract/record.ts'
import { coloursFor, paint, printable } from './colour.ts'
import { configFlag, configOf, textOf, type CliParts, type CommandFlag } from './command.ts'

export const socketFlags: readonly CommandFlag[] = [configFlag, { flags: '--socket <path>', sentence: 'the control socket itself, when the settings file is not at hand' }]

/** For commands that write something down with a name. */
export const recordFlags: readonly CommandFlag[] = [...socketFlags, { flags: '--who <name>', sentence: 'for whom you act, when the login name does not say it; both are kept' }]

/**
 * Asks a room of the record. Answers, or null after saying on standard error why there is no answer. Whoever asks goes into the journal: the login name, and
 * the name given with --who.
 */
export async function askRecord<R extends RoomName, Q extends keyof RecordRooms[R] & string, S>(
  given: Readonly<Record<string, unknown>>, parts: CliParts<S>, room: R, question: Q, asks: AsksOf<RecordRooms[R][Q]>,
): Promise<AnswersOf<RecordRooms[R][Q]> | null> {
  const named = textOf(given, 'who')?.trim() ?? ''
  const who = named === '' ? parts.who : `${named} (${parts.who})`
  const reply: RecordReply | null = await askRunning(given, parts, { ask: 'record', question: { room, question, who, asks: asks as Readonly<Record<string, unknown>> } })
  if (reply === null) return null
  if (reply.ok) return reply.answer as AnswersOf<RecordRooms[R][Q]>
  parts.error.write(`${paint(coloursFor(parts.error, parts.noColor), 'red', 'polder:')} ${printable(reply.sentence)}\n`)
  return null
}

type AsksOf<E> = E extends { readonly asks: infer A } ? A : never
type AnswersOf<E> = E extends { readonly answers: infer A } ? A : never

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
    case 'record-gone':
      return [message, 'visitors are served; see the log if it lasts']
    case 'control-plane-gone':
      return [message, 'visitors are served; ask again in a few seconds, and see the log if it lasts']
    default:
      return [message, '']
  }
}
