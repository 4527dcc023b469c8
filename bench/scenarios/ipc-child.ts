/** A Node process of ours that is told what to do over IPC and ends when we do. */
import { type ChildProcess, spawn } from 'node:child_process'

export class IpcChild<Order extends object, Word extends { readonly type: string }> {
  readonly #child: ChildProcess
  readonly #words: Word[] = []
  readonly #waiting: Array<{ readonly type: string; readonly give: (word: Word) => void; readonly fail: (error: Error) => void }> = []
  #over = false
  readonly #ended: Promise<void>

  /** `cores` for taskset, '' for any. */
  constructor(file: string, cores: string) {
    const node = [process.execPath, file]
    const words = cores === '' ? node : ['taskset', '-c', cores, ...node]
    this.#child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
    this.#child.on('message', (word: Word) => this.#hear(word))
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#over = true
        for (const one of this.#waiting.splice(0)) one.fail(new Error(`${file} ended before it said ${one.type}`))
        resolve()
      })
    })
    this.#child.once('error', () => undefined)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  tell(order: Order): void {
    if (this.#child.connected) this.#child.send(order)
  }

  /** The next word of this type, also one that came already. Rejects when the process ends without it, or `withinMs` pass. */
  hear<Type extends Word['type']>(type: Type, withinMs: number): Promise<Extract<Word, { type: Type }>> {
    const at = this.#words.findIndex((word) => word.type === type)
    if (at !== -1) return Promise.resolve(this.#words.splice(at, 1)[0] as Extract<Word, { type: Type }>)
    if (this.#over) return Promise.reject(new Error(`it ended before it said ${type}`))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`it did not say ${type} within ${withinMs} ms`)), withinMs)
      this.#waiting.push({
        type,
        give: (word) => {
          clearTimeout(timer)
          resolve(word as Extract<Word, { type: Type }>)
        },
        fail: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
    })
  }

  /** Ends it, by closing the line and then by signal. */
  async end(): Promise<void> {
    if (this.#over) return
    if (this.#child.connected) this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3_000)
    await this.#ended
    clearTimeout(timer)
  }

  #hear(word: Word): void {
    const at = this.#waiting.findIndex((one) => one.type === word.type)
    if (at === -1) this.#words.push(word)
    else this.#waiting.splice(at, 1)[0].give(word)
  }
}
