/**
 * Pictures for the README and the manual, taken of a running shield on free ports: the page as visitors see it (light and dark), the same page while
 * the origin is dead, the page of a refusal, and `polder check` on a file with mistakes. Writes docs/pictures/, or the folder given as first argument.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { launchChromium } from '../test/support/chromium.ts'
import { PolderProcess } from '../test/support/polder-process.ts'
import { SampleSiteProcess } from '../test/support/sample-site-process.ts'

const root = join(import.meta.dirname, '..')
const folder = process.argv[2] ?? join(root, 'docs/pictures')
const WIDTH = 1_200
const HEIGHT = 800

interface Look {
  readonly colorScheme?: 'light' | 'dark'
  readonly height?: number
}

async function picture(browser: Browser, name: string, url: string, { colorScheme = 'light', height = HEIGHT }: Look = {}): Promise<void> {
  const context = await browser.newContext({ viewport: { width: WIDTH, height }, colorScheme, locale: 'en-GB', reducedMotion: 'reduce', ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.screenshot({ path: join(folder, `${name}.png`) })
  await context.close()
  process.stdout.write(`${name}.png\n`)
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

async function checkPicture(browser: Browser): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), 'polder-picture-'))
  writeFileSync(join(place, 'polder.yaml'), 'listen: 127.0.0.1:8080\norigin: http://127.0.0.1:8080\nroutes:\n  - { path: /search, class: serach }\nedge: { headerDeadlineMs: 300ms }\nrules:\n  - { path: /admin*, action: blok }\n')
  const { NO_COLOR: _, ...environment } = process.env
  // script(1) gives it a terminal, for which it writes colours.
  const checked = spawnSync('script', ['-qec', `${join(root, 'bin/polder')} check -c polder.yaml`, '/dev/null'], { cwd: place, encoding: 'utf8', env: { ...environment, TERM: 'xterm-256color' } })
  rmSync(place, { recursive: true })
  const context = await browser.newContext({ viewport: { width: 1_000, height: 200 } })
  const page = await context.newPage()
  await page.setContent(terminalPage('polder check -c polder.yaml', checked.stdout.replaceAll('\r\n', '\n').trimEnd()))
  await page.locator('pre').screenshot({ path: join(folder, 'check.png') })
  await context.close()
  process.stdout.write('check.png\n')
}

mkdirSync(folder, { recursive: true })
const site = await SampleSiteProcess.start({ documents: 4_000 })
const polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${site.url}\nworkers: 2\nrules:\n  - { path: /blocked, action: block }\n`)
const browser = await launchChromium('--force-device-scale-factor=1', '--hide-scrollbars')
try {
  await picture(browser, 'home-light', `${polder.url}/`)
  await picture(browser, 'home-dark', `${polder.url}/`, { colorScheme: 'dark' })
  await picture(browser, 'refusal', `${polder.url}/blocked`, { height: 420 })
  await site.kill()
  await picture(browser, 'home-origin-dead', `${polder.url}/`)
  await picture(browser, 'never-seen-origin-dead', `${polder.url}/search?q=harbour`, { height: 420 })
  await checkPicture(browser)
} finally {
  await browser.close()
  await polder.stop()
  await site.kill()
}
