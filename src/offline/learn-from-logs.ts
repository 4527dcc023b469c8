/**
 * `polder learn`: fills the baseline from access logs, so that a new shield knows its site on the first day. Same hashes, same counters, same sample sizes
 * as live learning. Flat memory, one pass; nothing is written before everything was read. Bad lines are counted, never fatal.
 * A log of a flood would teach the flood: the operator is told to leave such days out, and each hour's rates are trimmed as in live learning.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import type { BaselineSize, LearnedFile, LearnProgress, LearnSummary } from '../contract/log-learning.ts'
import { Baseline } from '../controlplane/detection/baseline.ts'
import { type SavedBaseline, parseBaseline, serialiseBaseline } from '../controlplane/detection/baseline-file.ts'
import { readLogFile, storedBytes } from '../controlplane/learn/log-file.ts'
import { LogLineReader } from '../controlplane/learn/log-line.ts'
import type { Clock } from '../kernel/clock.ts'
import { SeededRandom } from '../kernel/random.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { BASELINE_FILE, LEARNED_FILE } from '../shield/data-files.ts'
import { featureKey, readFeatureKey } from '../shield/feature-key.ts'
import { LogLearner } from './log-learner.ts'
import { hostOfReferer, LoggedTraffic } from './logged-traffic.ts'

const SOURCE_SLOTS = 2 ** 20
const PEEKED_LINES = 2_000
/** A host named by so much of the referers is the site itself: most referers of a site are its own pages. */
const OWN_HOST_SHARE = 0.3

export interface LearnOptions {
  readonly files: readonly string[]
  readonly settings: Settings
  /** Own host names, over those of the settings. */
  readonly hosts: readonly string[]
  readonly dryRun: boolean
  readonly shieldRuns: boolean
  readonly clock: Clock
  onProgress(progress: LearnProgress): void
}

/** @throws Error when a file cannot be opened, or no line of any could be read. */
export async function learnFromLogs(options: LearnOptions): Promise<LearnSummary> {
  const started = options.clock.monotonicMs()
  const notes: string[] = []
  const peeked = await peekLogs(options.files)
  const hosts = options.hosts.length > 0 ? options.hosts : options.settings.hosts.length > 0 ? options.settings.hosts : peeked.hosts
  if (hosts.length === 0) notes.push('the site\'s own name is not known, so visitors who come from its own pages look like strangers: give --host NAME, or hosts in the settings')
  const { dataDir } = options.settings
  const key = options.dryRun ? (readFeatureKey(dataDir) ?? 0) : featureKey(dataDir, (trouble) => notes.push(trouble))
  const target = join(dataDir, options.shieldRuns ? LEARNED_FILE : BASELINE_FILE)
  const saved = readSaved(target, key, notes)
  const before = sizeOf(saved.baseline)
  const learner = new LogLearner(new LoggedTraffic({ featureKey: key, routes: options.settings.routes, hosts, sourceSlots: SOURCE_SLOTS }), (wallMs, words) => saved.baseline.learnRow(wallMs, words))
  const totalBytes = peeked.files.reduce((sum, { bytes }) => sum + bytes, 0)
  let doneBytes = 0
  const files: LearnedFile[] = []
  for (const { file, bytes } of peeked.files) {
    files.push(await learner.file(file, bytes, (read) => options.onProgress({ doneBytes: doneBytes + read, totalBytes, lines: learner.lines, file })))
    doneBytes += bytes
    options.onProgress({ doneBytes, totalBytes, lines: learner.lines, file })
  }
  if (learner.requests === 0) throw new Error(`no line could be read as a request${learner.badSamples.length === 0 ? '' : `; the first: ${learner.badSamples[0].why}`}`)
  const { minutes, gaps, perSecond } = learner.finish((wallMs, ratePerSecond) => saved.baseline.learnMinute(wallMs, ratePerSecond))
  if (learner.shortened > 0.9) notes.push('addresses in these logs are shortened (they end in .0 or ::): what clients of one network do counts together, so page-only clients are seen less often than they are')
  if (learner.unreadable > 0.2) notes.push('more than one line in five could not be read: is this an access log in combined or JSON format?')
  if (!options.dryRun) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    writeFileSync(`${target}.new`, serialiseBaseline(saved.baseline, key), { mode: 0o600 })
    renameSync(`${target}.new`, target)
  }
  return {
    files, before, minutes, gaps, perSecond, hosts, notes,
    lines: learner.lines, requests: learner.requests, badLines: learner.badLines, badSamples: learner.badSamples,
    fromWallMs: learner.fromWallMs, toWallMs: learner.toWallMs, rows: learner.rows,
    after: sizeOf(saved.baseline),
    writtenTo: options.dryRun ? '' : target,
    shieldRuns: options.shieldRuns,
    seconds: (options.clock.monotonicMs() - started) / SECOND_MS,
  }
}

/** A look at the beginning of each file: when it starts, and whose site it is. Files in order of time. @throws when one cannot be opened. */
export async function peekLogs(files: readonly string[]): Promise<{ readonly files: ReadonlyArray<{ readonly file: string; readonly bytes: number }>; readonly hosts: readonly string[] }> {
  const reader = new LogLineReader()
  const referers = new Map<string, number>()
  let named = 0
  const starts: Array<{ file: string; bytes: number; at: number }> = []
  for (const file of files) {
    let at = Number.POSITIVE_INFINITY
    let lines = 0
    await readLogFile(file, {
      onProgress: () => {},
      onLongLine: () => {},
      onLine: (text) => {
        if (reader.read(text) === null) {
          at = Math.min(at, reader.request.atWallMs)
          const host = hostOfReferer(reader.request.referer)
          if (host !== '') {
            named++
            referers.set(host, (referers.get(host) ?? 0) + 1)
          }
        }
        return ++lines < PEEKED_LINES
      },
    })
    starts.push({ file, bytes: storedBytes(file), at })
  }
  starts.sort((a, b) => a.at - b.at)
  const [host, count] = [...referers].sort((a, b) => b[1] - a[1])[0] ?? ['', 0]
  return { files: starts, hosts: named >= 20 && count >= named * OWN_HOST_SHARE ? [host] : [] }
}

function readSaved(file: string, key: number, notes: string[]): SavedBaseline {
  const random = new SeededRandom(2_024)
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { baseline: new Baseline(random), featureKey: key }
  }
  try {
    const saved = parseBaseline(bytes, random)
    if (saved.featureKey === key >>> 0) return saved
    notes.push(`${file} was learned with another key and is of no use; it is replaced`)
  } catch (error) {
    notes.push(`${file} cannot be used (${(error as Error).message}); it is replaced`)
  }
  return { baseline: new Baseline(random), featureKey: key }
}

function sizeOf(baseline: Baseline): BaselineSize {
  return { minutes: baseline.minutesLearned, rows: baseline.rowsHeld, coldStart: baseline.coldStart }
}

