/**
 * The local control socket: how `polder status`, `polder rules` and a script on this machine talk to a running shield.
 * Served by the main thread, so that it answers when the control plane hangs or is dead, and cannot slow a visitor down.
 * Who may write to the socket file may give orders: it is made 0600 inside a folder nobody else can enter, and only then moved into its place.
 * A socket left by a dead process is replaced; that of a living one never, unless it hands over to us.
 */
import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import {
  CONTROL_FORMAT,
  CONTROL_SOCKET_NAME,
  type ActOutcome,
  type AddressFacts,
  type ControlRefusal,
  type Hello,
  LONGEST_ANSWER_BYTES,
  LONGEST_QUESTION_BYTES,
  LONGEST_SOCKET_PATH_BYTES,
  type ShieldStatus,
} from '../../contract/control-socket.ts'
import type { ExploreQuestion, ExploreReply } from '../../contract/explore.ts'
import type { LifelineState } from '../../contract/lifeline.ts'
import type { OperatorAct } from '../../contract/operator-act.ts'
import type { RecordQuestion, RecordReply } from '../../contract/record.ts'
import type { Clock } from '../../kernel/clock.ts'
import { askShield } from './control-client.ts'
import { type Allowed, readQuestion } from './read-question.ts'

const MOST_CONNECTIONS = 16
/** A question that is not whole by then, or an answer nobody reads. */
const IDLE_MS = 30_000

export interface ControlAnswers {
  hello(): Hello
  status(): ShieldStatus
  /** Rejects when nobody can carry it out. */
  act(act: OperatorAct): Promise<ActOutcome>
  address(address: string): AddressFacts
  /** Rejects with LifelineGone when the lifeline does not answer. */
  lifeline(order: 'crawl' | 'state'): Promise<LifelineState>
  /** Rejects with RecordGone when the record does not answer. */
  record(question: RecordQuestion): Promise<RecordReply>
  /** Rejects with ControlPlaneGone when the control plane does not answer. */
  explore(question: ExploreQuestion): Promise<ExploreReply>
}

export interface ControlServer {
  readonly path: string
  close(): Promise<void>
}

export class ControlSocketError extends Error {}

/**
 * `successorOf`: pid of the process that hands over to us, or 0. @throws ControlSocketError saying why there is no socket; the shield serves without it.
 */
export async function openControlServer(folder: string, clock: Clock, answers: ControlAnswers, successorOf: number): Promise<ControlServer> {
  const path = join(folder, CONTROL_SOCKET_NAME)
  const problem = pathProblem(path)
  if (problem !== null) throw new ControlSocketError(problem)
  await refuseLiving(path, successorOf)
  // Bound where nobody else can reach it, made private, then moved: at no moment can another user connect.
  const nest = join(folder, `.c${process.pid}`)
  const born = join(nest, 's')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    rmSync(nest, { recursive: true, force: true })
    mkdirSync(nest, { mode: 0o700 })
  } catch (error) {
    throw new ControlSocketError(`${folder} cannot be written (${(error as NodeJS.ErrnoException).code})`)
  }
  const server = createServer((socket) => serve(socket, clock, answers))
  server.maxConnections = MOST_CONNECTIONS
  try {
    await listen(server, born)
    chmodSync(born, 0o600)
    renameSync(born, path)
  } catch (error) {
    server.close()
    throw new ControlSocketError(`${path} cannot be made (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`)
  } finally {
    rmSync(nest, { recursive: true, force: true })
  }
  server.unref()
  const { ino } = statSync(path)
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return {
    path,
    async close() {
      // Only our own file: a successor may have put its socket there already.
      try {
        if (lstatSync(path).ino === ino) unlinkSync(path)
      } catch {
        // gone already
      }
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

/** What is wrong with a socket path, or null. */
export function pathProblem(path: string): string | null {
  const bytes = Buffer.byteLength(path)
  if (bytes <= LONGEST_SOCKET_PATH_BYTES) return null
  return `the path of the control socket has ${bytes} bytes and the system allows ${LONGEST_SOCKET_PATH_BYTES}: set dataDir to a shorter path than ${dirname(path)}`
}

async function refuseLiving(path: string, successorOf: number): Promise<void> {
  const facts = lstatSync(path, { throwIfNoEntry: false })
  if (facts === undefined) return
  if (!facts.isSocket()) throw new ControlSocketError(`${path} is there and is not a socket: move it away`)
  let living: Hello
  try {
    living = await askShield<'hello'>(path, { ask: 'hello' }, 1_000)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return
    throw new ControlSocketError(`${path} belongs to something that does not answer as Polder does (${code ?? (error as Error).message}); if no Polder runs, delete it`)
  }
  if (living.pid === successorOf || living.pid === process.pid) return
  throw new ControlSocketError(`process ${living.pid} is a running Polder with the same dataDir (${dirname(path)}): give each its own dataDir`)
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      server.on('error', () => {})
      resolve()
    })
  })
}

