/** The origin behind every peer: nginx with bodies fixed in its configuration, so that it is never what is measured. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askUntil } from '../measure/ask.ts'
import { ChildGroup } from '../measure/child-group.ts'
import { SERVER_ADDRESS, freePort } from '../measure/loopback.ts'
import { nginxFrame } from './nginx.ts'
import { paths } from './peer.ts'

export interface Origin {
  readonly port: number
  readonly group: ChildGroup
}

const cachedKibibytes = [1, 8, 64] as const

export async function startOrigin(parent: string, cores: string): Promise<Origin> {
  const folder = join(parent, 'origin')
  mkdirSync(join(folder, 'pages/cached'), { recursive: true })
  for (const size of cachedKibibytes) writeFileSync(join(folder, 'pages', paths.cached(size)), pageOf(size * 1_024))
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, nginxFrame(folder, 1, `
  server {
    listen ${SERVER_ADDRESS}:${port} backlog=4096;
    default_type text/html;
    location /cached/ { root ${folder}/pages; add_header Cache-Control "public, max-age=3600"; }
    location / { add_header Cache-Control no-store; return 200 "${pageOf(1_024)}"; }
  }
`))
  const group = new ChildGroup('nginx', ['-c', file, '-p', folder, '-e', join(folder, 'error.log')], { cores })
  await askUntil({ port, path: paths.proxied }, 200, performance.now(), 10_000, () => !group.hasEnded)
  return { port, group }
}

/** A page of exactly this many bytes, without quotes or dollars. */
function pageOf(bytes: number): string {
  const start = '<!doctype html><title>A page</title><p>'
  return (start + 'The sea is held back by a dike. '.repeat(Math.ceil(bytes / 32))).slice(0, bytes)
}
