/**
 * One holder of a file among all processes of the machine. The lock is the kernel's own (a POSIX record lock that SQLite takes on an empty file), so that it
 * ends with the process that holds it, however that dies: nothing stale is ever left to be cleared away by hand, and no number of a process is trusted.
 */
import { DatabaseSync } from 'node:sqlite'

/** SQLITE_BUSY */
const BUSY = 5

export class FileLock {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Makes the file when it is not there. null: somebody holds it, in this process or another. @throws a system error. */
  static take(file: string): FileLock | null {
    const database = new DatabaseSync(file, { timeout: 0 })
    try {
      database.exec('BEGIN EXCLUSIVE')
      return new FileLock(database)
    } catch (error) {
      database.close()
      if ((error as { errcode?: number }).errcode === BUSY) return null
      throw error
    }
  }

  /** Only once. */
  release(): void {
    this.#database.close()
  }
}
