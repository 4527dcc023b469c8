/**
 * Tells when the content of the settings file changed. Watches its folder, because editors and configuration tools replace files by renaming,
 * and the folder of its target when it is a symbolic link. Looks at the content at most once per `settleMs`, however busy the folder is,
 * and tells only of content that differs from the last one. Never judges the content.
 */
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, watch, type FSWatcher } from 'node:fs'
import { dirname } from 'node:path'

/** Long enough for an editor to finish writing, short enough to feel immediate. */
const SETTLE_MS = 300

export interface FileWatch {
  close(): void
}

export interface FileWatchOptions {
  readonly settleMs?: number
  /** Digest of the content already in use (LoadedSettings.digest); '' when there is none. */
  readonly digest: string
  readonly onChange: () => void
  /** Watching failed; changes are then only seen on SIGHUP. */
  readonly onError: (error: Error) => void
}

export function watchFile(file: string, { settleMs = SETTLE_MS, digest, onChange, onError }: FileWatchOptions): FileWatch {
  let last = digest
  let timer: NodeJS.Timeout | null = null
  let closed = false
  const watchers = new Map<string, FSWatcher>()

  const look = (): void => {
    timer = null
    if (closed) return
    follow()
    let bytes: Uint8Array
    try {
      bytes = readFileSync(file)
    } catch {
      return // between the two halves of a replacement, or taken away: the settings in use stay
    }
    const now = createHash('sha256').update(bytes).digest('hex')
    if (now === last) return
    last = now
    onChange()
  }
  const soon = (): void => {
    if (timer !== null || closed) return
    timer = setTimeout(look, settleMs)
    timer.unref()
  }
  const follow = (): void => {
    const folders = new Set([dirname(file)])
    try {
      folders.add(dirname(realpathSync(file)))
    } catch {
      // not there just now
    }
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      watchers.delete(folder)
    }
    for (const folder of folders) if (!watchers.has(folder)) open(folder)
  }
  const open = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, soon)
      watcher.on('error', (error) => {
        watcher.close()
        watchers.delete(folder)
        onError(error)
      })
      watchers.set(folder, watcher)
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)))
    }
  }

  follow()
  // What changed between loading and watching.
  soon()
  return {
    close() {
      closed = true
      if (timer !== null) clearTimeout(timer)
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}
