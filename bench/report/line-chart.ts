/** Lines over time, one panel for each kind of value, because they have different units. */
import { escapeXml, niceCeiling, place, seriesColours, svgFrame } from './svg-frame.ts'

export interface Panel {
  readonly title: string
  readonly unit: string
  readonly lines: ReadonlyArray<{ readonly label: string; readonly values: readonly number[] }>
}

const WIDTH = 860
const LEFT = 70
const RIGHT = 20
const PANEL = 150

/** `xs`: seconds. Each panel starts at 0, so that growth is not made to look larger than it is. `markX`: a line where the judgement begins. */
export function lineChart(title: string, description: string, xs: readonly number[], panels: readonly Panel[], markX: number): string {
  const last = xs.at(-1) ?? 1
  const x = (seconds: number): number => LEFT + (seconds / last) * (WIDTH - LEFT - RIGHT)
  const parts = [`<text x="16" y="26" font-size="16" font-weight="600">${escapeXml(title)}</text>`]
  let top = 44
  for (const panel of panels) {
    const most = niceCeiling(Math.max(...panel.lines.flatMap((line) => [...line.values]), Number.MIN_VALUE))
    const base = top + PANEL - 24
    const y = (value: number): number => base - (value / most) * (PANEL - 56)
    parts.push(`<text x="16" y="${top + 14}" font-weight="600">${escapeXml(panel.title)}</text>`)
    for (const share of [0, 0.5, 1]) {
      parts.push(
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${place(y(most * share))}" y2="${place(y(most * share))}"/>`,
        `<text class="soft" x="${LEFT - 8}" y="${place(y(most * share) + 4)}" text-anchor="end">${escapeXml(`${Math.round(most * share * 100) / 100} ${share === 1 ? panel.unit : ''}`.trim())}</text>`,
      )
    }
    parts.push(`<line class="grid" x1="${place(x(markX))}" x2="${place(x(markX))}" y1="${place(y(most))}" y2="${place(base)}" stroke-dasharray="4 3"/>`)
    panel.lines.forEach((line, i) => {
      const colour = seriesColours[i % seriesColours.length]
      const points = line.values.map((value, j) => `${place(x(xs[j]))},${place(y(value))}`).join(' ')
      parts.push(
        `<polyline points="${points}" fill="none" style="stroke: var(${colour})" stroke-width="2"/>`,
        `<text x="${LEFT + 130 + i * 170}" y="${top + 14}" style="fill: var(${colour})">${escapeXml(line.label)}</text>`,
      )
    })
    top += PANEL
  }
  for (let i = 0; i <= 5; i++) parts.push(`<text class="soft" x="${place(x((last * i) / 5))}" y="${top}" text-anchor="middle">${Math.round((last * i) / 5)} s</text>`)
  return svgFrame(WIDTH, top + 16, title, description, parts.join('\n'))
}
