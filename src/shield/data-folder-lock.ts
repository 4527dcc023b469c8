/**
 * One Polder a dataDir: two would write over each other's baseline, orders and copies, and neither would say so.
 * The second is refused before it serves anybody, with what to do. Three cases are none of this: the process that takes over from another in an upgrade, which
 * gets the lock when the old one begins to drain; one that starts while another only finishes what is open; and a folder that cannot be written, where
 * nothing can be written over. Nothing stale is left by a crash (kernel/file-lock.ts).
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CONTROL_SOCKET_NAME, type Hello } from '../contract/control-socket.ts'
import { FileLock } from '../kernel/file-lock.ts'
import { askShield } from '../surfaces/control-socket/control-client.ts'

const LOCK_FILE = 'polder.lock'
const LOOK_MS = 100
const ASK_MS = 1_000

export class DataFolderLock {
  #lock: FileLock | null
  #timer: NodeJS.Timeout | null = null

  private constructor(lock: FileLock | null) {
    this.#lock = lock
  }

  /** `takesOver`: another process hands over to this one and still holds it. @throws Error naming who holds it and the mend. */
  static async take(dataDir: string, takesOver: boolean, onTrouble: (trouble: string) => void): Promise<DataFolderLock> {
    const file = join(dataDir, LOCK_FILE)
    let lock: FileLock | null
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 })
      lock = FileLock.take(file)
    } catch (error) {
      onTrouble(`${file} cannot be locked (${(error as Error).message}): that no other Polder uses this dataDir cannot be made sure of`)
      return new DataFolderLock(null)
    }
    if (lock === null && !takesOver) {
      const holder = await askShield<'hello'>(join(dataDir, CONTROL_SOCKET_NAME), { ask: 'hello' }, ASK_MS).then(({ pid }: Hello) => `process ${pid}`, () => 'another process')
      throw new Error(`${dataDir} belongs to ${holder}, a running Polder: end that one first (systemctl stop polder, or kill -TERM), or give this one a dataDir of its own in its settings file; to replace it without losing a visitor: kill -USR2`)
    }
    const taken = new DataFolderLock(lock)
    if (lock === null) taken.#takeLater(file)
    return taken
  }

  #takeLater(file: string): void {
    this.#timer = setInterval(() => {
      try {
        this.#lock = FileLock.take(file)
      } catch {
        // Looked at again; a disk that fails is told of by whoever must write.
      }
      if (this.#lock !== null) clearInterval(this.#timer!)
    }, LOOK_MS)
    this.#timer.unref()
  }

  /** From now on another process may have it. Safe to call again. */
  release(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#lock?.release()
    this.#lock = null
  }
}
