/**
 * One writer a journal: two chains in one folder would be none. The lock is the kernel's own (a POSIX record lock that SQLite takes on an empty file), so that
 * it ends with the process that holds it, however that dies; during an upgrade the new process waits until the old one lets go.
 */
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'

const LOCK_FILE = 'writer.lock'
/** SQLITE_BUSY */
const BUSY = 5

export class JournalLock {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** null: another process holds it. @throws a system error. */
  static take(folder: string): JournalLock | null {
    const database = new DatabaseSync(join(folder, LOCK_FILE), { timeout: 0 })
    try {
      database.exec('BEGIN EXCLUSIVE')
      return new JournalLock(database)
    } catch (error) {
      database.close()
      if ((error as { errcode?: number }).errcode === BUSY) return null
      throw error
    }
  }

  release(): void {
    this.#database.close()
  }
}
