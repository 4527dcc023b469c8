/**
 * The life of the process around a shield: signals, reload, upgrade, stop.
 *   SIGHUP, or a changed settings file   read again, check, swap whole; a broken file changes nothing
 *   SIGUSR1                              reopen log files
 *   SIGUSR2                              start the next version of the program, hand it the sockets, then drain
 *   SIGTERM, SIGINT                      drain (30 s at most), then end; a second one ends at once
 */
import { closeSync, writeSync } from 'node:fs'
import type { Environment } from '../config/load.ts'
import { planReload } from '../config/reload.ts'
import type { Settings } from '../config/settings.ts'
import type { SettingsView } from '../contract/console.ts'
import type { JournalDraft } from '../contract/journal.ts'
import type { Log } from '../kernel/log.ts'
import { notifyService } from './service-notify.ts'
import { type Shield, startShield } from './start-shield.ts'
import { startNextProcess } from './upgrade.ts'

const DRAIN_MS = 30_000
/** SIGTERM and SIGINT are not among them: while it starts they end it, as they should. */
const DO_LATER = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const

export interface RunOptions {
  readonly version: string
  readonly log: Log
  readonly first: Settings
  /** Reads and checks the settings again. Returns null after it has logged every error. */
  readonly readAgain: () => Settings | null
  /** What is in force and where it comes from, without secrets; for the console. */
  readonly settingsView: () => SettingsView
  /** Calls back when the settings file changed. Returns the end of watching. */
  readonly watchFile: (changed: () => void) => () => void
  /** How to start the next version of this program. */
  readonly program: string
  readonly args: readonly string[]
  readonly environment: Environment
}

/** Resolves with the exit code once the shield has ended. @throws when it cannot start. */
export async function runShield(options: RunOptions): Promise<number> {
  const { log } = options
  const { notifySocket } = options.environment
  // Without a handler each of these would end the process: what is asked for before it serves is done once it serves.
  const early = new Set<NodeJS.Signals>()
  const remember = (signal: NodeJS.Signals): void => void early.add(signal)
  for (const signal of DO_LATER) process.on(signal, remember)
  const shield = await startShield(options.first, {
    version: options.version, log,
    inherited: inheritedSockets(options.environment),
    secrets: options.environment.secrets,
    settingsView: options.settingsView,
    successorOf: options.environment.takeover.length > 0 ? process.ppid : 0,
  })
  const announce = (): void => {
    for (const url of shield.urls) log.info(`serving ${url}`, { url })
    if (shield.adminUrl !== null) log.info(`metrics and health at ${shield.adminUrl}`, { adminUrl: shield.adminUrl })
    log.info('ready', { pid: process.pid, urls: shield.urls, adminUrl: shield.adminUrl })
    notifyService(notifySocket, 'READY=1', `MAINPID=${process.pid}`)
    tellParent(options.environment.readyFd)
  }

  return new Promise((resolve) => {
    let ending = false
    let upgrading = false
    let reloading = Promise.resolve()
    let inForce = options.first

    const reload = (): void => {
      reloading = reloading.then(async () => {
        const next = options.readAgain()
        if (next === null) {
          log.error('the settings were not changed: the file has errors; the old settings stay in force')
          shield.writeDown({ kind: 'reload', who: 'polder', sentence: 'the changed settings file was refused: it has errors; the old settings stay in force', data: { applied: false } })
          return
        }
        const plan = planReload(inForce, next)
        if (plan.kind === 'unchanged') log.info('settings read again: nothing changed')
        else if (plan.kind === 'wait') {
          log.warn('the change needs a restart (kill -USR2 loses nobody)', { waiting: plan.waiting, reasons: plan.reasons })
          shield.writeDown({ kind: 'reload', who: 'polder', sentence: `changed settings wait for a restart: ${plan.waiting.join(', ')}`, data: { applied: false, waiting: plan.waiting, reasons: plan.reasons } })
        } else {
          await shield.reload(plan.settings)
          inForce = plan.settings
          log.info('settings reloaded', { changed: plan.changed })
          shield.writeDown({ kind: 'reload', who: 'polder', sentence: `settings reloaded: ${plan.changed.join(', ')}${plan.waiting.length > 0 ? `; waiting for a restart: ${plan.waiting.join(', ')}` : ''}`, data: { applied: true, changed: plan.changed, waiting: plan.waiting } })
          if (plan.waiting.length > 0) log.warn('part of the change needs a restart (kill -USR2 loses nobody)', { waiting: plan.waiting })
        }
      })
    }
    const stopWatching = options.watchFile(reload)

    const end = (why: string, successor = 0): void => {
      if (ending) {
        log.warn('ended at once')
        resolve(1)
        return
      }
      ending = true
      stopWatching()
      notifyService(notifySocket, 'STOPPING=1')
      log.info(`${why}: no new connections; what is open may finish within ${DRAIN_MS / 1_000} s`)
      const last: JournalDraft = successor === 0 ? { kind: 'stop', who: 'polder', sentence: `told to end (${why}) and ended as it should`, data: { why } } : { kind: 'upgrade', who: 'polder', sentence: why, data: { successor } }
      void finish(shield, log, last).then(() => resolve(0))
    }

    const upgrade = (): void => {
      if (ending || upgrading) return
      upgrading = true
      startNextProcess(shield.sockets(), options.program, options.args).then(
        ({ pid }) => end(`process ${pid} has taken over`, pid),
        (error: Error) => {
          upgrading = false
          log.error(`upgrade failed, this process serves on: ${error.message}`)
          shield.writeDown({ kind: 'upgrade', who: 'polder', sentence: `an upgrade failed, this process serves on: ${error.message}`, data: null })
        },
      )
    }

    const onSignal: Record<(typeof DO_LATER)[number], () => void> = { SIGHUP: reload, SIGUSR1: () => shield.reopenLogs(), SIGUSR2: upgrade }
    for (const signal of DO_LATER) process.on(signal, onSignal[signal]).off(signal, remember)
    process.on('SIGTERM', () => end('SIGTERM'))
    process.on('SIGINT', () => end('SIGINT'))
    announce()
    for (const signal of DO_LATER) if (early.has(signal)) onSignal[signal]()
  })
}

/** A successor writes the journal from now on; otherwise it stays open until the last visitor is served. */
async function finish(shield: Shield, log: Log, last: JournalDraft): Promise<void> {
  if (last.kind === 'upgrade') await shield.closeRecord(last)
  await shield.drain(DRAIN_MS)
  await shield.closeRecord(last)
  await shield.close()
  log.info('ended')
}

/** systemd's sockets by their place (`#0`), an earlier process's by their listener. */
function inheritedSockets(environment: Environment): Map<string, readonly number[]> {
  const found = new Map<string, readonly number[]>()
  environment.inheritedSockets.forEach((socket, index) => found.set(`#${index}`, socket.fds))
  for (const socket of environment.takeover) found.set(socket.name, socket.fds)
  return found
}

function tellParent(readyFd: number | null): void {
  if (readyFd === null) return
  writeSync(readyFd, 'ready\n')
  closeSync(readyFd)
}
