/** wrk against loopback, bounded in time; what it saw. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const pauseScript = join(import.meta.dirname, 'wrk-pause.lua')

export interface WrkResult {
  readonly requests: number
  readonly perSecond: number
  /** connect, read, write, timeout. */
  readonly socketErrors: number
  readonly notOk: number
  readonly text: string
}

export interface WrkOptions {
  readonly seconds: number
  readonly connections: number
  readonly closeEach?: boolean
  /** Further fields, `name: value`. */
  readonly headers?: readonly string[]
  readonly threads?: number
  /** Between an answer and the next request on the same connection: a load of known size instead of all that wrk can do. */
  readonly pauseMs?: number
}

/** `url` must be on loopback. */
export function runWrk(url: string, { seconds, connections, closeEach = false, headers = [], threads = 1, pauseMs = 0 }: WrkOptions): Promise<WrkResult> {
  const { hostname } = new URL(url)
  if (!/^127\.\d+\.\d+\.\d+$|^localhost$|^\[::1\]$/.test(hostname)) throw new RangeError(`${url} is not on loopback`)
  const args = [`-t${threads}`, `-c${connections}`, `-d${seconds}`, '--timeout', '5', ...(closeEach ? ['-H', 'Connection: close'] : []), ...headers.flatMap((one) => ['-H', one]), ...(pauseMs > 0 ? ['-s', pauseScript] : []), url]
  return new Promise((resolve, reject) => {
    const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PAUSE_MS: String(pauseMs) } })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code !== 0) {
        reject(new Error(`wrk ended with ${code}: ${text}`))
        return
      }
      const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)
      resolve({
        requests: Number(/(\d+) requests in/.exec(text)?.[1] ?? 0),
        perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0),
        socketErrors: errors === null ? 0 : errors.slice(1).reduce((sum, one) => sum + Number(one), 0),
        notOk: Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0),
        text,
      })
    })
  })
}
