/** The store thread: chooses what leaves the memory store and keeps last good copies on disk. No visitor waits for it; without it the workers serve on. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { ThreadOrder, ThreadReport } from '../contract/thread.ts'
import { systemClock } from '../kernel/clock.ts'
import { processLog } from '../kernel/log.ts'
import { CacheShared } from './cache/cache-shared.ts'
import { DiskStore } from './cache/disk-store.ts'
import { CacheKeeper } from './cache/keeper.ts'
import { LinkedBus, Links } from './links.ts'
import type { StoreStart } from './worker-start.ts'

const TICK_MS = 100
const REPORT_MS = 1_000
/** Of the memory store, filled from disk at start; the rest is for what visitors ask now. */
const WARM_SHARE = 0.8

if (parentPort === null) throw new Error('the store runs as a worker thread')
const main = parentPort
const start = workerData as StoreStart
const log = processLog('store')
const links = new Links((_from, message) => {
  if (message.type === 'cache') bus.hear(message.message)
})
const bus = new LinkedBus(links)
const shared = new CacheShared(start.cache, start.hashKey)
const disk = openDisk()
const keeper = new CacheKeeper({ shared, bus, clock: systemClock, disk, maxVariantsPerKey: start.settings.maxVariantsPerKey })

function openDisk(): DiskStore | null {
  if (start.settings.diskBytes === 0) return null
  try {
    mkdirSync(dirname(start.settings.diskPath), { recursive: true, mode: 0o700 })
    return new DiskStore({
      path: start.settings.diskPath, maxBytes: start.settings.diskBytes, hashKey: start.hashKey, wallMs: () => systemClock.wallMs(),
      log: (event, detail) => log.warn(`last good copies: ${event}: ${detail}`, { event, path: start.settings.diskPath }),
    })
  } catch (error) {
    log.error(`last good copies cannot be kept: ${start.settings.diskPath}: ${(error as Error).message}; serving goes on from memory`)
    return null
  }
}

let asking = false

/** After a restart: once, when the lines to all workers are laid, because each of them answers with all it holds. */
function askWhatWorkersHold(): void {
  if (asking) return
  asking = true
  setImmediate(() => {
    asking = false
    keeper.joined()
  })
}

main.on('message', (order: ThreadOrder<unknown>) => {
  if (order.type === 'link') {
    links.add(order.peer, order.port)
    askWhatWorkersHold()
  } else if (order.type === 'drain') {
    clearInterval(ticking)
    keeper.close()
    report({ type: 'drained' })
  }
})

function report(message: ThreadReport): void {
  main.postMessage(message)
}

// A store thread that follows a dead one finds the memory taken: the workers hold it, and say what.
const loaded = shared.usedBytes > 0 ? 0 : keeper.warmStart(shared.budgetBytes * WARM_SHARE)
if (loaded > 0) log.info(`${loaded} last good copies loaded from disk`)
const ticking = setInterval(() => keeper.tick(), TICK_MS)
setInterval(() => {
  const state = disk?.state()
  report({
    type: 'store-state',
    state: {
      diskRows: state?.rows ?? 0, diskBytes: state?.bytes ?? 0, diskFailures: disk === null ? 0 : disk.counts.failedBatches + disk.counts.failedReads,
      suspended: state?.suspended ?? disk === null, evicted: shared.evicted,
    },
  })
}, REPORT_MS)
report({ type: 'ready', sockets: [] })
