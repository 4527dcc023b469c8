/**
 * Runs one HTTP/2 attack as a process of its own, so that its work is not taken for the shield's: `node http2-attacker.ts NAME URL SECONDS CONNECTIONS`.
 * A connection that the shield closes is opened again, as an attacker would. Prints what happened as JSON. Loopback only (raw-http1.ts), bounded in time.
 */
import { FLAG, FRAME, frame, FrameReader, PREFACE } from '../../../src/dataplane/edge/http2/raw-frames.ts'
import { RawConnection } from '../../support/raw-http1.ts'
import { http2Attacks } from './http2-attacks.ts'

export interface Http2AttackSeen {
  opened: number
  closedByServer: number
  steps: number
}

/** Some steps, then a breath, so that the server's word is read. */
const STEPS_AT_ONCE = 25
const MOST_STEPS = 1_500
const MOST_SECONDS = 10
/** An attacker who is cut comes back; not as fast as sockets can, because the machine is shared with the one attacked. */
const COMES_BACK_MS = 150

const [name, url, seconds, connections] = process.argv.slice(2)
const attack = http2Attacks.find((one) => one.name === name)
if (attack === undefined) throw new RangeError(`no attack is called ${name}`)
const until = performance.now() + Math.min(MOST_SECONDS, Number(seconds)) * 1_000
const seen: Http2AttackSeen = { opened: 0, closedByServer: 0, steps: 0 }
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function once(number: number): Promise<void> {
  const { socket } = await RawConnection.open(url, { from: `127.66.${number}.1`, alpn: 'h2' })
  seen.opened++
  socket.removeAllListeners('data')
  const reader = new FrameReader(socket)
  socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), frame(FRAME.settings, FLAG.ack, 0)]))
  for (let i = 0; i < MOST_STEPS && !reader.closed && !socket.destroyed; i++) {
    socket.write(attack!.step(i))
    seen.steps++
    if (i % STEPS_AT_ONCE === STEPS_AT_ONCE - 1) await wait(4)
  }
  const patience = performance.now() + 3_000
  while (!reader.closed && performance.now() < patience) await wait(20)
  if (reader.closed) seen.closedByServer++
  socket.destroy()
}

await Promise.all(Array.from({ length: Number(connections) }, async (_, number) => {
  do {
    await once(number)
    await wait(COMES_BACK_MS)
  } while (performance.now() < until)
}))
process.stdout.write(`${JSON.stringify(seen)}\n`)
