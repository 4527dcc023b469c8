/**
 * Brings one calendar source from its file or URL into events. Bounded in bytes, time and memory, whatever the other side sends; nothing of it runs in the
 * data plane. @throws Error with a sentence for the operator.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { SECOND_MS } from '../../kernel/units.ts'
import type { IcsJob, IcsReport } from './ics-thread.ts'
import type { IcsReading } from './read-ics.ts'

const MOST_REDIRECTS = 3
const READ_WITHIN_MS = 20 * SECOND_MS
const THREAD_MEMORY = Object.freeze({ maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: 256 })

export interface Fetched {
  /** null: not changed since `validators`. */
  readonly text: string | null
  readonly validators: Validators
}

export interface Validators {
  readonly etag: string | null
  readonly lastModified: string | null
}

export const noValidators: Validators = Object.freeze({ etag: null, lastModified: null })

export async function readCalendarFile(path: string, mostBytes: number): Promise<string> {
  let file
  try {
    // Not waiting for the other end of a pipe.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Error(code === 'ENOENT' ? `${path} does not exist` : `${path} cannot be read (${code ?? (error as Error).message})`, { cause: error })
  }
  try {
    const facts = await file.stat()
    if (!facts.isFile()) throw new Error(`${path} is not a file`)
    if (facts.size > mostBytes) throw new Error(`${path} has ${facts.size} bytes; calendar.maxFileBytes allows ${mostBytes}`)
    return decode(await file.readFile())
  } finally {
    await file.close()
  }
}

/** User name and password of the URL go into an Authorization field, to its own host only. */
export async function fetchCalendar(from: string, mostBytes: number, withinMs: number, known: Validators): Promise<Fetched> {
  const signal = AbortSignal.timeout(withinMs)
  let url = new URL(from)
  const authorization = url.username === '' ? null : `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}`
  const firstHost = url.host
  url.username = url.password = ''
  for (let hop = 0; ; hop++) {
    const headers: Record<string, string> = { accept: 'text/calendar, text/plain;q=0.5', 'user-agent': 'Polder calendar' }
    if (authorization !== null && url.host === firstHost) headers['authorization'] = authorization
    if (known.etag !== null) headers['if-none-match'] = known.etag
    if (known.lastModified !== null) headers['if-modified-since'] = known.lastModified
    let response: Response
    try {
      response = await fetch(url, { headers, redirect: 'manual', signal })
    } catch (error) {
      throw new Error(signal.aborted ? `${url.host} did not answer within ${withinMs / SECOND_MS} s` : `${url.host} cannot be reached (${causeOf(error)})`, { cause: error })
    }
    if (response.status === 304) return { text: null, validators: known }
    const location = response.headers.get('location')
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel()
      const next = URL.parse(location, url.href)
      if (next === null || !/^https?:$/.test(next.protocol) || (url.protocol === 'https:' && next.protocol !== 'https:')) throw new Error(`${url.host} sends on to a place that is not taken`)
      if (hop >= MOST_REDIRECTS) throw new Error(`${url.host} sends on more than ${MOST_REDIRECTS} times`)
      next.username = next.password = ''
      url = next
      continue
    }
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`${url.host} answers ${response.status}`)
    }
    const pieces: Uint8Array[] = []
    let bytes = 0
    try {
      for await (const piece of response.body ?? []) {
        bytes += piece.length
        if (bytes > mostBytes) throw new RangeError(`${url.host} sends more than ${mostBytes} bytes (calendar.maxFileBytes)`)
        pieces.push(piece)
      }
    } catch (error) {
      if (error instanceof RangeError) throw error
      throw new Error(signal.aborted ? `${url.host} did not finish its answer within ${withinMs / SECOND_MS} s` : `${url.host} broke off its answer (${causeOf(error)})`, { cause: error })
    }
    return { text: decode(Buffer.concat(pieces)), validators: { etag: response.headers.get('etag'), lastModified: response.headers.get('last-modified') } }
  }
}

function causeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? (error as Error).message
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('is not UTF-8 text, as iCalendar files are')
  }
}

/** Works the events out in a thread that is ended when it takes too long or too much. */
export function workOut(job: IcsJob): Promise<IcsReading> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./ics-thread.ts', import.meta.url), { workerData: job, resourceLimits: THREAD_MEMORY, stdout: false, stderr: false })
    const timer = setTimeout(() => {
      reject(new Error(`took longer than ${READ_WITHIN_MS / SECOND_MS} s to work out: its repetitions are not reasonable`))
      void worker.terminate()
    }, READ_WITHIN_MS)
    worker.on('message', (report: IcsReport) => {
      if ('reading' in report) resolve(report.reading)
      else reject(new Error(report.failed))
      void worker.terminate()
    })
    worker.on('error', (error) => reject(new Error((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'needs more memory to work out than a calendar should' : error instanceof Error ? error.message : String(error))))
    worker.on('exit', () => {
      clearTimeout(timer)
      reject(new Error('could not be worked out'))
    })
  })
}

/** Where it comes from, without user name and password. */
export function shownSource(from: string): string {
  if (!/^https?:\/\//i.test(from)) return from
  const url = new URL(from)
  url.username = url.password = ''
  return url.href
}
