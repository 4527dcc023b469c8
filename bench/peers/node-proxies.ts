/** Two Node libraries that people build a proxy with, each in a small program of its own under programs/. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ability, Peer, PeerName } from './peer.ts'

const root = join(import.meta.dirname, '../..')

const lacks: Readonly<Partial<Record<Ability, string>>> = { cache: 'has no cache', 'reject-table': 'has no table of clients', h2: 'HTTP/1 only as set up here', 'two-workers': 'one thread' }

export const httpProxy3 = nodeProxy('http-proxy-3', 'http-proxy-3', 'http-proxy-3', 'http-proxy-3.ts')
export const fastifyProxy = nodeProxy('fastify', '@fastify/http-proxy', '@fastify/http-proxy', 'fastify-http-proxy.ts')

function nodeProxy(name: PeerName, title: string, packageName: string, file: string): Peer {
  return {
    name,
    title,
    lacks,
    async version() {
      try {
        return (JSON.parse(readFileSync(join(root, 'node_modules', packageName, 'package.json'), 'utf8')) as { version: string }).version
      } catch {
        return null
      }
    },
    command: (setup) => ({
      program: process.execPath,
      args: [join(import.meta.dirname, 'programs', file), String(setup.port), String(setup.tlsPort), String(setup.originPort), setup.certFile, setup.keyFile],
    }),
  }
}
