/**
 * Programs that a measurement starts. Each gets a process group of its own, so that ending it ends what it forked, and nothing else is ever signalled.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { groupMembers, groupsBelow } from './proc.ts'

export interface ChildOptions {
  /** Cores for taskset, like `0` or `0,1`; '' for any. */
  readonly cores?: string
  readonly cwd?: string
  /** Added to this process's own. */
  readonly env?: Readonly<Record<string, string>>
  /** 0 to 19; higher gives way to others. */
  readonly nice?: number
}

const living = new Set<ChildGroup>()
const KEPT_OUTPUT_BYTES = 262_144
const END_MS = 8_000

export class ChildGroup {
  readonly child: ChildProcess
  readonly command: string
  /** Resolves with the exit code, or the signal's name; never rejects. */
  readonly ended: Promise<number | string>
  out = ''
  err = ''
  hasEnded = false

  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    const words = [...(options.cores ? ['taskset', '-c', options.cores] : []), ...(options.nice ? ['nice', '-n', String(options.nice)] : []), command, ...args]
    this.command = words.join(' ')
    this.child = spawn(words[0], words.slice(1), { detached: true, stdio: ['ignore', 'pipe', 'pipe'], cwd: options.cwd, env: { ...process.env, ...options.env } })
    living.add(this)
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.out = (this.out + text).slice(-KEPT_OUTPUT_BYTES)))
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.err = (this.err + text).slice(-KEPT_OUTPUT_BYTES)))
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.err += error.message
        this.#over()
        resolve(127)
      })
      this.child.once('close', (code, signal) => {
        this.#over()
        resolve(signal ?? code ?? 0)
      })
    })
  }

  /** The group's id, which is the id of the program itself. */
  get pid(): number {
    return this.child.pid ?? 0
  }

  /** SIGTERM to the whole group and to groups that its members made, SIGKILL to what is left after 8 s. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.pid === 0) return
    // Taken now: what a parent leaves behind is found by nobody later.
    const groups = groupsBelow(this.pid)
    for (const group of groups) signalGroup(group, signal)
    const until = performance.now() + END_MS
    while (!this.hasEnded || groups.some((group) => groupMembers(group).length > 0)) {
      if (performance.now() > until) {
        for (const group of groups) signalGroup(group, 'SIGKILL')
        break
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await this.ended
  }

  #over(): void {
    this.hasEnded = true
    // What it forked may still be there; end() or endAllChildren() looks after that.
    if (this.pid === 0 || groupMembers(this.pid).length === 0) living.delete(this)
  }
}

/** Runs a program to its end. @throws when it fails, or when it takes longer than `withinMs` (then it is ended). */
export async function runProgram(command: string, args: readonly string[], withinMs: number, options: ChildOptions = {}): Promise<{ readonly out: string; readonly err: string; readonly code: number | string }> {
  const group = new ChildGroup(command, args, options)
  let late = false
  const timer = setTimeout(() => {
    late = true
    void group.end('SIGKILL')
  }, withinMs)
  const code = await group.ended
  clearTimeout(timer)
  if (late) throw new Error(`${command} took longer than ${withinMs / 1_000} s and was ended\n${group.err.slice(-2_000)}`)
  if (code !== 0) throw new Error(`${group.command} failed (${code})\n${(group.err || group.out).slice(-4_000)}`)
  return { out: group.out, err: group.err, code }
}

/** For signals and the end of this process: no group outlives it. */
export function endAllChildren(): void {
  for (const group of living) if (group.pid !== 0) for (const one of groupsBelow(group.pid)) signalGroup(one, 'SIGKILL')
  living.clear()
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch {
    // It is gone.
  }
}
