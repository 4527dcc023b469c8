/** Reads an access log of any size in bounded memory: plain or gzip (by its first bytes, not its name), line by line, in chunks. */
import { createReadStream, openSync, readSync, closeSync, statSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { LONGEST_LINE_BYTES } from './log-line.ts'

const CHUNK_BYTES = 1_048_576
const GZIP_MAGIC = 0x1f8b

export interface LogFileHandlers {
  /** One character per byte for combined lines; UTF-8 decoded for JSON lines. `line` counts from 1. Return false to stop reading. */
  onLine(text: string, line: number): boolean
  onLongLine(line: number): void
  /** Bytes of the file (as stored) read so far. */
  onProgress(bytes: number): void
}

/** Resolves when the file was read, with what broke it off (a cut gzip file), or null. Rejects when it cannot be opened. */
export async function readLogFile(file: string, handlers: LogFileHandlers): Promise<string | null> {
  const gzip = isGzip(file)
  const source = createReadStream(file, { highWaterMark: CHUNK_BYTES })
  let stored = 0
  source.on('data', (chunk) => {
    stored += chunk.length
    handlers.onProgress(stored)
  })
  const bytes: AsyncIterable<Buffer> = gzip ? source.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : source
  let rest: Buffer | null = null
  let line = 0
  let tooLong = false
  const take = (from: Buffer, start: number, end: number): boolean => {
    line++
    if (end > start && from[end - 1] === 13) end--
    if (end === start) return true
    if (end - start > LONGEST_LINE_BYTES) {
      handlers.onLongLine(line)
      return true
    }
    return handlers.onLine(from[start] === 123 ? from.toString('utf8', start, end) : from.toString('latin1', start, end), line)
  }
  try {
    for await (const chunk of bytes) {
      const data: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk])
      rest = null
      let start = 0
      for (let end = data.indexOf(10, start); end !== -1; end = data.indexOf(10, start)) {
        if (tooLong) {
          line++
          handlers.onLongLine(line)
          tooLong = false
        } else if (!take(data, start, end)) {
          source.destroy()
          return null
        }
        start = end + 1
      }
      if (data.length - start > LONGEST_LINE_BYTES) tooLong = true
      else rest = tooLong ? null : data.subarray(start)
    }
    if (rest !== null && rest.length > 0) take(rest, 0, rest.length)
    return null
  } catch (error) {
    source.destroy()
    const { code, message } = error as NodeJS.ErrnoException
    if (line === 0 && code !== undefined && !code.startsWith('Z_') && !code.startsWith('ERR_')) throw error
    return `read only to line ${line}: ${message}`
  }
}

/** @throws a system error when the file cannot be opened. */
export function isGzip(file: string): boolean {
  const fd = openSync(file, 'r')
  try {
    const head = Buffer.alloc(2)
    return readSync(fd, head, 0, 2, 0) === 2 && head.readUInt16BE(0) === GZIP_MAGIC
  } finally {
    closeSync(fd)
  }
}

/** Bytes as stored. @throws a system error. */
export function storedBytes(file: string): number {
  return statSync(file).size
}
