/** The requests of a log in order of time, for a replay: with their own times, or spread evenly where a log's times are artificial. */
import { readLogFile } from '../controlplane/learn/log-file.ts'
import { type LoggedRequest, LogLineReader } from '../controlplane/learn/log-line.ts'
import { MINUTE_MS, SECOND_MS } from '../kernel/units.ts'

/** Kept in memory: some 600 MB of heap at most. */
export const MOST_REQUESTS = 2_000_000
/** A client that was silent for longer begins a new visit. */
const VISIT_GAP_MS = 10 * MINUTE_MS
/** Wednesday noon. */
const SPREAD_FROM_MS = Date.UTC(2024, 5, 5, 12)

export interface Timeline {
  readonly requests: readonly LoggedRequest[]
  readonly badLines: number
}

/** All requests of the log. @throws Error when there are more than a replay can hold, or none. */
export async function readTimeline(file: string): Promise<Timeline> {
  const reader = new LogLineReader()
  const requests: LoggedRequest[] = []
  let badLines = 0
  await readLogFile(file, {
    onProgress: () => {},
    onLongLine: () => badLines++,
    onLine: (text) => {
      if (reader.read(text) === null) requests.push({ ...reader.request })
      else badLines++
      return requests.length <= MOST_REQUESTS
    },
  })
  if (requests.length > MOST_REQUESTS) throw new Error(`${file} has more than ${MOST_REQUESTS} requests: replay a part of it (head, tail or zgrep of some days)`)
  if (requests.length < 100) throw new Error(`${file} has ${requests.length} readable requests${badLines === 0 ? '' : ` and ${badLines} bad lines`}: too few to replay`)
  requests.sort((a, b) => a.atWallMs - b.atWallMs)
  return { requests, badLines }
}

/**
 * So many requests a second, whatever the log's times say: visits keep their order and the pauses inside them, and begin so that the rate is even.
 * For logs whose times are artificial, or too quiet to say anything.
 */
export function spread(requests: readonly LoggedRequest[], perSecond: number): LoggedRequest[] {
  const visits = new Map<string, { startedAtMs: number; lastAtMs: number; newStartMs: number }>()
  return requests
    .map((request, i) => {
      let visit = visits.get(request.client)
      if (visit === undefined || request.atWallMs - visit.lastAtMs > VISIT_GAP_MS) {
        visit = { startedAtMs: request.atWallMs, lastAtMs: 0, newStartMs: SPREAD_FROM_MS + (i / perSecond) * SECOND_MS }
        visits.set(request.client, visit)
      }
      visit.lastAtMs = request.atWallMs
      return { ...request, atWallMs: Math.round(visit.newStartMs + (request.atWallMs - visit.startedAtMs)) }
    })
    .sort((a, b) => a.atWallMs - b.atWallMs)
}

/** Visits by their first request: the same client without a long silence. */
export function visitsOf(requests: readonly LoggedRequest[]): LoggedRequest[][] {
  const open = new Map<string, LoggedRequest[]>()
  const visits: LoggedRequest[][] = []
  for (const request of requests) {
    const visit = open.get(request.client)
    if (visit !== undefined && request.atWallMs - visit.at(-1)!.atWallMs <= VISIT_GAP_MS) visit.push(request)
    else {
      const fresh = [request]
      open.set(request.client, fresh)
      visits.push(fresh)
    }
  }
  return visits
}
