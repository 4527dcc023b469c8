/** A replay as one HTML page: plots as inline SVG, light and dark, no script, nothing loaded from anywhere. Text from logs is escaped. Pure. */
import type { ReplayResult, ReplaySecond } from '../../contract/replay.ts'
import { count, percent, span } from './plain-words.ts'
import { matchedText, replaySentences } from './replay-text.ts'

const WIDTH = 960
const LEFT = 56
const MOST_POINTS = 900

const style = `
:root{color-scheme:light dark;--ink:#1d2733;--soft:#5b6877;--line:#d5dbe2;--paper:#fff;--own:#1a6fb5;--bad:#c0392b;--band:#1a6fb522;--NORMAL:#2e9e5b33;--WATCH:#e6b80055;--STRAIN:#e67e2266;--ATTACK:#c0392b77;--EMERGENCY:#7b1fa288}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#9aa7b5;--line:#39434e;--paper:#14191f;--own:#64b0f0;--bad:#ff7b6b;--band:#64b0f033}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}svg{width:100%;height:auto;display:block}
text{fill:var(--soft);font:12px system-ui,sans-serif}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;border-bottom:1px solid var(--line);padding:.35rem .6rem .35rem 0}
.big{font-size:1.1rem}.soft{color:var(--soft)}`

export function replayPage(result: ReplayResult): string {
  const points = thinned(result.series)
  const sentences = replaySentences(result)
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Polder replay</title><style>${style}</style>
<h1>What Polder would have seen, decided and harmed</h1>
${sentences.map((sentence) => `<p class="big">${escaped(sentence)}</p>`).join('\n')}
<h2>Requests a second, and what is usual here</h2>
${ratePlot(points, result)}
<h2>What became of them</h2>
${fatePlot(points, result)}
<h2>Waiting for the origin, and rules that act on visitors</h2>
${originPlot(points, result)}
<h2>Rules Polder would have written</h2>
${rulesTable(result)}
<h2>What happened</h2>
<table><tr><th>second<th>what</tr>${result.events.slice(0, 60).map((event) => `<tr><td>${Math.round((event.atWallMs - result.replayed.fromWallMs) / 1_000)}<td>${escaped(event.sentence)}</tr>`).join('')}</table>
<h2>What these numbers cannot say</h2>
<ul>${result.caveats.map((caveat) => `<li>${escaped(caveat)}</li>`).join('')}</ul>
<p class="soft">Seed ${result.seed}; the same log and seed give the same page.</p>
</html>
`
}

interface Point extends ReplaySecond {
  readonly second: number
  /** Seconds this point stands for. */
  readonly width: number
}

/** Means over equal stretches, so that a day fits on a page. */
function thinned(series: readonly ReplaySecond[]): Point[] {
  const width = Math.max(1, Math.ceil(series.length / MOST_POINTS))
  const points: Point[] = []
  for (let from = 0; from < series.length; from += width) {
    const part = series.slice(from, from + width)
    const mean = (of: (one: ReplaySecond) => number): number => part.reduce((sum, one) => sum + of(one), 0) / part.length
    points.push({
      second: from, width: part.length, state: part.at(-1)!.state,
      own: mean((one) => one.own), injected: mean((one) => one.injected), expected: mean((one) => one.expected), low: mean((one) => one.low), high: mean((one) => one.high),
      ownRefused: mean((one) => one.ownRefused), ownChallenged: mean((one) => one.ownChallenged), injectedChallenged: mean((one) => one.injectedChallenged), ownShed: mean((one) => one.ownShed), injectedRefused: mean((one) => one.injectedRefused), injectedShed: mean((one) => one.injectedShed),
      waitMs: mean((one) => one.waitMs), rules: Math.max(...part.map((one) => one.rules)),
    })
  }
  return points
}

interface Line {
  readonly name: string
  readonly colour: string
  readonly dash?: string
  readonly of: (point: Point) => number
}

function plot(points: readonly Point[], result: ReplayResult, height: number, unit: string, lines: readonly Line[], band?: { readonly low: (point: Point) => number; readonly high: (point: Point) => number }): string {
  const seconds = Math.max(1, result.series.length)
  const top = Math.max(1e-9, ...points.flatMap((point) => [...lines.map((line) => line.of(point)), band === undefined ? 0 : band.high(point)])) * 1.05
  const x = (second: number): number => LEFT + (second / seconds) * (WIDTH - LEFT)
  const y = (value: number): number => height - 24 - (Math.min(value, top) / top) * (height - 44)
  const fixed = (value: number): string => value.toFixed(1)
  const path = (of: (point: Point) => number): string => points.map((point, i) => `${i === 0 ? 'M' : 'L'}${fixed(x(point.second + point.width / 2))} ${fixed(y(of(point)))}`).join('')
  const states = result.states.map(({ second, state }, i) => {
    const until = result.states[i + 1]?.second ?? seconds
    return `<rect x="${fixed(x(second))}" y="14" width="${fixed(Math.max(0, x(until) - x(second)))}" height="${height - 38}" fill="var(--${state})"><title>${state} from second ${second}</title></rect>`
  })
  const bandPath = band === undefined ? '' : `<path fill="var(--band)" d="${path(band.high)}${[...points].reverse().map((point) => `L${fixed(x(point.second + point.width / 2))} ${fixed(y(band.low(point)))}`).join('')}Z"/>`
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => `<text x="${fixed(x(share * seconds))}" y="${height - 6}" text-anchor="${share === 1 ? 'end' : share === 0 ? 'start' : 'middle'}">${span(share * seconds * 1_000)}</text>`).join('')
  const levels = [0, 0.5, 1].map((share) => `<text x="${LEFT - 6}" y="${fixed(y((share * top) / 1.05) + 4)}" text-anchor="end">${count((share * top) / 1.05)}</text><path stroke="var(--line)" d="M${LEFT} ${fixed(y((share * top) / 1.05))}H${WIDTH}"/>`).join('')
  const legend = lines.map((line, i) => `<path stroke="${line.colour}" stroke-width="2" stroke-dasharray="${line.dash ?? ''}" d="M${LEFT + i * 210} 7h24"/><text x="${LEFT + 30 + i * 210}" y="11">${escaped(line.name)}</text>`).join('')
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(lines.map((line) => line.name).join(', '))} over time, ${unit}">${states.join('')}${levels}${bandPath}${lines.map((line) => `<path fill="none" stroke="${line.colour}" stroke-width="1.5" stroke-dasharray="${line.dash ?? ''}" d="${path(line.of)}"/>`).join('')}${ticks}${legend}</svg>
<p class="soft">Background: ${[...new Set(result.states.map(({ state }) => state))].map((state) => `<span style="background:var(--${state});padding:0 .4em">${state}</span>`).join(' ')}</p>`
}

