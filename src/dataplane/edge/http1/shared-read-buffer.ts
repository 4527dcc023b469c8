import { Socket } from 'node:net'

/**
 * Lets all plain connections of a thread read into one buffer, as `onread` does for sockets one makes oneself.
 * Why: for an accepted socket Node allocates 64 KiB for every read and passes it through a stream; under a flood of small requests that is about a tenth
 * of all CPU time, and garbage in step with the attack. Node offers `onread` only where the socket is constructed, and accepted ones are constructed
 * inside net.Server; so this sets on the accepted socket what that constructor would have set, and only if it finds exactly the fields it knows.
 * It must never be needed: where anything is not as expected (another Node, TLS, a test's socket) it says no and the 'data' event is used.
 */
export function readIntoSharedBuffer(socket: Socket, onRead: (length: number, bytes: Uint8Array) => boolean): boolean {
  if (known === undefined) known = findFields()
  if (known === null || !Object.hasOwn(socket, known.buffer)) return false
  const inner = socket as unknown as InnerSocket
  const handle = inner._handle
  if (handle === null || handle === undefined || typeof handle.useUserBuffer !== 'function') return false
  inner[known.buffer] = sharedBuffer
  inner[known.callback] = onRead
  handle.useUserBuffer(sharedBuffer)
  return true
}

/** One read at most; what libuv would offer, too. */
const READ_BYTES = 65_536
const sharedBuffer = Buffer.allocUnsafeSlow(READ_BYTES)

interface InnerSocket {
  _handle?: { useUserBuffer?: (buffer: Uint8Array) => void } | null
  [field: symbol]: unknown
}

interface Fields {
  readonly buffer: symbol
  readonly callback: symbol
}

let known: Fields | null | undefined

/** Looks at a socket made with `onread` for the two fields that then hold our own buffer and function. */
function findFields(): Fields | null {
  const buffer = Buffer.alloc(1)
  const callback = () => true
  const socket = new Socket({ onread: { buffer, callback } })
  const inner = socket as unknown as InnerSocket
  const symbols = Object.getOwnPropertySymbols(socket)
  const holdsBuffer = symbols.filter((symbol) => inner[symbol] === buffer)
  const holdsCallback = symbols.filter((symbol) => inner[symbol] === callback)
  socket.destroy()
  return holdsBuffer.length === 1 && holdsCallback.length === 1 ? { buffer: holdsBuffer[0], callback: holdsCallback[0] } : null
}
