/**
 * The last 90 days at a glance: every second for an hour, ten seconds for a day, a minute for 90 days. The last hour is also in memory, so that the console shows it
 * when the disk is full or gone. Reads never touch the planes. Writes go to the disk every few seconds, in the console's own thread.
 */
import type { HistoryAnswer, HistoryPoint, KeptMoment } from '../../contract/console.ts'
import type { KeptTop } from '../../contract/explore.ts'
import type { ControlEvent } from '../../contract/control.ts'
import type { ShieldStatus } from '../../contract/control-socket.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/units.ts'
import { mergePoints } from './history-meter.ts'
import { type HistoryStore, historySteps } from './history-store.ts'

const WRITE_EVERY_MS = 5 * SECOND_MS
const MOMENT_EVERY_MS = 10 * SECOND_MS
/** Samples are of the ten seconds before the moment they stand beside. */
const SAMPLES_GOOD_MS = 2 * MOMENT_EVERY_MS
const MOST_POINTS = 2_000
const MOST_AROUND = 200
/** Not yet on the disk; more than this only when the disk refuses, and then the oldest go. */
const MOST_WAITING_POINTS = 7_200
const MOST_WAITING_EVENTS = 2_000
const MOST_WAITING_MOMENTS = 16

export class History {
  readonly #store: HistoryStore
  #recent: HistoryPoint[] = []
  #bins = new Map<number, HistoryPoint>()
  #points: Array<{ stepMs: number; point: HistoryPoint }> = []
  #events: ControlEvent[] = []
  #moments: Array<{ status: ShieldStatus; samples: readonly KeptTop[] | null }> = []
  #writtenAtMs = Number.NEGATIVE_INFINITY
  #momentAtMs = Number.NEGATIVE_INFINITY

  /** What a crash left of the steps that were open is made again from the seconds. */
  constructor(store: HistoryStore) {
    this.#store = store
    const secondsTo = store.keptTo(SECOND_MS)
    for (const { stepMs } of historySteps.slice(1)) {
      const keptTo = store.keptTo(stepMs)
      for (const point of store.points(SECOND_MS, Math.max(keptTo, secondsTo - HOUR_MS), secondsTo)) this.#bin(stepMs, point)
    }
  }

  get suspended(): string | null {
    return this.#store.trouble
  }

