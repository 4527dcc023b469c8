/** The points behind the charts: those of the chosen range, kept up with every second, bounded, and mended where seconds were missed. */
import { computed, signal } from '@preact/signals'
import type { HistoryAnswer, HistoryPoint } from '../../../src/contract/console.ts'
import { get, sentenceOf } from '../api.ts'

export const ranges = Object.freeze({ '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '6h': 21_600_000, '24h': 86_400_000, '7d': 604_800_000, '90d': 7_776_000_000 } as const)
export type RangeName = keyof typeof ranges

const MOST_POINTS = 600
/** More between two seconds than this is a hole. */
const HOLE_MS = 2_500

export const range = signal<RangeName>('15m')
export const points = signal<readonly HistoryPoint[]>([])
export const stepMs = signal(1_000)
/** `loading`, `there`, or the sentence why it is not. */
export const historyState = signal('loading')
/** The newest point, whatever the range. */
export const lastPoint = signal<HistoryPoint | null>(null)
/** From when to when the charts show. */
export const shownSpan = computed(() => {
  const to = lastPoint.value?.atWallMs ?? points.value.at(-1)?.atWallMs ?? Date.now()
  return { from: to - ranges[range.value], to }
})

let asked = 0
let loading = false
let loadedAtWallMs = 0

export async function loadHistory(): Promise<void> {
  const mine = ++asked
  loading = true
  const to = Math.max(Date.now(), lastPoint.peek()?.atWallMs ?? 0)
  const from = to - ranges[range.peek()]
  try {
    const answer = await get<HistoryAnswer>(`history?from=${from}&to=${to}&most=${MOST_POINTS}`)
    if (mine !== asked) return
    stepMs.value = answer.stepMs
    const last = answer.points.at(-1)?.atWallMs ?? 0
    // Seconds that came while this was on its way.
    points.value = [...answer.points, ...points.peek().filter((point) => point.atWallMs > last && answer.stepMs <= 1_000)]
    historyState.value = 'there'
    loadedAtWallMs = Date.now()
  } catch (error) {
    if (mine === asked) historyState.value = sentenceOf(error)
  } finally {
    if (mine === asked) loading = false
  }
}

export function chooseRange(name: RangeName): void {
  if (range.peek() === name) return
  range.value = name
  points.value = []
  historyState.value = 'loading'
  void loadHistory()
}

export function noteSecond(point: HistoryPoint): void {
  const before = lastPoint.peek()
  lastPoint.value = point
  if (loading) {
    if (stepMs.peek() <= 1_000) points.value = [...points.peek(), point].slice(-3_600)
    return
  }
  const hole = before !== null && point.atWallMs - before.atWallMs > HOLE_MS
  const stale = stepMs.peek() > 1_000 && Date.now() - loadedAtWallMs > stepMs.peek()
  if (hole || stale || historyState.peek() !== 'there') {
    void loadHistory()
    return
  }
  if (stepMs.peek() > 1_000) return
  const from = point.atWallMs - ranges[range.peek()]
  const kept = points.peek()
  if ((kept.at(-1)?.atWallMs ?? 0) >= point.atWallMs) return
  let first = 0
  while (first < kept.length && kept[first].atWallMs < from) first++
  points.value = [...kept.slice(first), point]
}

export function nearestPoint(atWallMs: number, list: readonly HistoryPoint[] = points.peek()): HistoryPoint | null {
  if (list.length === 0) return null
  let low = 0
  let high = list.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle].atWallMs < atWallMs) low = middle + 1
    else high = middle
  }
  const before = list[Math.max(0, low - 1)]
  return Math.abs(before.atWallMs - atWallMs) < Math.abs(list[low].atWallMs - atWallMs) ? before : list[low]
}
