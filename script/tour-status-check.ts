/** Serves a folder as any static server would, and follows every link in it: what stands when shield and origin are down. Loopback, ended when done. */
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { SERVER_ADDRESS } from '../bench/measure/loopback.ts'

const types: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.atom': 'application/atom+xml; charset=utf-8', '.json': 'application/json' }
const MOST_PAGES = 200

export interface StatusCheck {
  /** Path and bytes of every file reached from `/`. */
  readonly reached: ReadonlyMap<string, number>
  readonly broken: readonly string[]
  /** Links that leave the folder; mailto is none. */
  readonly outside: readonly string[]
}

export async function checkStatusPage(folder: string): Promise<StatusCheck> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname))
    const file = join(folder, path === '/' ? 'index.html' : path)
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' })
    createReadStream(file).pipe(response)
  })
  await new Promise<void>((resolve) => void server.listen(0, SERVER_ADDRESS, resolve))
  const base = `http://${SERVER_ADDRESS}:${(server.address() as AddressInfo).port}`
  const reached = new Map<string, number>()
  const broken: string[] = []
  const outside = new Set<string>()
  const waiting = ['/']
  try {
    for (let path = waiting.shift(); path !== undefined && reached.size < MOST_PAGES; path = waiting.shift()) {
      if (reached.has(path)) continue
      const answer = await fetch(base + path, { signal: AbortSignal.timeout(10_000) })
      const text = await answer.text()
      reached.set(path, Buffer.byteLength(text))
      if (answer.status !== 200) broken.push(`${answer.status} ${path}`)
      if (!(answer.headers.get('content-type') ?? '').startsWith('text/html')) continue
      for (const [, link] of text.matchAll(/\b(?:href|src)="([^"]*)"/g)) {
        if (link === undefined || link.startsWith('mailto:') || link.startsWith('#')) continue
        const target = new URL(link, base + path)
        if (target.origin === base) waiting.push(target.pathname)
        else outside.add(link)
      }
    }
  } finally {
    server.closeAllConnections()
    await new Promise<void>((resolve) => void server.close(() => resolve()))
  }
  return { reached, broken, outside: [...outside] }
}
