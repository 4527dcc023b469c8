/** One scenario over time: what was sent, what visitors got from each program, and where Polder stood. */
import { escapeXml, niceCeiling, place, seriesColours, svgFrame } from '../report/svg-frame.ts'
import type { SavedRun } from './saved-results.ts'

const WIDTH = 860
const LEFT = 70
const RIGHT = 20
const PANEL = 150
const BAND = 18
const bandColours: Readonly<Record<string, string>> = { NORMAL: '--grid', WATCH: '--c1', STRAIN: '--c3', ATTACK: '--c6', EMERGENCY: '--c5' }

/** `runs`: of one scenario, one per program, Polder's first if there is one. */
export function scenarioPlot(title: string, runs: readonly SavedRun[]): string {
  const { phases } = runs[0]
  const seconds = (phases.warmMs + phases.attackMs + phases.afterMs) / 1_000
  const x = (second: number): number => LEFT + (second / seconds) * (WIDTH - LEFT - RIGHT)
  const parts = [`<text x="16" y="26" font-size="16" font-weight="600">${escapeXml(title)}</text>`]
  for (const at of [phases.warmMs, phases.warmMs + phases.attackMs]) {
    parts.push(`<line class="grid" x1="${place(x(at / 1_000))}" x2="${place(x(at / 1_000))}" y1="44" y2="${44 + 2 * PANEL + 2 * BAND}" stroke-dasharray="4 3"/>`)
  }
  parts.push(...panel(44, 'Requests per second', x, [
    { label: 'visitors, offered', values: runs[0].score.seconds.map((one) => one.offered) },
    { label: 'attackers, sent', values: runs[0].score.seconds.map((one) => one.attack) },
  ]))
  parts.push(...panel(44 + PANEL, 'Goodput of visitors', x, runs.map((run) => ({ label: `${run.peer} ${run.peer === 'none' ? '' : run.form}`.trim(), values: run.score.seconds.map((one) => (one.offered === 0 ? 1 : one.right / one.offered)) }))))
  const polder = runs.find((run) => run.peer === 'polder')
  let bottom = 44 + 2 * PANEL
  if (polder !== undefined) {
    parts.push(...band(bottom, x, polder, seconds))
    bottom += 2 * BAND
  }
  for (let i = 0; i <= 6; i++) parts.push(`<text class="soft" x="${place(x((seconds * i) / 6))}" y="${bottom + 14}" text-anchor="middle">${Math.round((seconds * i) / 6)} s</text>`)
  return svgFrame(WIDTH, bottom + 28, title, 'Requests per second, share of visitors served within two seconds, and the state of the shield, over time', parts.join('\n'))
}

function panel(top: number, title: string, x: (second: number) => number, lines: ReadonlyArray<{ readonly label: string; readonly values: readonly number[] }>): string[] {
  const most = niceCeiling(Math.max(...lines.flatMap((line) => [...line.values]), Number.MIN_VALUE))
  const base = top + PANEL - 24
  const y = (value: number): number => base - (value / most) * (PANEL - 56)
  const parts = [`<text x="16" y="${top + 14}" font-weight="600">${escapeXml(title)}</text>`]
  for (const share of [0, 0.5, 1]) {
    parts.push(
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${place(y(most * share))}" y2="${place(y(most * share))}"/>`,
      `<text class="soft" x="${LEFT - 8}" y="${place(y(most * share) + 4)}" text-anchor="end">${Math.round(most * share * 100) / 100}</text>`,
    )
  }
  lines.forEach((line, i) => {
    const colour = seriesColours[i % seriesColours.length]
    parts.push(
      `<polyline points="${line.values.map((value, second) => `${place(x(second + 0.5))},${place(y(value))}`).join(' ')}" fill="none" style="stroke: var(${colour})" stroke-width="2"/>`,
      `<text x="${LEFT + 130 + i * 150}" y="${top + 14}" style="fill: var(${colour})">${escapeXml(line.label)}</text>`,
    )
  })
  return parts
}

function band(top: number, x: (second: number) => number, run: SavedRun, seconds: number): string[] {
  const changes = [{ at: 0, state: 'NORMAL' }, ...run.events.filter((event) => event.to !== null).map((event) => ({ at: (event.atWallMs - run.beganWallMs) / 1_000, state: event.to! }))]
  const parts: string[] = []
  changes.forEach(({ at, state }, i) => {
    const from = x(Math.min(seconds, Math.max(0, at)))
    const until = x(Math.min(seconds, changes[i + 1]?.at ?? seconds))
    if (until <= from) return
    parts.push(`<rect x="${place(from)}" y="${top}" width="${place(until - from)}" height="${BAND}" style="fill: var(${bandColours[state]})"/>`)
    if (until - from > 70) parts.push(`<text class="soft" x="${place(from + 4)}" y="${top + 2 * BAND - 4}">${state}</text>`)
  })
  return parts
}
