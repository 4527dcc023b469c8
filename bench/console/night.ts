/** Eight hours of an open console in some minutes: a real Chromium page, the console's own server on a simulated clock, weighed at 15 minutes, 1, 2, 4 and 8 hours. */
import { join } from 'node:path'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { openView } from '../../test/browser/console-rig.testing.ts'
import { IpcChild } from '../scenarios/ipc-child.ts'
import { NIGHT_PASSWORD, type NightOrder, type NightWord } from './night-words.ts'
import { followShield } from './page-scripts.ts'

/** Sent at once; the page has drawn the last of them before the next are sent. */
const AT_ONCE_SECONDS = 4
/** As often an operator looks at other views and comes back. */
const WALK_EVERY_SECONDS = 1_800
const walk = ['explore', 'incidents/2026-11-23-1', 'journal', 'lifeline', 'now']
const PATIENCE_MS = 60_000

export interface Weight {
  readonly atSeconds: number
  /** JS heap of the page after garbage collection, DOM nodes, listeners, timers. */
  readonly pageHeapBytes: number
  readonly nodes: number
  readonly listeners: number
  readonly timers: number
  /** The console's server after garbage collection; buffers and SQLite beside the heap; what it wrote. */
  readonly serverHeapBytes: number
  readonly serverOtherBytes: number
  readonly serverResidentBytes: number
  readonly historyBytes: number
}

export interface Night {
  readonly seconds: number
  /** Seconds that the page itself counted. */
  readonly secondsSeen: number
  readonly events: number
  readonly acts: number
  readonly walks: number
  readonly tookSeconds: number
  readonly weights: readonly Weight[]
  readonly errors: readonly string[]
}

/** `marksSeconds`: when to weigh, rising; the last one ends the night. */
export async function passNight(browser: Browser, marksSeconds: readonly number[], tell: (text: string) => void): Promise<Night> {
  const server = new IpcChild<NightOrder, NightWord>(join(import.meta.dirname, 'night-program.ts'), '')
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, locale: 'en-GB', timezoneId: 'UTC' })
  try {
    const { url, atWallMs } = await server.hear('ready', PATIENCE_MS)
    await context.addInitScript(followShield(atWallMs))
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => { if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) errors.push(message.text()) })
    await page.goto(url)
    await page.locator('input[name=name]').fill('anna')
    await page.locator('input[name=password]').fill(NIGHT_PASSWORD)
    await page.keyboard.press('Enter')
    await page.locator('.connection, main').first().waitFor()
    const client = await context.newCDPSession(page)
    const from = performance.now()
    const weights: Weight[] = []
    let walks = 0
    let last: Extract<NightWord, { type: 'passed' }> | null = null
    for (let at = 0; at < marksSeconds.at(-1)!; ) {
      const seconds = Math.min(AT_ONCE_SECONDS, ...marksSeconds.filter((mark) => mark > at).map((mark) => mark - at))
      server.tell({ type: 'pass', seconds })
      last = await server.hear('passed', PATIENCE_MS)
      await within(page.evaluate(`__night.until(${last.atWallMs})`), `second ${last.seconds} did not come`)
      at += seconds
      if (at % WALK_EVERY_SECONDS === 0) {
        for (const path of walk) await openView(page, path)
        walks++
      }
      if (!marksSeconds.includes(at)) continue
      weights.push(await weigh(server, page, client, at))
      tell(`${at / 3_600} h after ${Math.round((performance.now() - from) / 1_000)} s: page ${mib(weights.at(-1)!.pageHeapBytes)}, ${weights.at(-1)!.nodes} nodes; server ${mib(weights.at(-1)!.serverHeapBytes)}`)
    }
    const secondsSeen = (await page.evaluate('__night.seconds')) as number
    if (last === null) throw new Error('no night without seconds')
    return { seconds: last.seconds, secondsSeen, events: last.events, acts: last.acts, walks, tookSeconds: (performance.now() - from) / 1_000, weights, errors }
  } finally {
    await context.close()
    await server.end()
  }
}

async function weigh(server: IpcChild<NightOrder, NightWord>, page: Page, client: CDPSession, atSeconds: number): Promise<Weight> {
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
  for (let times = 0; times < 3; times++) await client.send('HeapProfiler.collectGarbage')
  const { usedSize } = (await client.send('Runtime.getHeapUsage')) as { usedSize: number }
  const { nodes, jsEventListeners } = (await client.send('Memory.getDOMCounters')) as { nodes: number; jsEventListeners: number }
  const timers = (await page.evaluate('__night.timers()')) as number
  server.tell({ type: 'weigh' })
  const { heapBytes, otherBytes, residentBytes, historyBytes } = await server.hear('weighed', PATIENCE_MS)
  return { atSeconds, pageHeapBytes: usedSize, nodes, listeners: jsEventListeners, timers, serverHeapBytes: heapBytes, serverOtherBytes: otherBytes, serverResidentBytes: residentBytes, historyBytes }
}

async function within<T>(work: Promise<T>, sentence: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    return await Promise.race([work, new Promise<never>((_resolve, reject) => { timer = setTimeout(() => reject(new Error(sentence)), PATIENCE_MS) })])
  } finally {
    clearTimeout(timer)
  }
}

function mib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`
}
