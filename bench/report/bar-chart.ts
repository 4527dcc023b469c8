/** Horizontal bars in groups, with a whisker from the smallest to the largest run. */
import type { Spread } from '../measure/statistics.ts'
import { escapeXml, place, seriesColours, svgFrame } from './svg-frame.ts'

export interface BarGroup {
  readonly title: string
  readonly bars: ReadonlyArray<{ readonly label: string; readonly series: number; readonly spread: Spread; readonly text: string }>
}

const WIDTH = 860
const LABEL = 170
const VALUE = 150
const BAR = 20

/** Each group has a scale of its own, from 0 to its longest bar. */
export function barChart(title: string, description: string, groups: readonly BarGroup[]): string {
  let y = 46
  const parts = [`<text x="16" y="26" font-size="16" font-weight="600">${escapeXml(title)}</text>`]
  const room = WIDTH - LABEL - VALUE - 24
  for (const group of groups) {
    const top = Math.max(...group.bars.map((bar) => bar.spread.max), Number.MIN_VALUE)
    y += 14
    parts.push(`<text x="16" y="${y + 4}" font-weight="600">${escapeXml(group.title)}</text>`)
    y += 14
    for (const bar of group.bars) {
      const middle = y + BAR / 2
      const x = (value: number): string => place(LABEL + (value / top) * room)
      parts.push(
        `<text x="${LABEL - 8}" y="${place(middle + 4.5)}" text-anchor="end">${escapeXml(bar.label)}</text>`,
        `<rect x="${LABEL}" y="${y + 3}" width="${place((bar.spread.median / top) * room)}" height="${BAR - 6}" style="fill: var(${seriesColours[bar.series % seriesColours.length]})"/>`,
        `<line class="whisker" x1="${x(bar.spread.min)}" x2="${x(bar.spread.max)}" y1="${place(middle)}" y2="${place(middle)}"/>`,
        `<text class="soft" x="${WIDTH - VALUE - 8}" y="${place(middle + 4.5)}">${escapeXml(bar.text)}</text>`,
      )
      y += BAR
    }
    y += 6
  }
  return svgFrame(WIDTH, y + 16, title, description, parts.join('\n'))
}
