/** A plot as lines in a box of any size: shared by SVG and PDF, so that both show the same. Lines differ by dash and number, not by colour alone. */
import { DAY_MS, MINUTE_MS } from '../../kernel/units.ts'
import { numberText } from './figure-text.ts'
import type { Plot } from './report-document.ts'

export interface PlotLine {
  readonly name: string
  /** Stands at the line's highest point and in the legend. */
  readonly number: number
  readonly colour: string
  /** SVG and PDF alike: on, off, …; empty for an unbroken line. */
  readonly dash: readonly number[]
  readonly pieces: ReadonlyArray<ReadonlyArray<readonly [x: number, y: number]>>
  readonly highest: readonly [x: number, y: number]
}

export interface PlotBox {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface PlotTick {
  readonly at: number
  readonly text: string
}

/** Contrast to white at least 4.5 (WCAG 2.2, 1.4.11 asks for 3). */
const styles = [
  { colour: '#0b3d91', dash: [] },
  { colour: '#1b6e3a', dash: [6, 3] },
  { colour: '#a3270e', dash: [2, 2] },
  { colour: '#6a1b7a', dash: [8, 3, 2, 3] },
  { colour: '#555555', dash: [1, 3] },
] as const

export function plotLines(plot: Plot, box: PlotBox): PlotLine[] {
  const span = Math.max(plot.toWallMs - plot.fromWallMs, 1)
  const x = (at: number): number => box.left + (Math.min(Math.max(at - plot.fromWallMs, 0), span) / span) * box.width
  const y = (value: number): number => box.top + box.height - (Math.min(Math.max(value, 0), plot.top) / plot.top) * box.height
  return plot.series.slice(0, styles.length).map((series, index) => {
    const pieces: Array<Array<readonly [number, number]>> = [[]]
    let highest: readonly [number, number] = [box.left, box.top + box.height]
    for (const [at, value] of series.points) {
      if (value === null) {
        if (pieces.at(-1)!.length > 0) pieces.push([])
        continue
      }
      const point = [round(x(at)), round(y(value))] as const
      pieces.at(-1)!.push(point)
      if (point[1] < highest[1]) highest = point
    }
    return { name: series.name, number: index + 1, ...styles[index]!, pieces: pieces.filter((piece) => piece.length > 0), highest }
  })
}

export function valueTicks(plot: Plot, box: PlotBox): PlotTick[] {
  return [0, 0.5, 1].map((share) => ({ at: round(box.top + box.height * (1 - share)), text: numberText(plot.top * share) }))
}

/** Five moments in UTC. */
export function timeTicks(plot: Plot, box: PlotBox): PlotTick[] {
  const span = plot.toWallMs - plot.fromWallMs
  // Five marks of the same minute tell nobody when it was.
  const until = span < 10 * MINUTE_MS ? 19 : 16
  return [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const text = new Date(plot.fromWallMs + (plot.toWallMs - plot.fromWallMs) * share).toISOString()
    return { at: round(box.left + box.width * share), text: span > DAY_MS ? `${text.slice(5, 10)} ${text.slice(11, 16)}` : text.slice(11, until) }
  })
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
