/**
 * The operator's small listener: /metrics, /healthz, /readyz. On loopback by default and read-only: it has no accounts, so it has no acts.
 * Never part of a visitor's path; when it cannot open, the shield serves on and says so.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface AdminSource {
  /** Text and content type of /metrics. */
  metrics(): { readonly type: string; readonly text: string }
  /** The process does its work: null, or what is wrong. */
  unhealthy(): string | null
  /** Visitors may be sent here: null, or what is missing. */
  unready(): string | null
}

export interface AdminListener {
  readonly url: string
  close(): Promise<void>
}

/** Rejects with the system's error when the address cannot be had. */
export function openAdminListener(host: string, port: number, source: AdminSource): Promise<AdminListener> {
  const server = createServer((request, response) => answer(request, response, source))
  server.headersTimeout = 5_000
  server.requestTimeout = 10_000
  server.maxConnections = 64
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, reusePort: true }, () => {
      server.off('error', reject)
      const at = server.address() as AddressInfo
      const name = at.family === 'IPv6' ? `[${at.address}]` : at.address
      resolve({ url: `http://${name}:${at.port}`, close: () => closeServer(server) })
    })
  })
}

function answer(request: IncomingMessage, response: ServerResponse, source: AdminSource): void {
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('content-security-policy', "default-src 'none'")
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end()
    return
  }
  const path = (request.url ?? '/').split('?')[0]
  if (path === '/metrics') {
    const { type, text } = source.metrics()
    response.writeHead(200, { 'content-type': type }).end(request.method === 'HEAD' ? '' : text)
  } else if (path === '/healthz' || path === '/readyz') {
    const wrong = path === '/healthz' ? source.unhealthy() : source.unready()
    response.writeHead(wrong === null ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' }).end(`${wrong ?? 'ok'}\n`)
  } else {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('/metrics  /healthz  /readyz\n')
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
