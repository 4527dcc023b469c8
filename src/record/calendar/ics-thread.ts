/** The thread that reads one calendar file and ends: a hostile file costs this thread its time and memory, and nobody else anything. */
import { parentPort, workerData } from 'node:worker_threads'
import { type IcsReading, readIcs } from './read-ics.ts'

export interface IcsJob {
  readonly text: string
  readonly fromWallMs: number
  readonly toWallMs: number
  readonly zone: string
}

export type IcsReport = { readonly reading: IcsReading } | { readonly failed: string }

const port = parentPort
if (port === null) throw new Error('runs as a worker thread')
const { text, fromWallMs, toWallMs, zone } = workerData as IcsJob
let report: IcsReport
try {
  report = { reading: readIcs(text, fromWallMs, toWallMs, zone) }
} catch (error) {
  report = { failed: (error as Error).message }
}
port.postMessage(report)
