/** Run by fingerprint-command.ts: a TLS listener of the edge that answers each connection once. A message 'on' or 'off' switches JA4 for new connections. */
import { openHarness } from '../../src/dataplane/edge/edge.testing.ts'
import { systemClock } from '../../src/kernel/clock.ts'

const settings = { tlsHandshakesPerSecond: 100_000, tlsHandshakeBurst: 1_000_000, maxConnectionsPerSource: 100_000 }
let fingerprints = 0
const harness = await openHarness({
  clock: systemClock,
  settings,
  serveHttp1: (socket, facts) => {
    if (facts.tls!.ja4 !== '') fingerprints++
    socket.on('error', () => {})
    socket.end('served')
  },
})
process.on('message', (message: 'on' | 'off' | 'count') => {
  if (message === 'count') process.send!({ fingerprints })
  else {
    harness.listener.replaceContext({ ...harness.context, settings: { ...harness.context.settings, tlsFingerprint: message } })
    process.send!({ switched: message })
  }
})
process.on('disconnect', () => process.exit(0))
process.send!({ port: harness.listener.port })
