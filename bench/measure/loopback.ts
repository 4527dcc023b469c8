/** The only addresses that anything under bench/ talks to. They are written here and nowhere else, and no option changes them. */
import { createServer } from 'node:net'

export const SERVER_ADDRESS = '127.0.0.1'
/** A second visitor comes from another address, so that what is held against the first is not held against it. */
export const SECOND_ADDRESS = '127.0.0.2'

/** The kernel gives a port that was just closed a second time now and then, and a server that needs two must not be told one twice. */
const given = new Set<number>()

/** A TCP port that was free a moment ago, and that this process was not told before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await portOfTheMoment()
    if (given.has(port)) continue
    given.add(port)
    return port
  }
}

function portOfTheMoment(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, SERVER_ADDRESS, () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
