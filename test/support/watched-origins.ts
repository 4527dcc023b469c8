/** Three origins that tell what reached them: nginx (its access log), node:http, the sample site. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { startSampleSite } from '../../sample-site/start-sample-site.ts'
import { freePort } from './free-port.ts'
import type { SeenRequest, WatchedOrigin } from './seen-request.ts'
import { testFolder } from '../../src/kernel/test-folder.testing.ts'

/** What Polder writes itself, or passes on of nearly every request. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'connection', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'via', 'x-request-id'])

/** Answers every request with its own request line. */
export async function watchedNode(): Promise<WatchedOrigin> {
  const seen: SeenRequest[] = []
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    let contentBytes = 0
    request.on('data', (chunk: Buffer) => {
      contentBytes += chunk.length
    })
    request.on('end', () => {
      const passed = request.rawHeaders.flatMap((name, i) => (i % 2 === 0 && !OWN_FIELDS.has(name) ? [`${name}: ${request.rawHeaders[i + 1]}`] : []))
      const trailers = request.rawTrailers.flatMap((name, i) => (i % 2 === 0 ? [`trailer ${name}: ${request.rawTrailers[i + 1]}`] : []))
      seen.push({ method: request.method!, target: request.url!, id: String(request.headers['x-request-id'] ?? ''), contentBytes, passed: [...passed, ...trailers] })
      const body = Buffer.from(`${request.method} ${request.url}\n`)
      response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store', 'content-length': body.length }).end(body)
    })
  }
  const server = createServer({ keepAliveTimeout: 60_000 }, answer)
  // What node:http does not understand counts as well: Polder must never send it.
  server.on('clientError', (error: Error & { code?: string }, socket) => {
    if (error.code !== 'ECONNRESET') seen.push({ method: 'BROKEN', target: String(error.code), id: '', contentBytes: -1 })
    socket.destroy()
  })
  server.on('connect', (request: IncomingMessage, socket) => {
    seen.push({ method: 'CONNECT', target: request.url!, id: '', contentBytes: -1 })
    socket.destroy()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    name: 'node:http', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen,
    unique: (number) => ({ target: `/victim/${number}`, belongs: (body) => body.toString('latin1') === `GET /victim/${number}\n` }),
    settle: () => Promise.resolve(),
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

/** The sample site in this process; a victim asks for a download of a length of its own. */
export async function watchedSampleSite(): Promise<WatchedOrigin> {
  const seen: SeenRequest[] = []
  const site = await startSampleSite({ port: 0, quiet: true, today: '2026-03-10', documentCount: 200, searchCost: 0 }, (method, target) => {
    seen.push({ method, target, id: '', contentBytes: -1 })
  })
  return {
    name: 'sample site', url: site.url, seen,
    unique: (number) => ({ target: `/downloads/session-recording.bin?bytes=${1_000 + number}`, belongs: (body) => body.length === 1_000 + number }),
    settle: () => Promise.resolve(),
    close: () => site.close(0),
  }
}

/** nginx with one worker and keep-alive, as a process of its own; refused requests stand in its log as well. */
export async function watchedNginx(): Promise<WatchedOrigin> {
  const folder = testFolder('nginx')
  const port = await freePort()
  const log = join(folder, 'access.log')
  writeFileSync(join(folder, 'nginx.conf'), `daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  log_format seen escape=none '$status|$http_x_request_id|$content_length|$request';
  access_log ${log} seen; keepalive_timeout 60s; keepalive_requests 1000000; merge_slashes off; underscores_in_headers on;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server { listen 127.0.0.1:${port}; location / { default_type text/plain; add_header Cache-Control no-store; return 200 "$request_method $request_uri\\n"; } }
}
`)
  const child: ChildProcess = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'ignore'] })
  const seen: SeenRequest[] = []
  let taken = 0
  const settle = async (): Promise<void> => {
    // A line is written when its request is over, which the answer's last byte does not prove.
    let text = readLog(log)
    for (let before = -1; before !== text.length; ) {
      before = text.length
      await new Promise((resolve) => setTimeout(resolve, 30))
      text = readLog(log)
    }
    const lines = text.split('\n').slice(0, -1)
    for (const line of lines.slice(taken)) {
      const [status, id, length, ...rest] = line.split('|')
      const [method, target] = rest.join('|').split(' ')
      const fine = status === '200' || status === '405'
      seen.push({ method: fine ? method : 'BROKEN', target: fine ? target : line, id: id === '-' ? '' : id, contentBytes: length === '' ? -1 : Number(length) })
    }
    taken = lines.length
  }
  await untilListening(port)
  await settle()
  seen.length = 0
  return {
    name: 'nginx', url: `http://127.0.0.1:${port}`, seen, settle,
    unique: (number) => ({ target: `/victim/${number}`, belongs: (body) => body.toString('latin1') === `GET /victim/${number}\n` }),
    close: async () => {
      const gone = new Promise((resolve) => {
        child.once('exit', resolve)
      })
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await gone
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * An origin with the mistake that CL.0 needs: it never reads content, so whatever follows a head is the next request. It obeys Connection: close,
 * as every origin does.
 */
export async function contentBlindOrigin(): Promise<WatchedOrigin> {
  const seen: SeenRequest[] = []
  const server = createTcpServer({ noDelay: true }, (socket) => {
    let held = ''
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      held += chunk.toString('latin1')
      for (let end = held.indexOf('\r\n\r\n'); end !== -1; end = held.indexOf('\r\n\r\n')) {
        const head = held.slice(0, end)
        held = held.slice(end + 4)
        const [method, target = ''] = head.split(' ')
        seen.push({ method, target, id: /\r\nx-request-id: (\S+)/i.exec(head)?.[1] ?? '', contentBytes: -1 })
        const body = `${method} ${target}\n`
        const close = /\r\nconnection: close/i.test(head)
        socket.write(`HTTP/1.1 200 OK\r\ncache-control: no-store\r\ncontent-length: ${body.length}\r\n${close ? 'connection: close\r\n' : ''}\r\n${body}`)
        if (close) {
          socket.end()
          return
        }
      }
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    name: 'an origin blind to content', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen,
    unique: (number) => ({ target: `/victim/${number}`, belongs: (body) => body.toString('latin1') === `GET /victim/${number}\n` }),
    settle: () => Promise.resolve(),
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
    }),
  }
}

function readLog(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      await (await fetch(`http://127.0.0.1:${port}/ready`)).arrayBuffer()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  throw new Error(`nginx does not listen on port ${port}`)
}
