import type { Socket } from 'node:net'

/** What a look at the first bytes says: this, or how many of them it has used up. */
export const NEED_MORE = -1
export const REFUSED = -2

/**
 * Shows `look` what a fresh connection sends first, all of it each time, until it has seen enough; then stops reading, puts the unused rest back
 * and calls `done`. On REFUSED, or when the visitor ends first, calls `refused` instead. Bounded in bytes by `look`, in time by the caller.
 */
export function readFirstBytes(socket: Socket, look: (bytes: Buffer) => number, done: () => void, refused: () => void): void {
  let held: Buffer | null = null
  const onData = (chunk: Buffer): void => {
    const bytes: Buffer = held === null ? chunk : Buffer.concat([held, chunk])
    held = bytes
    const used = look(bytes)
    if (used === NEED_MORE) return
    socket.removeListener('data', onData)
    socket.removeListener('end', refused)
    if (used === REFUSED) {
      refused()
      return
    }
    socket.pause()
    if (bytes.length > used) socket.unshift(bytes.subarray(used))
    done()
  }
  socket.on('data', onData)
  socket.on('end', refused)
}
