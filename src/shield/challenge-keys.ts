/**
 * The keys that sign challenges and clearances: drawn here, shared by all workers, kept (0600) so that a restart asks nobody again. A new one every half
 * day; the two before stay good, which covers a clearance of the longest life allowed (24 h). Whoever had them could clear himself.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChallengeKey } from '../dataplane/challenge/tokens.ts'
import { unpredictableBytes } from '../kernel/random.ts'

export const CHALLENGE_KEYS_MS = 12 * 3_600_000
const KEPT = 3
const FILE = 'challenge-keys'

interface KeptKeys {
  readonly drawnAtWallMs: number
  readonly keys: readonly ChallengeKey[]
}

/** The keys in force now, newest first; a new one is drawn when the newest is old. A file that cannot be read or written is no reason not to start. */
export function challengeKeys(dataDir: string, nowWallMs: number, onTrouble: (message: string) => void): readonly ChallengeKey[] {
  const file = join(dataDir, FILE)
  const kept = readKept(file, onTrouble)
  if (kept !== null && nowWallMs - kept.drawnAtWallMs < CHALLENGE_KEYS_MS && nowWallMs >= kept.drawnAtWallMs) return kept.keys
  const id = kept === null ? unpredictableBytes(1)[0] : (kept.keys[0].id + 1) & 0xff
  const keys = [{ id, bytes: unpredictableBytes(32) }, ...(kept?.keys ?? [])].slice(0, KEPT)
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    const text = `${nowWallMs}\n${keys.map((key) => `${key.id} ${Buffer.from(key.bytes).toString('hex')}\n`).join('')}`
    writeFileSync(`${file}.new`, text, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  } catch (error) {
    onTrouble(`${file} cannot be written (${(error as Error).message}); after a restart visitors who passed a challenge are asked again`)
  }
  return keys
}

/** Whether there is a file with good keys. */
export function hasChallengeKeys(dataDir: string): boolean {
  return readKept(join(dataDir, FILE), () => undefined) !== null
}

function readKept(file: string, onTrouble: (message: string) => void): KeptKeys | null {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onTrouble(`${file} cannot be read (${(error as Error).message}); visitors who passed a challenge are asked again`)
    return null
  }
  const [time, ...lines] = text.trimEnd().split('\n')
  const keys = lines.map((line) => /^(\d{1,3}) ([0-9a-f]{64})$/.exec(line))
  if (!/^\d{1,15}$/.test(time) || keys.length === 0 || keys.length > KEPT || keys.some((key) => key === null || Number(key[1]) > 255)) {
    onTrouble(`${file} is damaged; visitors who passed a challenge are asked again`)
    return null
  }
  return { drawnAtWallMs: Number(time), keys: keys.map((key) => ({ id: Number(key![1]), bytes: Buffer.from(key![2], 'hex') })) }
}
