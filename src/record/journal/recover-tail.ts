/**
 * What a crash left at the end of the newest segment. Acts once, when the journal is opened for writing. It gives up only what cannot be an acknowledged entry:
 * a line without its end, or what a power cut left of blocks that never reached the disk (zeros). Lines that end as lines do and are not what was written are
 * left where they are: somebody altered them, and `verify` must go on saying so. Pure.
 */
import { type Head, readLine, statedHash } from './chain.ts'

export interface Recovery {
  /** Where the next entry goes: everything behind it is given up. */
  readonly keepBytes: number
  /** The last line is whole but for its line end. */
  readonly missesLineEnd: boolean
  /** The last entry; null: the segment holds none. */
  readonly head: Head | null
  readonly atWallMs: number
  readonly firstLineIsGood: boolean
  readonly tornBytes: number
  /** Numbers of lines that are not what was written. */
  readonly alteredLines: readonly number[]
}

export function recoverTail(bytes: Buffer): Recovery {
  let head: Head | null = null
  let atWallMs = 0
  let goodEnd = 0
  let at = 0
  let number = 0
  let firstLineIsGood = false
  let altered: number[] = []
  /** Bad lines since the last good one: their place, and where the chain stands behind them if they stay. */
  let badFrom = -1
  let bad: Head | null = null
  for (;;) {
    const end = bytes.indexOf(10, at)
    if (end === -1) break
    number++
    const line = bytes.subarray(at, end)
    const entry = readLine(line)
    if (entry === null) {
      altered.push(number)
      if (badFrom === -1) badFrom = at
      const before: Head | null = bad ?? head
      bad = { seq: (before?.seq ?? 0) + 1, hash: statedHash(line) ?? before?.hash ?? '' }
    } else {
      if (number === 1) firstLineIsGood = true
      head = { seq: entry.seq, hash: entry.hash }
      atWallMs = entry.atWallMs
      goodEnd = end + 1
      badFrom = -1
      bad = null
    }
    at = end + 1
  }
  const rest = bytes.subarray(at)
  if (badFrom !== -1) {
    // Zeros are what a power cut leaves: none of it was acknowledged.
    if (bytes.includes(0, badFrom)) {
      altered = altered.filter((line) => line < number - countLines(bytes.subarray(badFrom, at)) + 1)
      return { keepBytes: goodEnd, missesLineEnd: false, head, atWallMs, firstLineIsGood, tornBytes: bytes.length - goodEnd, alteredLines: altered }
    }
    return { keepBytes: at, missesLineEnd: false, head: bad!.hash === '' ? null : bad, atWallMs, firstLineIsGood, tornBytes: rest.length, alteredLines: altered }
  }
  const last = rest.length === 0 ? null : readLine(rest)
  if (last !== null) return { keepBytes: bytes.length, missesLineEnd: true, head: { seq: last.seq, hash: last.hash }, atWallMs: last.atWallMs, firstLineIsGood: firstLineIsGood || number === 0, tornBytes: 0, alteredLines: altered }
  return { keepBytes: goodEnd, missesLineEnd: false, head, atWallMs, firstLineIsGood, tornBytes: rest.length, alteredLines: altered }
}

function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines++
  return lines
}
