/** One picture of a page, or of what a command wrote to its terminal; for script/screenshots. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'

export const root = join(import.meta.dirname, '..')

export interface Look {
  readonly colorScheme?: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
  readonly locale?: string
  /** Run in the page before its own scripts. */
  readonly before?: string
  /** Done on the page before the picture. */
  readonly act?: (page: Page) => Promise<void>
}

/** `url` in a window of this size. */
export async function takePicture(browser: Browser, file: string, url: string, { colorScheme = 'light', width = 1_200, height = 800, locale = 'en-GB', before, act }: Look = {}): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale, reducedMotion: 'reduce', ignoreHTTPSErrors: true })
  try {
    if (before !== undefined) await context.addInitScript(before)
    const page = await context.newPage()
    await page.goto(url, { waitUntil: 'networkidle' })
    await act?.(page)
    await page.screenshot({ path: file })
    process.stdout.write(`${file}\n`)
  } finally {
    await context.close()
  }
}

/** `polder …` run in `place`, as it looks in a terminal. */
export async function takeTerminalPicture(browser: Browser, file: string, args: string, place: string, width = 1_000): Promise<void> {
  const { NO_COLOR: _, ...environment } = process.env
  // script(1) gives it a terminal, for which it writes colours.
  const ran = spawnSync('script', ['-qec', `${join(root, 'bin/polder')} ${args}`, '/dev/null'], { cwd: place, encoding: 'utf8', env: { ...environment, TERM: 'xterm-256color' } })
  const context = await browser.newContext({ viewport: { width, height: 200 } })
  try {
    const page = await context.newPage()
    await page.setContent(terminalPage(`polder ${args}`, ran.stdout.replaceAll('\r\n', '\n').trimEnd()))
    await page.locator('pre').screenshot({ path: file })
    process.stdout.write(`${file}\n`)
  } finally {
    await context.close()
  }
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** A few lines of a terminal as a picture: bold and colours as the command wrote them. */
function terminalPage(command: string, output: string): string {
  const classes: Readonly<Record<string, string>> = { 1: 'bold', 2: 'dim', 31: 'red', 32: 'green', 33: 'yellow', 36: 'cyan' }
  let open = 0
  // oxlint-disable-next-line no-control-regex -- the colours of a terminal begin with one
  const marked = escaped(output).replaceAll(/\u001B\[([0-9;]*)m/g, (_, codes: string) => {
    const close = '</span>'.repeat(open)
    open = 0
    const names = codes.split(';').map((code) => classes[code]).filter((name) => name !== undefined)
    if (names.length === 0) return close
    open = 1
    return `${close}<span class="${names.join(' ')}">`
  })
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #14181d; color: #d7dde4; font: 15px/1.5 'DejaVu Sans Mono', monospace; }
    pre { margin: 0; padding: 24px 28px; white-space: pre-wrap; } .prompt { color: #7d8894; } .bold { font-weight: bold; } .dim { color: #8d98a4; }
    .red { color: #ff7b72; } .green { color: #7ee787; } .yellow { color: #e3b341; } .cyan { color: #79c0ff; }
  </style><pre><span class="prompt">$</span> ${escaped(command)}\n${marked}</pre>`
}
