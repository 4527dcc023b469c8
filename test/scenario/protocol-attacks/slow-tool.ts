/** slowhttptest against loopback, bounded in time and connections. */
import { spawn } from 'node:child_process'

const MOST_SECONDS = 20
const MOST_CONNECTIONS = 1_000

export function slowHttpTest(url: string, seconds: number, connections: number, more: readonly string[]): Promise<void> {
  if (!/^http:\/\/127\.\d+\.\d+\.\d+:/.test(url)) throw new RangeError(`${url} is not on loopback`)
  if (seconds > MOST_SECONDS || connections > MOST_CONNECTIONS) throw new RangeError('longer or larger than a test may be')
  const args = ['-c', String(connections), '-r', String(connections), '-l', String(seconds), '-p', '2', '-v', '0', '-u', url, ...more]
  return new Promise((resolve, reject) => {
    const child = spawn('slowhttptest', args, { stdio: 'ignore' })
    const timer = setTimeout(() => child.kill('SIGKILL'), (seconds + 5) * 1_000)
    child.once('error', reject)
    child.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
