/**
 * Polder as shipped, with a learned baseline in its data folder. Tuned: what its manual asks an operator to say about the site (what the origin is built
 * for, which paths are search and interface, the range of the search engine). Stand-in: without the challenge.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fullOrigin, scaledOrigin } from '../../../src/drill/mock-origin.ts'
import { searchEngineRange } from '../../../src/drill/scenarios.ts'
import { FEATURE_KEY, baselineBytes } from '../baseline-week.ts'
import type { PeerPlace, ShieldPeer } from './shield-peer.ts'

const root = join(import.meta.dirname, '../../..')

export const polderPeer: ShieldPeer = {
  name: 'polder',
  title: 'Polder',
  bare503: 'busy',
  http2: true,
  command(place) {
    const data = join(place.folder, 'data')
    mkdirSync(data)
    writeFileSync(join(data, 'feature-key'), `${FEATURE_KEY.toString(16).padStart(8, '0')}\n`, { mode: 0o600 })
    writeFileSync(join(data, 'baseline.bin'), baselineBytes(place.share), { mode: 0o600 })
    const file = join(place.folder, 'polder.yaml')
    writeFileSync(file, settings(place, data))
    return { program: join(root, 'bin/polder'), args: ['run', '-c', file] }
  },
}

function settings(place: PeerPlace, data: string): string {
  const origin = place.share === 1 ? fullOrigin : scaledOrigin(place.share)
  const tuned = `admission: {limitMax: ${3 * origin.workers}, totalLimitMax: ${4 * origin.workers}, limitInitial: ${origin.workers}}
routes:
  - {path: /search, class: search}
  - {path: "/api/*", class: api, exempt: true}
rules:
  - {id: search-engine, prefix: ${searchEngineRange}, action: allow, note: published range}
`
  return `listen:
  - 127.0.0.1:${place.port}
  - {address: "127.0.0.1:${place.tlsPort}", tls: true}
origin: http://127.0.0.1:${place.originPort}
workers: ${place.workers}
admin: {listen: off}
dataDir: ${data}
${place.form === 'tuned' ? tuned : place.form === 'stand-in' ? 'mitigation: {challengeAvailable: false}\n' : ''}`
}
