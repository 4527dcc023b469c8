/** The people of the tour and what they type: every order goes through bin/polder, in the folder of polder.yaml, with the login name of who gives it. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const program = join(import.meta.dirname, '../bin/polder')
const COMMAND_MS = 60_000

export interface Typed {
  readonly who: string
  /** As it stands on the screen: `polder incident show`. */
  readonly line: string
  readonly out: string
  /** What people read beside the answer: what is missing, what went wrong. */
  readonly err: string
  readonly code: number
  /** From pressing return to the prompt, the start of Node in it. */
  readonly tookMs: number
}

export class People {
  readonly typed: Typed[] = []
  readonly #folder: string
  readonly #tell: (line: string) => void

  constructor(folder: string, tell: (line: string) => void) {
    this.#folder = folder
    this.#tell = tell
  }

  /** @throws when the command refuses, with what it said. */
  async type(who: string, ...words: readonly string[]): Promise<Typed> {
    const one = await this.#run(who, words)
    this.typed.push(one)
    this.#tell(`${who}$ ${one.line}   (${(one.tookMs / 1_000).toFixed(1)} s)`)
    if (one.code !== 0) throw new Error(`${one.line} ended with ${one.code}: ${one.err || one.out}`)
    return one
  }

  /** As `type`, not kept and not shown: what the script itself wants to know. @throws */
  async ask<T>(...words: readonly string[]): Promise<T> {
    const { code, out, err, line } = await this.#run('ada', [...words, '--json'])
    if (code !== 0) throw new Error(`${line} ended with ${code}: ${err}`)
    return JSON.parse(out) as T
  }

  /** The same for commands that print one object a line. @throws */
  async lines<T>(...words: readonly string[]): Promise<T[]> {
    const { code, out, err, line } = await this.#run('ada', [...words, '--json'])
    if (code !== 0) throw new Error(`${line} ended with ${code}: ${err}`)
    return out.split('\n').filter((text) => text !== '').map((text) => JSON.parse(text) as T)
  }

  #run(who: string, words: readonly string[]): Promise<Typed> {
    const began = performance.now()
    // A clean environment: the login name of whoever makes the tour must not get into it.
    const child = spawn(program, words, { cwd: this.#folder, env: { PATH: process.env['PATH'], HOME: this.#folder, USER: who, LOGNAME: who, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] })
    return new Promise((resolve, reject) => {
      let [out, err] = ['', '']
      const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS)
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
      child.once('error', reject)
      child.once('close', (code) => {
        clearTimeout(timer)
        resolve({ who, line: `polder ${words.map(quoted).join(' ')}`, out, err, code: code ?? 1, tookMs: performance.now() - began })
      })
    })
  }
}

function quoted(word: string): string {
  return /^[\w./:@,=+-]+$/.test(word) ? word : `"${word.replaceAll(/["$`\\]/g, String.raw`\$&`)}"`
}
