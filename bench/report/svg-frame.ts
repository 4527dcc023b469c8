/** The frame of every plot: text stays text, and the colours follow the reader's light or dark setting. */

export const seriesColours = ['--c1', '--c2', '--c3', '--c4', '--c5', '--c6'] as const

export function svgFrame(width: number, height: number, title: string, description: string, inside: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description" font-family="system-ui, sans-serif" font-size="13">
<title id="title">${escapeXml(title)}</title>
<desc id="description">${escapeXml(description)}</desc>
<style>
:root { --ink: #1b1f24; --soft: #57606a; --grid: #d0d7de; --paper: #ffffff; --c1: #0b62c4; --c2: #7d8590; --c3: #9a6700; --c4: #1a7f37; --c5: #8250df; --c6: #bf3989; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --grid: #3d444d; --paper: #0d1117; --c1: #58a6ff; --c2: #9198a1; --c3: #d29922; --c4: #3fb950; --c5: #bc8cff; --c6: #f778ba; } }
text { fill: var(--ink); } .soft { fill: var(--soft); } .grid { stroke: var(--grid); stroke-width: 1; } .whisker { stroke: var(--ink); stroke-width: 1.5; }
</style>
<rect width="${width}" height="${height}" style="fill: var(--paper)"/>
${inside}
</svg>
`
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** A coordinate with one decimal. */
export function place(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `value`. */
export function niceCeiling(value: number): number {
  if (!(value > 1e-9)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  for (const step of [1, 2, 2.5, 5, 10]) if (step * power >= value * 0.999_999) return step * power
  return 10 * power
}
