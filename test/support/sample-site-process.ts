/** The sample site as a process of its own, so that it can be killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const program = join(import.meta.dirname, '../../sample-site/main.ts')
/** The day it believes it is: pictures and tests show the same pages whenever they are made. */
const TODAY = '2026-03-10'

export class SampleSiteProcess {
  readonly url: string
  readonly #child: ChildProcess

  private constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#child = child
  }

  /** `port` 0: any free one. */
  static async start({ port = 0, documents = 300 } = {}): Promise<SampleSiteProcess> {
    const child = spawn(process.execPath, [program, '--port', String(port), '--documents', String(documents), '--today', TODAY, '--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout! }).once('line', (line) => resolve(line.replace('sample site ', '')))
      child.once('exit', (code) => reject(new Error(`sample site ended with ${code}`)))
    })
    child.removeAllListeners('exit')
    return new SampleSiteProcess(url, child)
  }

  /** As a crash would. Safe when it is dead already. */
  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM')
  }

  #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      child.once('exit', () => resolve())
      child.kill(signal)
    })
  }
}
