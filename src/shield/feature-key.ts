/**
 * The key with which features of requests are hashed: drawn once for this installation and kept (0600), because the learned baseline holds hashes.
 * Whoever knew it could choose requests whose hashes collide with a visitor's; so it never leaves this machine.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpredictableBytes } from '../kernel/random.ts'

/** The key as kept, or null: none yet, or not readable. Changes nothing. */
export function readFeatureKey(dataDir: string): number | null {
  try {
    const text = readFileSync(join(dataDir, 'feature-key'), 'utf8').trim()
    return /^[0-9a-f]{8}$/.test(text) ? Number.parseInt(text, 16) : null
  } catch {
    return null
  }
}

/** An unsigned 32-bit number. A file that cannot be read or written is no reason not to start: then the key lives as long as the process. */
export function featureKey(dataDir: string, onTrouble: (message: string) => void): number {
  const file = join(dataDir, 'feature-key')
  try {
    const text = readFileSync(file, 'utf8').trim()
    if (/^[0-9a-f]{8}$/.test(text)) return Number.parseInt(text, 16)
    onTrouble(`${file} is damaged; a new key is drawn and what was learned before is of no use`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onTrouble(`${file} cannot be read (${(error as Error).message}); a key is drawn for this run only`)
  }
  const key = new DataView(unpredictableBytes(4).buffer).getUint32(0)
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    writeFileSync(file, `${key.toString(16).padStart(8, '0')}\n`, { mode: 0o600 })
  } catch (error) {
    onTrouble(`${file} cannot be written (${(error as Error).message}); what is learned now is of no use after a restart`)
  }
  return key
}
