/**
 * A port nobody listens on, for a program that must be told its port. Port 0 is better wherever it can be used: this one is found and then taken by another.
 * Below the range from which the system takes the ports of outgoing connections, so that no connection of another test sits on it in between.
 */
import { createServer } from 'node:net'

const FIRST = 20_000
const LAST = 31_999
const TRIES = 50

export async function freePort(): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1))
    if (await isFree(port)) return port
  }
  throw new Error(`no free port found between ${FIRST} and ${LAST}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
