/**
 * Says whether an address is really free before we share it. Every worker opens its own SO_REUSEPORT socket, so a second Polder of the same user on the same
 * port would start without a word and take half of the visitors, perhaps with other settings. A process that takes over from another does not ask.
 */
import { createServer } from 'node:net'

/** @throws Error when somebody listens there already, or the address cannot be had. Port 0 is always free. */
export async function mustBeFree(host: string, port: number): Promise<void> {
  if (port === 0) return
  await new Promise<void>((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE'
      reject(new Error(`cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}: ${taken ? 'another program, perhaps another Polder, listens there already (ss -ltnp says which)' : error.message}`, { cause: error }))
    })
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()))
  })
}
