/**
 * A generated site of many pages as a process of its own: PAGES pages that name each other as a tree of ten, one style sheet, an ETag on everything, a few
 * milliseconds of work each. `/count` tells how often each kind of answer was given and which pages were asked for more than once.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const pages = Number(process.argv[2])
const asked = new Map<string, number>()
let whole = 0
let unchanged = 0

function pageText(number: number): string {
  const links = Array.from({ length: 10 }, (_, i) => number * 10 + i + 1).filter((next) => next < pages).map((next) => `<li><a href="/p/${next}">Page ${next}</a></li>`).join('')
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page ${number}</title><link rel="stylesheet" href="/style.css"></head><body><h1>Page ${number}</h1><ul>${links}</ul><p>${`Paragraph of page ${number}. `.repeat(200)}</p></body></html>`
}

/** Some real work, so that being asked costs something. */
function work(): number {
  let x = 1
  for (let i = 0; i < 200_000; i++) x = (x * 1_103_515_245 + 12_345) | 0
  return x
}

const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
  const path = request.url ?? '/'
  if (path === '/count') {
    response.end(JSON.stringify({ whole, unchanged, twice: [...asked].filter(([, times]) => times > 1).map(([page]) => page) }))
    return
  }
  if (path === '/reader') {
    response.end(String(work()))
    return
  }
  const found = path === '/' ? 0 : Number(/^\/p\/(\d+)$/.exec(path)?.[1] ?? (path === '/style.css' ? -1 : -2))
  if (found < -1 || found >= pages) {
    response.writeHead(404).end()
    return
  }
  asked.set(path, (asked.get(path) ?? 0) + 1)
  const etag = `"${found}-1"`
  work()
  if (request.headers['if-none-match'] === etag) {
    unchanged++
    response.writeHead(304, { etag }).end()
    return
  }
  whole++
  response.writeHead(200, { 'content-type': found === -1 ? 'text/css' : 'text/html; charset=utf-8', etag, 'cache-control': 'max-age=60' }).end(found === -1 ? 'body{margin:1em}' : pageText(found))
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`))
