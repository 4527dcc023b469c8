/**
 * A chart over the chosen range. Beside it, for everyone who does not see it: a sentence, and the same numbers as a table. Dragging over it, or the arrow keys
 * on it, show that moment on the whole screen.
 */
import { signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import type { HistoryPoint } from '../../../src/contract/console.ts'
import { clockTime, count, timeOfDay, utc } from '../format.ts'
import { historyState, nearestPoint, points, shownSpan, stepMs } from '../live/history.ts'
import { backToLive, momentAtWallMs, showMoment } from '../live/moment.ts'
import { texts } from '../texts.ts'

export interface ChartSeries {
  readonly label: string
  /** Names the colour: --chart-TONE. */
  readonly tone: string
  readonly look: 'line' | 'dashed' | 'area' | 'edge'
  /** null: not known then. */
  readonly pick: (point: HistoryPoint) => number | null
}

export interface ChartProps {
  readonly title: string
  readonly unit: string
  readonly series: readonly ChartSeries[]
  /** In words, for the newest points. */
  readonly summary: (points: readonly HistoryPoint[]) => string
  /** Fills between these two series (places in `series`, upper first). */
  readonly band?: readonly [number, number]
  /** Upper end that the axis always shows. */
  readonly atLeast?: number
}

/** Where the pointer is, on all charts at once; wall ms. */
const hoverAt = signal<number | null>(null)
const theme = signal(0)
for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) matchMedia(query).addEventListener('change', () => theme.value++)

const HEIGHT = 132
const TABLE_ROWS = 12
/** The room of the numbers on the left, and of half a time below: no time is cut off at the right edge. */
const AXIS_SIZE = 48
const HALF_LABEL = 24
const NARROW = 400
const sync = uPlot.sync('time')

