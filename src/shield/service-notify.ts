/** Tells systemd where we are in life (READY, RELOADING, STOPPING), when it asked for it. A failure is of no consequence to visitors. */
import { execFile } from 'node:child_process'

export type ServiceState = 'READY=1' | 'RELOADING=1' | 'STOPPING=1' | `STATUS=${string}` | `MAINPID=${number}`

/** `socket` is NOTIFY_SOCKET or null. */
export function notifyService(socket: string | null, ...states: ServiceState[]): void {
  if (socket === null) return
  execFile('systemd-notify', [`--pid=${process.pid}`, ...states], { env: { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' }, timeout: 5_000 }, () => {})
}
