/** An origin whose answers a test writes itself, and which keeps what reached it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
}

export type Script = (request: IncomingMessage, response: ServerResponse) => void

export interface ScriptedOrigin {
  readonly url: string
  readonly server: Server
  readonly received: ReceivedRequest[]
  /** How many requests for this target reached the origin. */
  count(target: string): number
  close(): Promise<void>
}

/** `where`: a port of 127.0.0.1 (0: a free one) or the path of a unix socket. */
export function startScriptedOrigin(script: Script, where: number | string = 0): Promise<ScriptedOrigin> {
  const received: ReceivedRequest[] = []
  const server = createServer((request, response) => {
    const headers: Record<string, string> = {}
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      const name = request.rawHeaders[i].toLowerCase()
      headers[name] = headers[name] === undefined ? request.rawHeaders[i + 1] : `${headers[name]} | ${request.rawHeaders[i + 1]}`
    }
    received.push({ method: request.method!, target: request.url!, headers })
    script(request, response)
  })
  server.keepAliveTimeout = 30_000
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const onListening = (): void =>
      resolve({
        url: typeof where === 'string' ? `unix:${where}` : `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        server,
        received,
        count: (target) => received.filter((one) => one.target === target).length,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    if (typeof where === 'string') server.listen(where, onListening)
    else server.listen(where, '127.0.0.1', onListening)
  })
}
