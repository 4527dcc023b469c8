/** The five charts of the one screen, and what each says in words. */
import type { HistoryPoint } from '../../../src/contract/console.ts'
import { clockTime } from '../format.ts'
import { texts } from '../texts.ts'
import { Chart, type ChartSeries } from './chart.tsx'

const words = texts.now.charts
const known = (value: number): number | null => (value < 0 || Number.isNaN(value) ? null : value)
const perSecond = (pick: (point: HistoryPoint) => number) => (point: HistoryPoint): number | null => (point.seconds <= 0 ? null : known(pick(point) / point.seconds))

function highest(list: readonly HistoryPoint[], pick: (point: HistoryPoint) => number | null): { value: number; atWallMs: number } | null {
  let top: { value: number; atWallMs: number } | null = null
  for (const point of list) {
    const value = pick(point)
    if (value !== null && (top === null || value > top.value)) top = { value, atWallMs: point.atWallMs }
  }
  return top
}

const asked = perSecond((point) => point.asked)
const rate: readonly ChartSeries[] = [
  { label: words.band, tone: 'usual', look: 'edge', pick: (point) => known(point.bandHigh) },
  { label: words.expected, tone: 'usual', look: 'dashed', pick: (point) => known(point.expectedRate) },
  { label: words.asked, tone: 'asked', look: 'line', pick: asked },
]
const answers: readonly ChartSeries[] = [
  { label: words.served, tone: 'served', look: 'area', pick: perSecond((point) => point.served) },
  { label: words.refused, tone: 'refused', look: 'line', pick: perSecond((point) => point.refused) },
  { label: words.challenged, tone: 'challenged', look: 'dashed', pick: perSecond((point) => point.challenged) },
  { label: words.failed, tone: 'failed', look: 'line', pick: perSecond((point) => point.failed) },
]
const latency: readonly ChartSeries[] = [
  { label: words.p99, tone: 'slow', look: 'line', pick: (point) => known(point.originP99Ms) },
  { label: words.p50, tone: 'asked', look: 'line', pick: (point) => known(point.originP50Ms) },
]
const load: readonly ChartSeries[] = [
  { label: words.limit, tone: 'usual', look: 'dashed', pick: (point) => known(point.limit) },
  { label: words.inFlight, tone: 'asked', look: 'area', pick: (point) => known(point.inFlight) },
  { label: words.queue, tone: 'slow', look: 'line', pick: (point) => known(point.queue) },
]
const stored: readonly ChartSeries[] = [
  { label: words.fromCache, tone: 'served', look: 'area', pick: (point) => (point.fromCacheShare < 0 || point.seconds <= 0 ? null : point.fromCacheShare * 100) },
  { label: texts.now.lifeline, tone: 'slow', look: 'line', pick: (point) => (point.lifelineShare < 0 || point.seconds <= 0 ? null : point.lifelineShare * 100) },
]

export function ScreenCharts() {
  return (
    <div class="charts">
      <Chart title={words.rate} unit={words.perSecond} series={rate} band={[0, 1]} summary={(list) => {
        const last = list.at(-1)!
        const top = highest(list, asked)
        const usual = known(last.expectedRate)
        return words.rateNow(asked(last) ?? 0, usual, top?.value ?? null, top === null ? '' : clockTime(top.atWallMs))
      }} />
      <Chart title={words.answers} unit={words.perSecond} series={answers} summary={(list) => {
        const sum = (pick: (point: HistoryPoint) => number): number => list.reduce((total, point) => total + Math.max(0, pick(point)), 0)
        return words.answersSum(sum((point) => point.served), sum((point) => point.refused), sum((point) => point.failed))
      }} />
      <Chart title={words.latency} unit={words.ms} series={latency} atLeast={50} summary={(list) => {
        const top = highest(list, latency[0].pick)
        const median = latency[1].pick(list.at(-1)!)
        return words.latencyNow(median, top?.value ?? null, top === null ? '' : clockTime(top.atWallMs))
      }} />
      <Chart title={words.load} unit={words.requests} series={load} atLeast={4} summary={(list) => {
        const last = list.at(-1)!
        return words.loadNow(Math.max(0, last.inFlight), Math.max(0, last.limit), Math.max(0, last.queue))
      }} />
      <Chart title={words.cache} unit={words.share} series={stored} atLeast={92.6} summary={(list) => {
        const last = list.at(-1)!
        return words.storedNow(Math.max(0, last.fromCacheShare), Math.max(0, last.lifelineShare))
      }} />
    </div>
  )
}
