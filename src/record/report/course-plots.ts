/** The two drawings of a report: what was asked and what became of it, and how the origin fared. */
import type { CourseSpan, MeasuredCourse } from './measured-course.ts'
import { numberText } from './figure-text.ts'
import type { Plot, PlotSeries } from './report-document.ts'
import { timeText } from '../../kernel/zoned-time.ts'

/** A gap longer than this between two measures breaks the line (the longest span is a minute). */
const GAP_MS = 90_000

/** Empty when nothing was measured. */
export function coursePlots(course: MeasuredCourse, timeZone: string): Plot[] {
  const { spans } = course
  if (spans.length < 2) return []
  const plots = [
    plotOf(course, timeZone, 'rate', 'Requests', 'per second', [
      seriesOf(spans, 'asked', (span) => span.received),
      seriesOf(spans, 'served', (span) => span.served),
      seriesOf(spans, 'turned away', (span) => span.refused),
      seriesOf(spans, 'lost', (span) => span.lost),
      seriesOf(spans, 'usual', (span) => span.expected),
    ]),
    plotOf(course, timeZone, 'latency', 'Time the origin took to answer', 'ms', [
      seriesOf(spans, 'half of the answers were faster (p50)', (span) => span.latencyP50Ms),
      seriesOf(spans, 'slowest hundredth of the worst second (p99)', (span) => span.latencyP99Ms),
    ]),
  ]
  return plots.filter((plot) => plot.series.length > 0)
}

function seriesOf(spans: readonly CourseSpan[], name: string, read: (span: CourseSpan) => number | null): PlotSeries {
  const points: Array<readonly [number, number | null]> = []
  let lastEnd = Number.NaN
  for (const span of spans) {
    if (span.fromWallMs - lastEnd > GAP_MS) points.push([lastEnd, null])
    const value = read(span)
    points.push([(span.fromWallMs + span.toWallMs) / 2, value === null ? null : Math.round(value * 100) / 100])
    lastEnd = span.toWallMs
  }
  return { name, points }
}

function plotOf(course: MeasuredCourse, timeZone: string, id: string, title: string, unit: string, all: readonly PlotSeries[]): Plot {
  const series = all.filter((one) => one.points.some(([, value]) => value !== null))
  const fromWallMs = course.spans[0]!.fromWallMs
  const toWallMs = course.spans.at(-1)!.toWallMs
  const said = series.map((one) => {
    let highest: readonly [number, number] = [0, Number.NEGATIVE_INFINITY]
    for (const [at, value] of one.points) if (value !== null && value > highest[1]) highest = [at, value]
    return `${one.name}: at most ${numberText(highest[1])} ${unit}, at ${timeText(highest[0], timeZone)}`
  })
  const highest = Math.max(...series.flatMap((one) => one.points.map(([, value]) => value ?? 0)), 0)
  return { id, title, unit, fromWallMs, toWallMs, top: niceTop(highest), series, from: course.from, description: `Lines from ${timeText(fromWallMs, timeZone)} to ${timeText(toWallMs, timeZone)}, averages of each measured span. ${said.join('. ')}.` }
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function niceTop(highest: number): number {
  if (!(highest > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(highest))
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= highest) ?? 10) * power
}