/** Questions of one connection are answered one after the other. */
function serve(socket: Socket, clock: Clock, answers: ControlAnswers): void {
  let pending = ''
  let chain = Promise.resolve()
  let waiting = 0
  socket.setEncoding('utf8')
  // A question to the record may take longer than this: only who asks nothing, or does not read, is cut.
  socket.setTimeout(IDLE_MS, () => (waiting === 0 || socket.writableLength > 0 ? socket.destroy() : socket.setTimeout(IDLE_MS)))
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: string) => {
    pending += chunk
    for (;;) {
      const end = pending.indexOf('\n')
      if (end === -1) break
      const line = pending.slice(0, end)
      pending = pending.slice(end + 1)
      if (++waiting > MOST_CONNECTIONS) return refuse(socket, 'busy', 'too many questions at once')
      chain = chain.then(async () => {
        const reply = line.length > LONGEST_QUESTION_BYTES ? tooLong() : await replyTo(line, clock, answers, {})
        waiting--
        if (socket.writable) socket.write(reply)
      })
    }
    if (pending.length > LONGEST_QUESTION_BYTES) refuse(socket, 'too-long', `a question has at most ${LONGEST_QUESTION_BYTES} bytes`)
  })
}

function refuse(socket: Socket, code: ControlRefusal, message: string): void {
  socket.removeAllListeners('data')
  socket.end(refusalLine(code, message))
}

function tooLong(): string {
  return refusalLine('too-long', `a question has at most ${LONGEST_QUESTION_BYTES} bytes`)
}

/** One line of JSON for one line of JSON; the console's thread asks the same way, and may name conditions that the shield itself found. Never rejects. */
export async function replyTo(line: string, clock: Clock, answers: ControlAnswers, allowed: Allowed): Promise<string> {
  try {
    const read = readQuestion(line, clock.wallMs(), allowed)
    if ('refused' in read) return refusalLine(read.refused.code, read.refused.message)
    const { question } = read
    const answer =
      question.ask === 'hello' ? answers.hello()
      : question.ask === 'status' ? answers.status()
      : question.ask === 'act' ? await answers.act(question.act)
      : question.ask === 'record' ? await answers.record(question.question)
      : question.ask === 'lifeline' ? await answers.lifeline(question.order)
      : question.ask === 'explore' ? await answers.explore(question.question)
      : answers.address(question.address)
    if (question.ask === 'explore') return exploreLine(answer as ExploreReply)
    const text = `${JSON.stringify({ format: CONTROL_FORMAT, ok: true, answer })}\n`
    return text.length > LONGEST_ANSWER_BYTES ? refusalLine('too-long', `the answer would have ${text.length} bytes`) : text
  } catch (error) {
    const code = error instanceof ControlPlaneGone ? 'control-plane-gone' : error instanceof RecordGone ? 'record-gone' : error instanceof LifelineGone ? 'lifeline-gone' : 'shield-error'
    return refusalLine(code, (error as Error).message)
  }
}

function exploreLine(reply: ExploreReply): string {
  return reply.ok ? `${JSON.stringify({ format: CONTROL_FORMAT, ok: true, answer: reply.answer })}\n` : refusalLine('bad-question', reply.sentence)
}

/** The lifeline did not answer. */
export class LifelineGone extends Error {}

/** The control plane did not take an act. */
export class ControlPlaneGone extends Error {}

/** The record thread does not answer. */
export class RecordGone extends Error {}

function refusalLine(code: ControlRefusal, message: string): string {
  return `${JSON.stringify({ format: CONTROL_FORMAT, ok: false, code, message })}\n`
}
