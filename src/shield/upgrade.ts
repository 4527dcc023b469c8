/**
 * A new process takes over the listening sockets of this one (`kill -USR2`, as nginx does), so that an upgrade refuses nobody:
 * the sockets are inherited by descriptor, the kernel's queue of waiting connections belongs to both, and only when the new process says that it is
 * ready does the old one stop accepting and finish what is open. When the new process fails to start, the old one simply goes on.
 * The next process finds them in POLDER_TAKEOVER (config/load.ts): `host:port=fd,fd;host:port=fd`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { OpenSocket } from '../contract/thread.ts'

const FIRST_FD = 4
const READY_FD = 3
const READY_WITHIN_MS = 60_000

export interface Upgrade {
  readonly pid: number
}

/** Starts the same program again with our sockets; resolves once it serves, rejects with the reason when it does not. */
export function startNextProcess(sockets: readonly OpenSocket[], program: string, args: readonly string[]): Promise<Upgrade> {
  const byListener = new Map<string, number[]>()
  const inherit: number[] = []
  for (const socket of sockets) {
    const numbers = byListener.get(socket.listener) ?? []
    numbers.push(FIRST_FD + inherit.length)
    byListener.set(socket.listener, numbers)
    inherit.push(socket.fd)
  }
  const list = [...byListener].map(([listener, numbers]) => `${listener}=${numbers.join(',')}`).join(';')
  const child: ChildProcess = spawn(program, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', ...inherit],
    env: { ...process.env, POLDER_TAKEOVER: list, POLDER_READY_FD: String(READY_FD) },
    detached: true,
  })
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGTERM')
      reject(new Error(`the new process was not ready within ${READY_WITHIN_MS / 1_000} s`))
    }, READY_WITHIN_MS)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      reject(new Error(`the new process ended before it was ready (${signal ?? `code ${code}`}); its log says why`))
    })
    child.stdio[READY_FD]!.once('data', () => {
      clearTimeout(timer)
      child.removeAllListeners('exit')
      child.unref()
      resolve({ pid: child.pid! })
    })
  })
}
