/**
 * Run by handshakes.ts. Each connection: TLS 1.3, one request, the whole answer, close. X25519 for everybody: newer OpenSSL would else
 * choose a post-quantum group with some servers and not with others, and the comparison would be of groups, not of servers.
 * Arguments: port, path, seconds, lanes, full|resume.
 */
import { connect, type ConnectionOptions } from 'node:tls'
import { HOST_NAME } from '../measure/ask.ts'
import { SERVER_ADDRESS } from '../measure/loopback.ts'

const [port, path, seconds, lanes, mode] = process.argv.slice(2)
const resume = mode === 'resume'
const request = `GET ${path} HTTP/1.1\r\nHost: ${HOST_NAME}\r\nConnection: close\r\n\r\n`
const base: ConnectionOptions = { host: SERVER_ADDRESS, port: Number(port), servername: HOST_NAME, rejectUnauthorized: false, minVersion: 'TLSv1.3', ecdhCurve: 'X25519', ALPNProtocols: ['http/1.1'] }

let session: Buffer | undefined
let handshakes = 0
let resumed = 0
let errors = 0
let protocol = ''
let group = ''

function one(counted: boolean): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ ...base, session: resume ? session : undefined })
    let answered = false
    socket.setTimeout(5_000, () => socket.destroy(new Error('timeout')))
    socket.on('secureConnect', () => {
      if (counted) {
        handshakes++
        if (socket.isSessionReused()) resumed++
      }
      if (protocol === '') {
        protocol = socket.getProtocol() ?? ''
        group = (socket.getEphemeralKeyInfo() as { name?: string }).name ?? ''
      }
      socket.write(request)
    })
    socket.on('session', (ticket) => (session = ticket))
    socket.on('data', (chunk: Buffer) => (answered ||= chunk.toString('latin1', 0, 5) === 'HTTP/'))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (!answered) errors++
      resolve()
    })
  })
}

await one(false)
const start = performance.now()
const until = start + Number(seconds) * 1_000
await Promise.all(
  Array.from({ length: Number(lanes) }, async () => {
    while (performance.now() < until) await one(true)
  }),
)
process.stdout.write(JSON.stringify({ handshakes, seconds: (performance.now() - start) / 1_000, resumed, errors, protocol, group }))