function colour(tone: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--chart-${tone}`).trim() || 'gray'
}

function axisTime(seconds: number, spanMs: number): string {
  return seconds % 60 !== 0 ? clockTime(seconds * 1_000) : spanMs > 172_800_000 ? timeOfDay(seconds * 1_000, 0).slice(5, 10) : timeOfDay(seconds * 1_000, seconds * 1_000)
}

function dataOf(series: readonly ChartSeries[], list: readonly HistoryPoint[]): uPlot.AlignedData {
  return [list.map((point) => point.atWallMs / 1_000), ...series.map((one) => list.map(one.pick))] as uPlot.AlignedData
}

/** With a hole (null) where Polder did not run. */
function withHoles(list: readonly HistoryPoint[], step: number): readonly HistoryPoint[] {
  const whole: HistoryPoint[] = []
  for (const point of list) {
    const before = whole.at(-1)
    if (before !== undefined && point.atWallMs - before.atWallMs > 3.5 * step) whole.push({ ...before, atWallMs: before.atWallMs + step, asked: Number.NaN, seconds: 0 })
    whole.push(point)
  }
  return whole
}

function drawMoment(plot: uPlot): void {
  const at = momentAtWallMs.peek()
  if (at === null) return
  const x = plot.valToPos(at / 1_000, 'x', true)
  const { ctx, bbox } = plot
  if (x < bbox.left || x > bbox.left + bbox.width) return
  ctx.save()
  ctx.strokeStyle = colour('moment')
  ctx.lineWidth = 2 * devicePixelRatio
  ctx.beginPath()
  ctx.moveTo(x, bbox.top)
  ctx.lineTo(x, bbox.top + bbox.height)
  ctx.stroke()
  ctx.restore()
}

function optionsOf(props: ChartProps, width: number): uPlot.Options {
  const grid = { stroke: () => colour('grid'), width: 1 }
  const axis = { stroke: () => colour('text'), font: '12px system-ui, sans-serif', grid, ticks: { show: false } }
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    // No room is taken on the right beyond half a label.
    padding: [8, 12, 0, 0],
    cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { show: false }, sync: { key: 'time' } },
    scales: {
      x: { time: true, range: () => [shownSpan.peek().from / 1_000, shownSpan.peek().to / 1_000] },
      y: { range: (_plot, _low, high) => [0, Math.max(props.atLeast ?? 1, (high ?? 0) * 1.08)] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: (plot) => (plot.width < NARROW ? 50 : 72), size: 24, values: (plot, splits) => splits.map((value) => (plot.valToPos(value, 'x') > plot.width - AXIS_SIZE - HALF_LABEL ? '' : axisTime(value, shownSpan.peek().to - shownSpan.peek().from))) },
      { ...axis, size: AXIS_SIZE, space: 28, values: (_plot, splits) => splits.map((value) => (value >= 10_000 ? `${count(value / 1_000)}k` : count(value))) },
    ],
    series: [
      {},
      ...props.series.map((one): uPlot.Series => ({
        label: one.label,
        stroke: () => colour(one.tone),
        width: one.look === 'edge' ? 0 : 1.5,
        ...(one.look === 'dashed' ? { dash: [5, 4] } : {}),
        ...(one.look === 'area' ? { fill: () => `color-mix(in srgb, ${colour(one.tone)} 18%, transparent)` } : {}),
        points: { show: false },
        spanGaps: false,
      })),
    ],
    ...(props.band === undefined ? {} : { bands: [{ series: [props.band[0] + 1, props.band[1] + 1] as [number, number], fill: () => colour('band') }] }),
    hooks: {
      draw: [drawMoment],
      setCursor: [(plot) => {
        const left = plot.cursor.left ?? -1
        hoverAt.value = left < 0 ? null : plot.posToVal(left, 'x') * 1_000
      }],
    },
  }
}

/** Drag or click: that moment. */
function watchPointer(plot: uPlot): void {
  const { over } = plot
  const show = (event: PointerEvent): void => {
    const box = over.getBoundingClientRect()
    const { from, to } = shownSpan.peek()
    showMoment(Math.min(to, Math.max(from, plot.posToVal(event.clientX - box.left, 'x') * 1_000)))
  }
  over.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return
    over.setPointerCapture(event.pointerId)
    show(event)
  })
  over.addEventListener('pointermove', (event) => {
    if (over.hasPointerCapture(event.pointerId)) show(event)
  })
}

function onKey(event: KeyboardEvent): void {
  const { from, to } = shownSpan.peek()
  const at = momentAtWallMs.peek() ?? to
  const step = Math.max(stepMs.peek(), (to - from) / 300)
  const move = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -10 * step, PageUp: 10 * step, Home: from - at, End: Number.POSITIVE_INFINITY }[event.key]
  if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  if (at + move >= to) backToLive()
  else showMoment(Math.max(from, at + move))
}

function Legend({ series, point }: { series: readonly ChartSeries[]; point: HistoryPoint | null }) {
  return (
    <ul class="legend">
      {series.map((one) => {
        const value = point === null ? null : one.pick(point)
        return (
          <li key={one.label}>
            <span class={`swatch look-${one.look} tone-${one.tone}`} aria-hidden="true" />
            {one.label} <b>{value === null || Number.isNaN(value) ? '–' : count(value)}</b>
          </li>
        )
      })}
    </ul>
  )
}

function PointsTable({ title, series, list }: { title: string; series: readonly ChartSeries[]; list: readonly HistoryPoint[] }) {
  const [open, setOpen] = useState(false)
  const every = Math.max(1, Math.ceil(list.length / TABLE_ROWS))
  const rows = open ? list.filter((_, place) => (list.length - 1 - place) % every === 0).reverse() : []
  return (
    <details class="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{texts.table}<span class="hidden">: {title}</span></summary>
      {open && (
        <table class="numbers">
          <thead><tr><th scope="col">{texts.now.charts.time}</th>{series.map((one) => <th key={one.label} scope="col">{one.label}</th>)}</tr></thead>
          <tbody>{rows.map((point) => <tr key={point.atWallMs}><th scope="row">{clockTime(point.atWallMs)}</th>{series.map((one) => { const value = one.pick(point); return <td key={one.label}>{value === null ? '–' : count(value)}</td> })}</tr>)}</tbody>
        </table>
      )}
    </details>
  )
}

export function Chart(props: ChartProps) {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const list = points.value
  const { from, to } = shownSpan.value
  const at = momentAtWallMs.value

  useEffect(() => {
    const element = holder.current
    if (element === null) return
    const made = new uPlot(optionsOf(props, Math.max(120, element.clientWidth)), dataOf(props.series, withHoles(points.peek(), stepMs.peek())), element)
    plot.current = made
    watchPointer(made)
    sync.sub(made)
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height: HEIGHT })
    })
    resized.observe(element)
    return () => {
      resized.disconnect()
      sync.unsub(made)
      made.destroy()
      plot.current = null
    }
  }, [])
  useEffect(() => {
    plot.current?.setData(dataOf(props.series, withHoles(list, stepMs.peek())))
  }, [list, from])
  useEffect(() => {
    plot.current?.redraw(false, true)
  }, [at, theme.value, utc.value])

  const point = nearestPoint(hoverAt.value ?? at ?? to, list)
  const summary = list.length === 0 ? (historyState.value === 'loading' ? texts.loading : historyState.value === 'there' ? texts.now.charts.noData : texts.now.charts.failed_) : props.summary(list)
  return (
    <figure class="chart">
      <figcaption>
        <h3>{props.title} <small>{props.unit}</small></h3>
        <p class="summary">{summary}</p>
      </figcaption>
      <div
        ref={holder} class="plot" role="slider" tabIndex={0} aria-label={props.title} aria-valuemin={Math.round(from)} aria-valuemax={Math.round(to)} aria-valuenow={Math.round(at ?? to)}
        aria-valuetext={`${at === null ? texts.times.now : clockTime(at)}: ${props.series.map((one) => { const value = point === null ? null : one.pick(point); return `${one.label} ${value === null ? texts.unknown : count(value)}` }).join(', ')}, ${props.unit}`}
        onKeyDown={onKey}
      />
      <Legend series={props.series} point={point} />
      <PointsTable title={props.title} series={props.series} list={list} />
    </figure>
  )
}