  /** One second. `status` trimmed, `happened`: new since the second before. Returns whether samples are wanted for the moment (`keepSamples`). */
  add(nowMs: number, status: ShieldStatus, point: HistoryPoint, happened: readonly ControlEvent[]): boolean {
    this.#recent.push(point)
    const from = point.atWallMs - HOUR_MS
    if (this.#recent.length > HOUR_MS / SECOND_MS || this.#recent[0]!.atWallMs < from) this.#recent = this.#recent.filter((one) => one.atWallMs >= from).slice(-HOUR_MS / SECOND_MS)
    this.#points.push({ stepMs: SECOND_MS, point })
    for (const { stepMs } of historySteps.slice(1)) this.#bin(stepMs, point)
    if (this.#points.length > MOST_WAITING_POINTS) this.#points = this.#points.slice(-MOST_WAITING_POINTS / 2)
    this.#events.push(...happened)
    if (this.#events.length > MOST_WAITING_EVENTS) this.#events = this.#events.slice(-MOST_WAITING_EVENTS)
    const due = nowMs - this.#momentAtMs >= MOMENT_EVERY_MS
    if (due || happened.length > 0) {
      this.#moments.push({ status, samples: null })
      if (this.#moments.length > MOST_WAITING_MOMENTS) this.#moments.shift()
    }
    if (due) this.#momentAtMs = nowMs
    if (nowMs - this.#writtenAtMs >= WRITE_EVERY_MS && !due) this.flush(nowMs, status.atWallMs)
    return due
  }

  /** For the newest moment; comes a little later than the second itself. */
  keepSamples(atWallMs: number, samples: readonly KeptTop[]): void {
    const moment = this.#moments.findLast((one) => one.status.atWallMs === atWallMs)
    if (moment !== undefined) moment.samples = samples
  }

  flush(nowMs: number, nowWallMs: number): void {
    this.#writtenAtMs = nowMs
    this.#store.write(nowMs, nowWallMs, { points: this.#points, moments: this.#moments, events: this.#events })
    if (this.#store.trouble !== null) return
    this.#points = []
    this.#moments = []
    this.#events = []
  }

  /** What is open of the coarser steps is written too. */
  close(nowMs: number, nowWallMs: number): void {
    for (const [stepMs, point] of this.#bins) this.#points.push({ stepMs, point })
    this.#bins.clear()
    this.flush(nowMs, nowWallMs)
    this.#store.close()
  }

  /** The finest step that fits in `most` points and is still kept from there on. */
  read(fromWallMs: number, toWallMs: number, most: number, nowWallMs: number): HistoryAnswer {
    const wanted = Math.max(1, Math.min(MOST_POINTS, most))
    const found = historySteps.find(({ stepMs, keptMs }) => (toWallMs - fromWallMs) / stepMs <= wanted && fromWallMs >= nowWallMs - keptMs)
    const { stepMs } = found ?? historySteps.at(-1)!
    const points = this.#pointsOf(stepMs, fromWallMs, toWallMs)
    const keptFromWallMs = stepMs === SECOND_MS ? (this.#recent[0]?.atWallMs ?? null) : this.#store.keptFrom(stepMs)
    const times = Math.ceil((toWallMs - fromWallMs) / stepMs / wanted)
    if (times <= 1) return { stepMs, points, keptFromWallMs }
    const wide = stepMs * times
    const groups = Map.groupBy(points, (point) => Math.ceil(point.atWallMs / wide))
    return { stepMs: wide, points: [...groups.values()].map((group) => mergePoints(group)), keptFromWallMs }
  }

  /** Now, from the store or what waits for it. */
  moment(atWallMs: number): KeptMoment | null {
    const waiting = this.#moments.findLast((one) => one.status.atWallMs <= atWallMs)
    const status = waiting?.status ?? this.#store.moment(atWallMs)
    if (status === null) return null
    const at = status.atWallMs
    const samples = this.#moments.findLast((one) => one.samples !== null && one.status.atWallMs <= at && at - one.status.atWallMs < SAMPLES_GOOD_MS)?.samples ?? this.#store.samplesBefore(at, SAMPLES_GOOD_MS)
    return { atWallMs: at, status, samples, events: this.events(at - MINUTE_MS, at + MINUTE_MS) }
  }

  events(fromWallMs: number, toWallMs: number): readonly ControlEvent[] {
    return [...this.#store.events(fromWallMs, toWallMs, MOST_AROUND), ...this.#events.filter((one) => one.atWallMs >= fromWallMs && one.atWallMs <= toWallMs)].slice(-MOST_AROUND)
  }

  samples(fromWallMs: number, toWallMs: number, most: number): ReturnType<HistoryStore['samples']> {
    return this.#store.samples(fromWallMs, toWallMs, most)
  }

  #pointsOf(stepMs: number, fromWallMs: number, toWallMs: number): readonly HistoryPoint[] {
    const within = (point: HistoryPoint): boolean => point.atWallMs > fromWallMs && point.atWallMs <= toWallMs
    if (stepMs === SECOND_MS) {
      const [first] = this.#recent
      const before = first === undefined || first.atWallMs > fromWallMs ? this.#store.points(stepMs, fromWallMs, Math.min(toWallMs, (first?.atWallMs ?? Number.MAX_SAFE_INTEGER) - 1)) : []
      return [...before, ...this.#recent.filter(within)]
    }
    const waiting = this.#points.filter((one) => one.stepMs === stepMs).map((one) => one.point)
    const open = this.#bins.get(stepMs)
    const known = new Map([...this.#store.points(stepMs, fromWallMs, toWallMs), ...waiting, ...(open === undefined ? [] : [open])].filter(within).map((point) => [Math.ceil(point.atWallMs / stepMs), point]))
    return [...known.values()]
  }

  #bin(stepMs: number, point: HistoryPoint): void {
    const open = this.#bins.get(stepMs)
    if (open === undefined) this.#bins.set(stepMs, point)
    else if (Math.ceil(open.atWallMs / stepMs) === Math.ceil(point.atWallMs / stepMs)) this.#bins.set(stepMs, mergePoints([open, point]))
    else {
      this.#points.push({ stepMs, point: open })
      this.#bins.set(stepMs, point)
    }
  }
}
