/**
 * How fresh a console is, calm and while the flood of scenario A2 runs on the same cores as shield, origin, generator and browser: how old each second's picture is when
 * it is drawn, how old the newest drawn one ever gets, and how long after a load the page offers its first act.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { GeneratorOrder, GeneratorWord } from '../../src/drill/generator-process.ts'
import type { OriginOrder, OriginWord } from '../../src/drill/origin-process.ts'
import { fullOrigin, scaledOrigin } from '../../src/drill/mock-origin.ts'
import type { Phases } from '../../src/drill/scenarios.ts'
import { SERVER_ADDRESS } from '../measure/loopback.ts'
import { quantile } from '../measure/statistics.ts'
import { HOST } from '../scenarios/baseline-week.ts'
import { IpcChild } from '../scenarios/ipc-child.ts'
import { type ConsoleShield, OPERATOR, PASSWORD, startConsoleShield } from './console-shield.ts'
import { stopWatches } from './page-scripts.ts'

/** Everyday traffic of the suite, then the flood beside it; together below the drill's two minutes. */
const phases: Phases = { warmMs: 50_000, attackMs: 60_000, afterMs: 2_000 }
/** Of each phase: first the seconds are watched, then pages are loaded. */
const WATCHED_MS = 30_000
/** The shield has until then to see the flood. */
const ATTACK_SETTLES_MS = 8_000
const START_MS = 30_000
const PATIENCE_MS = 20_000

export interface Freshness {
  /** Seconds that were drawn. */
  readonly drawn: number
  /** From the main thread's picture to the second frame after its coming. */
  readonly delayMedianMs: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  /** How old the newest drawn picture was at the moment the next was drawn. */
  readonly ageMedianMs: number
  readonly ageMaxMs: number
  readonly loads: readonly PageLoad[]
}

export interface PageLoad {
  /** From the navigation's start to the load event, and to the first act offered. */
  readonly loadMs: number
  readonly offeredMs: number
}

export interface LiveRound {
  readonly calm: Freshness
  readonly flood: Freshness
  /** What of the flood went out, of all requests the generator sent; which state the shield was in as it was watched. */
  readonly states: readonly string[]
  readonly withheldRequests: number
  readonly generatorLateMs: number
}

export async function measureLive(browser: Browser, loads: number, share: number, seed: number, tell: (text: string) => void): Promise<LiveRound> {
  const folder = mkdtempSync(join(tmpdir(), 'polder-live-'))
  const drill = join(import.meta.dirname, '../../src/drill')
  const origin = new IpcChild<OriginOrder, OriginWord>(join(drill, 'origin-process.ts'), '')
  const generator = new IpcChild<GeneratorOrder, GeneratorWord>(join(drill, 'generator-process.ts'), '')
  let shield: ConsoleShield | null = null
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, locale: 'en-GB', timezoneId: 'UTC' })
  try {
    await origin.hear('ready', START_MS)
    origin.tell({ type: 'start', options: share === 1 ? fullOrigin : scaledOrigin(share) })
    shield = await startConsoleShield(folder, (await origin.hear('listens', START_MS)).port, '', 2, share)
    // So that there is a rule to act on from the first second.
    await shield.act({ kind: 'add', ruleId: 'by-hand', when: [{ attribute: 'path', glob: '/closed*' }], action: 'block', untilWallMs: null, why: 'measured' })
    await context.addInitScript(stopWatches)
    const page = await openPage(context, shield.consoleUrl)
    await generator.hear('ready', START_MS)
    generator.tell({ targets: [{ address: SERVER_ADDRESS, port: shield.port }], plain: 0, tls: -1, host: HOST, scenario: 'A2', seed, share, phases, bare503: 'busy' })
    await generator.hear('began', START_MS)
    const from = performance.now()
    await until(from + 10_000)
    const calm = await watch(page, context, shield.consoleUrl, loads)
    tell(`calm: ${sentence(calm)}`)
    await until(from + phases.warmMs + ATTACK_SETTLES_MS)
    const states = [await stateOf(page)]
    const flood = await watch(page, context, shield.consoleUrl, loads)
    states.push(await stateOf(page))
    tell(`A2: ${sentence(flood)}; ${states.join(', ')}`)
    const ended = await generator.hear('ended', phases.warmMs + phases.attackMs + 60_000)
    return { calm, flood, states, withheldRequests: ended.withheldRequests, generatorLateMs: ended.worstLatenessMs }
  } finally {
    await context.close()
    await Promise.all([generator.end(), origin.end(), shield?.group.end()])
    rmSync(folder, { recursive: true, force: true })
  }
}

async function openPage(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  await page.locator('input[name=name]').fill(OPERATOR)
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.locator('.connection.live').waitFor({ timeout: START_MS })
  return page
}

async function watch(page: Page, context: BrowserContext, url: string, loads: number): Promise<Freshness> {
  await page.bringToFront()
  await page.evaluate('__shown.length = 0')
  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS))
  const shown = (await page.evaluate('__shown')) as ReadonlyArray<readonly [madeWallMs: number, drawnWallMs: number]>
  if (shown.length < 2) throw new Error(`${shown.length} seconds were drawn in ${WATCHED_MS / 1_000} s`)
  const delays = shown.map(([made, drawn]) => drawn - made)
  const ages = shown.slice(1).map(([, drawn], i) => drawn - shown[i]![0])
  const loaded: PageLoad[] = []
  for (let i = 0; i < loads; i++) loaded.push(await load(context, url))
  return { drawn: shown.length, delayMedianMs: quantile(delays, 0.5), delayP99Ms: quantile(delays, 0.99), delayMaxMs: Math.max(...delays), ageMedianMs: quantile(ages, 0.5), ageMaxMs: Math.max(...ages), loads: loaded }
}

/** A page of its own, with the session and the cache that the browser has. */
async function load(context: BrowserContext, url: string): Promise<PageLoad> {
  const page = await context.newPage()
  try {
    await page.goto(url, { timeout: PATIENCE_MS })
    await page.locator('article.rule .acts button').first().waitFor({ timeout: PATIENCE_MS })
    const [loadMs, offeredMs] = (await page.evaluate('__offered.then((ms) => [performance.getEntriesByType("navigation")[0].loadEventEnd, ms])')) as [number, number]
    return { loadMs, offeredMs }
  } finally {
    await page.close()
  }
}

async function stateOf(page: Page): Promise<string> {
  return ((await page.locator('.top .state').textContent()) ?? '').trim()
}

function until(atMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - performance.now())))
}

function sentence({ delayMedianMs, delayMaxMs, ageMaxMs, loads }: Freshness): string {
  return `drawn after ${delayMedianMs} ms (at most ${delayMaxMs}), never older than ${ageMaxMs} ms; acts offered ${loads.map(({ offeredMs }) => Math.round(offeredMs)).join(', ')} ms after navigation`
}
