/** Polder as its users run it: a process of its own, started through bin/polder with a settings file. */
import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { testFolder } from '../../src/kernel/test-folder.testing.ts'

const program = join(import.meta.dirname, '../../bin/polder')
const START_MS = 30_000
const STOP_MS = 40_000

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [fact: string]: unknown
}

export class PolderProcess {
  readonly child: ChildProcess
  readonly folder: string
  readonly file: string
  readonly lines: LogLine[] = []
  readonly raw: string[] = []
  urls: readonly string[] = []
  adminUrl = ''
  #waiting: Array<{ readonly matches: (line: LogLine) => boolean; readonly done: (line: LogLine) => void }> = []

  private constructor(child: ChildProcess, folder: string, file: string) {
    this.child = child
    this.folder = folder
    this.file = file
    createInterface({ input: child.stderr! }).on('line', (text) => this.#hear(text))
    // A test that fails or takes too long must not leave it running beside those that follow.
    const kill = (): void => void child.kill('SIGKILL')
    process.prependOnceListener('exit', kill)
    child.once('exit', () => process.removeListener('exit', kill))
  }

  /** `yaml` without `dataDir` and `admin`: those go to a folder of the test and to a free port. Rejects with what Polder said when it does not start. */
  static async start(yaml: string, { folder = testFolder('test'), cpu = '' } = {}): Promise<PolderProcess> {
    const file = join(folder, 'polder.yaml')
    writeFileSync(file, withPlaces(yaml, folder))
    const command = cpu === '' ? program : 'taskset'
    const args = ['run', '-c', file]
    const child = spawn(command, cpu === '' ? args : ['-c', cpu, program, ...args], { stdio: ['ignore', 'inherit', 'pipe'] })
    const polder = new PolderProcess(child, folder, file)
    const ready = await polder.until((line) => line.msg === 'ready', START_MS)
    polder.urls = ready['urls'] as string[]
    polder.adminUrl = (ready['adminUrl'] as string | null) ?? ''
    return polder
  }

  get url(): string {
    return this.urls[0]
  }

  get pid(): number {
    return this.child.pid!
  }

  /** Waits for a log line, also one that has come already. */
  until(matches: (line: LogLine) => boolean, withinMs = 15_000): Promise<LogLine> {
    const old = this.lines.find(matches)
    if (old !== undefined) return Promise.resolve(old)
    return this.untilNew(matches, withinMs)
  }

  /** Waits for a log line that comes from now on. */
  untilNew(matches: (line: LogLine) => boolean, withinMs = 15_000): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not said within ${withinMs} ms; Polder said:\n${this.raw.slice(-40).join('\n')}`)), withinMs)
      this.child.once('exit', (code, signal) => {
        clearTimeout(timer)
        reject(new Error(`polder ended (${signal ?? code}); it said:\n${this.raw.slice(-40).join('\n')}`))
      })
      this.#waiting.push({
        matches,
        done: (line) => {
          clearTimeout(timer)
          resolve(line)
        },
      })
    })
  }

  rewrite(yaml: string): void {
    writeFileSync(this.file, withPlaces(yaml, this.folder))
  }

  /** One sample by its whole name, labels included: `polder_requests_ended_total{reason="served-fresh"}`. NaN when there is none. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.adminUrl}/metrics`)).text()
    const line = text.split('\n').find((one) => one.slice(0, one.lastIndexOf(' ')) === name)
    return line === undefined ? Number.NaN : Number(line.slice(line.lastIndexOf(' ') + 1))
  }

  async stop({ keepFolder = false } = {}): Promise<void> {
    await this.end('SIGTERM')
    if (!keepFolder) rmSync(this.folder, { recursive: true, force: true })
  }

  /** Sends a signal and waits for the end of the process. */
  end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.child.kill('SIGKILL')
        reject(new Error(`polder did not end within ${STOP_MS} ms of ${signal}`))
      }, STOP_MS)
      this.child.once('exit', () => {
        clearTimeout(timer)
        resolve()
      })
      this.child.kill(signal)
    })
  }

  #hear(text: string): void {
    this.raw.push(text)
    let line: LogLine
    try {
      line = JSON.parse(text) as LogLine
    } catch {
      return
    }
    this.lines.push(line)
    this.#waiting = this.#waiting.filter((one) => {
      if (!one.matches(line)) return true
      one.done(line)
      return false
    })
  }
}

function withPlaces(yaml: string, folder: string): string {
  const admin = /^admin:/m.test(yaml) ? '' : 'admin: { listen: "127.0.0.1:0" }\n'
  const data = /^dataDir:/m.test(yaml) ? '' : `dataDir: ${folder}\n`
  return `${yaml.trimEnd()}\n${admin}${data}`
}
