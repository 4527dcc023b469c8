/**
 * Reads one file of networks, whatever its format (told by its first bytes), with progress and bounded memory. Lines that cannot be read are counted and the
 * first of them named; a file in which they are more than one in ten is refused as a whole: it is not what it seems.
 */
import { createReadStream } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { readMmdb } from './mmdb-file.ts'
import { readNetworkLine, SKIPPED } from './network-line.ts'
import { type NetworkTable, NetworkTableBuilder } from './network-table.ts'

export interface LoadedNetworks {
  readonly table: NetworkTable
  readonly ranges: number
  /** Lines that could not be read. */
  readonly badLines: number
  /** The first of them, one sentence each. */
  readonly problems: readonly string[]
}

/** The biggest files that operators have (city-level mmdb) are about 130 MB. */
const MOST_FILE_BYTES = 512 * 1_048_576
const LONGEST_LINE = 4_096
const MOST_PROBLEMS = 5
const LOOK_AT_BAD_AFTER = 1_000
/** Marks the end of an mmdb (MaxMind DB file format specification 2.0). */
const MMDB_MARK = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

/** `onProgress`: share of the file read, now and then. @throws Error saying what is wrong with the file as a whole. */
export async function loadNetworkFile(path: string, onProgress: (share: number) => void): Promise<LoadedNetworks> {
  const { size } = await stat(path)
  if (size === 0) throw new Error('is empty')
  if (size > MOST_FILE_BYTES) throw new Error(`has ${size} bytes; at most ${MOST_FILE_BYTES} are read`)
  const builder = new NetworkTableBuilder()
  if (await isMmdb(path, size)) {
    try {
      readMmdb(await readFile(path), builder, onProgress)
    } catch (error) {
      throw new Error(`is a damaged mmdb: ${(error as Error).message}`, { cause: error })
    }
    if (builder.ranges === 0) throw new Error('holds neither countries nor AS numbers')
    return finished(builder, 0, [])
  }
  return loadText(path, size, builder, onProgress)
}

async function isMmdb(path: string, size: number): Promise<boolean> {
  const file = await open(path)
  try {
    // The metadata is in the last 128 KiB.
    const bytes = Buffer.alloc(Math.min(size, 131_072))
    await file.read(bytes, 0, bytes.length, size - bytes.length)
    return bytes.includes(MMDB_MARK)
  } finally {
    await file.close()
  }
}

async function loadText(path: string, size: number, builder: NetworkTableBuilder, onProgress: (share: number) => void): Promise<LoadedNetworks> {
  const problems: string[] = []
  let lineNumber = 0
  let good = 0
  let bad = 0
  const take = (line: string): void => {
    lineNumber++
    const problem = readNetworkLine(line, builder)
    if (problem === null) good++
    else if (problem !== SKIPPED) {
      if (bad++ < MOST_PROBLEMS) problems.push(`line ${lineNumber}: ${problem}`)
      if (bad + good >= LOOK_AT_BAD_AFTER && bad > good / 9) throw new Error(`${bad} of its first ${bad + good} lines cannot be read (${problems[0]})`)
    }
  }
  let rest = ''
  for await (const [text, share] of textOf(path, size)) {
    const whole = rest + text
    let from = 0
    for (let end = whole.indexOf('\n'); end !== -1; end = whole.indexOf('\n', from)) {
      take(whole.slice(from, end))
      from = end + 1
    }
    rest = whole.slice(from)
    if (rest.length > LONGEST_LINE) throw new Error(`line ${lineNumber + 1} is longer than ${LONGEST_LINE} characters: this is no list of networks`)
    onProgress(share)
  }
  if (rest !== '') take(rest)
  if (bad > good / 9) throw new Error(`${bad} of its ${bad + good} lines cannot be read (${problems.join('; ')})`)
  if (builder.ranges === 0) throw new Error('holds no networks')
  return finished(builder, bad, problems)
}

/** Pieces of text with the share of the file read so far; gzip is told by its first two bytes. */
async function* textOf(path: string, size: number): AsyncGenerator<readonly [text: string, share: number]> {
  const raw = createReadStream(path, { highWaterMark: 262_144 })
  const first = await firstTwoBytes(path)
  const zipped = first[0] === 0x1f && first[1] === 0x8b
  const stream = zipped ? raw.pipe(createGunzip()) : raw
  if (zipped) raw.on('error', (error) => stream.destroy(error))
  stream.setEncoding('utf8')
  for await (const chunk of stream) yield [chunk as string, Math.min(1, raw.bytesRead / size)]
}

async function firstTwoBytes(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const bytes = Buffer.alloc(2)
    await file.read(bytes, 0, 2, 0)
    return bytes
  } finally {
    await file.close()
  }
}

function finished(builder: NetworkTableBuilder, badLines: number, problems: readonly string[]): LoadedNetworks {
  const table = builder.finish()
  return { table, ranges: table.v4.values.length + table.v6.values.length, badLines, problems }
}