function ratePlot(points: readonly Point[], result: ReplayResult): string {
  return plot(points, result, 260, 'requests a second', [
    { name: 'the log', colour: 'var(--own)', of: (point) => point.own },
    { name: 'log and injected', colour: 'var(--bad)', of: (point) => point.own + point.injected },
    { name: 'usual', colour: 'var(--soft)', dash: '4 3', of: (point) => point.expected },
  ], { low: (point) => point.low, high: (point) => point.high })
}

function fatePlot(points: readonly Point[], result: ReplayResult): string {
  return plot(points, result, 260, 'requests a second', [
    { name: 'injected, stopped by rules', colour: 'var(--bad)', of: (point) => point.injectedRefused + point.injectedChallenged },
    { name: 'injected, turned away', colour: 'var(--bad)', dash: '4 3', of: (point) => point.injectedShed },
    { name: 'log, stopped by rules', colour: 'var(--own)', of: (point) => point.ownRefused + point.ownChallenged },
    { name: 'log, turned away', colour: 'var(--own)', dash: '4 3', of: (point) => point.ownShed },
  ])
}

function originPlot(points: readonly Point[], result: ReplayResult): string {
  return `${plot(points, result, 180, 'milliseconds', [{ name: 'wait, ms', colour: 'var(--own)', of: (point) => point.waitMs }])}
${plot(points, result, 120, 'rules', [{ name: 'rules that challenge, limit, block', colour: 'var(--bad)', of: (point) => point.rules }])}`
}

function rulesTable(result: ReplayResult): string {
  if (result.rules.length === 0) return '<p>None.</p>'
  const rows = result.rules.map((one) => {
    const { rule } = one
    return `<tr><td>${escaped(rule.sentence)}<br><span class="soft">${escaped(rule.history.map((entry) => entry.sentence).join('; '))}</span><td>${one.injectedMatched === 0 ? '–' : count(one.injectedMatched)}<td>${count(one.ownMatched)} of ${count(one.ownSeen)}${one.ownSeen === 0 ? '' : ` (${percent(one.ownMatched / one.ownSeen)})`}<td>${rule.evidence === null ? '–' : `at most ${percent(rule.evidence.harm.upperShare)}`}</tr>`
  })
  return `<p>${escaped(matchedText(result))}</p><table><tr><th>rule and its life<th>injected matched<th>log's own matched, of those that came<th>promised</tr>${rows.join('')}</table>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
