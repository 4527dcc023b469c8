/**
 * Polder as shipped: default settings, but for the limits that are there to stop exactly what a load generator does from one address
 * (TLS handshakes per second, connections, and requests waiting for the origin of one source). Counting stays on.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVER_ADDRESS } from '../measure/loopback.ts'
import { type Peer, type PeerSetup, paths } from './peer.ts'

const root = join(import.meta.dirname, '../..')

export const polder: Peer = {
  name: 'polder',
  title: 'Polder',
  lacks: {},
  async version() {
    return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
  },
  command(setup) {
    const file = join(setup.folder, 'polder.yaml')
    writeFileSync(file, polderSettings(setup))
    return { program: join(root, 'bin/polder'), args: ['run', '-c', file] }
  },
}

function polderSettings(setup: PeerSetup): string {
  return `listen:
  - ${SERVER_ADDRESS}:${setup.port}
  - address: ${SERVER_ADDRESS}:${setup.tlsPort}
    tls:
      certificates: [{cert: ${setup.certFile}, key: ${setup.keyFile}}]
origin: http://${SERVER_ADDRESS}:${setup.originPort}
rules:
  - {path: ${paths.reject}, action: block}
  - {path: ${paths.rejectTable}, action: block}
edge: {tlsHandshakesPerSecond: 100000, tlsHandshakeBurst: 100000, maxConnectionsPerSource: 10000}
admission: {waitingPerClient: 64}
workers: ${setup.workers}
admin: {listen: off}
dataDir: ${join(setup.folder, 'data')}
`
}
