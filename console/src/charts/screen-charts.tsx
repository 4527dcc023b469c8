/** The five charts of the one screen, and what each says in words. */
import type { HistoryPoint } from '../../../src/contract/console.ts'
import { clockTime, count, percent } from '../format.ts'
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
        return `${count(asked(last) ?? 0)}/s${usual === null ? '' : `, usual ${count(usual)}/s`}${top === null ? '' : `; highest ${count(top.value)}/s at ${clockTime(top.atWallMs)}`}.`
      }} />
      <Chart title={words.answers} unit={words.perSecond} series={answers} summary={(list) => {
        const sum = (pick: (point: HistoryPoint) => number): number => list.reduce((total, point) => total + Math.max(0, pick(point)), 0)
        return `${count(sum((point) => point.served))} served, ${count(sum((point) => point.refused))} refused, ${count(sum((point) => point.failed))} failed in this range.`
      }} />
      <Chart title={words.latency} unit={words.ms} series={latency} atLeast={50} summary={(list) => {
        const top = highest(list, latency[0].pick)
        const median = latency[1].pick(list.at(-1)!)
        return `${median === null ? 'Not asked now' : `Median ${count(median)} ms`}${top === null ? '' : `; slowest ${count(top.value)} ms at ${clockTime(top.atWallMs)}`}.`
      }} />
      <Chart title={words.load} unit={words.requests} series={load} atLeast={4} summary={(list) => {
        const last = list.at(-1)!
        return `${count(Math.max(0, last.inFlight))} of ${count(Math.max(0, last.limit))} at once, ${count(Math.max(0, last.queue))} wait.`
      }} />
      <Chart title={words.cache} unit={words.share} series={stored} atLeast={92.6} summary={(list) => {
        const last = list.at(-1)!
        return `${percent(Math.max(0, last.fromCacheShare))} from the store, ${percent(Math.max(0, last.lifelineShare))} from the lifeline.`
      }} />
    </div>
  )
}
