/** The thread that reads one file and ends: a second of reading must not hold up a tick. */
import { parentPort, workerData } from 'node:worker_threads'
import { loadNetworkFile, type LoadedNetworks } from './load-network-file.ts'
import type { NetworkTable } from './network-table.ts'

export type LoadingReport =
  | { readonly type: 'progress'; readonly share: number }
  | { readonly type: 'loaded'; readonly loaded: LoadedNetworks }
  | { readonly type: 'failed'; readonly message: string }

const port = parentPort
if (port === null) throw new Error('runs as a worker thread')
let told = -1
const report = (message: LoadingReport, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

try {
  const loaded = await loadNetworkFile((workerData as { readonly path: string }).path, (share) => {
    const percent = Math.floor(share * 100)
    if (percent <= told) return
    told = percent
    report({ type: 'progress', share })
  })
  report({ type: 'loaded', loaded }, buffersOf(loaded.table))
} catch (error) {
  const code = (error as NodeJS.ErrnoException).code
  report({ type: 'failed', message: code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'cannot be read (EACCES)' : (error as Error).message })
}

function buffersOf(table: NetworkTable): ArrayBuffer[] {
  const arrays = [table.countries, table.asns, table.nameEnds, ...[table.v4, table.v6].flatMap((ranges) => [ranges.startHigh, ranges.startLow, ranges.endHigh, ranges.endLow, ranges.values])]
  return arrays.filter((array) => array !== null).map((array) => array.buffer as ArrayBuffer)
}
