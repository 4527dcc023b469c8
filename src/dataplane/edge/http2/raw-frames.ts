import type { Socket } from 'node:net'

/** Writes HTTP/2 frames as no library would, for the tests of what we must withstand (RFC 9113 section 4.1; HPACK literals without indexing, RFC 7541 section 6.2.2). */

export const FRAME = Object.freeze({ data: 0, headers: 1, priority: 2, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9 })
export const FLAG = Object.freeze({ endStream: 1, ack: 1, endHeaders: 4, padded: 8 })
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Fields as HPACK literals, names and values byte for byte (latin1). */
export function fieldBlock(fields: ReadonlyArray<readonly [name: string, value: string]>): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), ...literal(name), ...literal(value)]))
}

function literal(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 127) return [Buffer.of(bytes.length), bytes]
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128)
  length.push(rest)
  return [Buffer.from(length), bytes]
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export const GET_FIELDS: ReadonlyArray<readonly [string, string]> = [[':method', 'GET'], [':scheme', 'https'], [':authority', 'localhost'], [':path', '/']]

/** The header section of a request, whole, in one frame. */
export function request(stream: number, fields: ReadonlyArray<readonly [string, string]> = GET_FIELDS, endStream = true): Buffer {
  return frame(FRAME.headers, FLAG.endHeaders | (endStream ? FLAG.endStream : 0), stream, fieldBlock(fields))
}

export interface ReceivedFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** Reads what the server says, frame by frame. */
export class FrameReader {
  readonly frames: ReceivedFrame[] = []
  closed = false
  #held = Buffer.alloc(0)
  readonly #waiting = new Set<() => void>()

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#held = Buffer.concat([this.#held, chunk])
      this.#read()
      this.#wake()
    })
    const onEnd = (): void => {
      this.closed = true
      this.#wake()
    }
    socket.on('error', onEnd)
    socket.on('close', onEnd)
    socket.on('end', onEnd)
  }

  /** Resolves when `done` holds or the connection is closed; true when `done` holds. */
  async until(done: (frames: readonly ReceivedFrame[]) => boolean): Promise<boolean> {
    for (;;) {
      if (done(this.frames)) return true
      if (this.closed) return false
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
    }
  }

  #read(): void {
    while (this.#held.length >= 9) {
      const length = this.#held.readUIntBE(0, 3)
      if (this.#held.length < 9 + length) return
      this.frames.push({ type: this.#held[3]!, flags: this.#held[4]!, stream: this.#held.readUInt32BE(5), payload: this.#held.subarray(9, 9 + length) })
      this.#held = this.#held.subarray(9 + length)
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}
