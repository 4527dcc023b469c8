/** A crawl of a generated site with a kill -9 in the middle, and what it cost: memory of the lifeline thread, latency of the origin's other readers, pages asked twice. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { LifelineState } from '../../src/contract/lifeline.ts'
import { freePort } from './free-port.ts'
import { lifelineState } from './lifeline-shield.ts'
import { eventually } from './in-process-shield.ts'
import { PolderProcess } from './polder-process.ts'

const READS_PER_SECOND = 20

export interface CrawlFigures {
  readonly pages: number
  readonly seconds: number
  /** Highest heap and external memory of the lifeline thread, in the first and in the second half of the crawl. */
  readonly firstHalfBytes: number
  readonly secondHalfBytes: number
  readonly calmP99Ms: number
  readonly crawlP99Ms: number
  readonly calmMedianMs: number
  readonly crawlMedianMs: number
  readonly keptAtKill: number
  readonly kept: number
  /** Asked for again after the kill. */
  readonly twice: number
  /** Answers of a further pass: whole, and 304. */
  readonly secondPass: { readonly whole: number; readonly unchanged: number }
}

export async function crawlMany(pages: number, perSecond: number, busyShare: number, calmSeconds: number, onProgress: (text: string) => void): Promise<CrawlFigures> {
  const origin = spawn(process.execPath, [join(import.meta.dirname, 'generated-site-program.ts'), String(pages)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let polder: PolderProcess | null = null
  try {
    const url = await new Promise<string>((resolve) => createInterface({ input: origin.stdout! }).once('line', resolve))
    const port = await freePort()
    const settings = `listen: 127.0.0.1:${port}\norigin: ${url}\nworkers: 1\nlifeline: { sites: ["http://127.0.0.1:${port}"], maxPerSecond: ${perSecond}, busyShare: ${busyShare * 100}%, maxPages: 1000000 }\n`
    const count = async () => (await (await fetch(`${url}/count`)).json()) as { whole: number; unchanged: number; twice: string[] }

    const calm = new Reader(url)
    await new Promise((resolve) => setTimeout(resolve, calmSeconds * 1_000))
    const calmMs = await calm.end()

    const started = performance.now()
    const during = new Reader(url)
    const memory: Array<readonly [done: number, bytes: number]> = []
    const look = async (): Promise<LifelineState | null> => {
      const state = await lifelineState(polder!.folder).catch(() => null)
      if (state === null || state.pass.number === 0) return state
      memory.push([state.pages.kept, state.memory.heapBytes + state.memory.externalBytes])
      onProgress(`${state.pages.kept} of ${pages} pages kept, ${state.pass.perSecond.toFixed(0)}/s, ${Math.round((state.memory.heapBytes + state.memory.externalBytes) / 1_048_576)} MiB`)
      return state
    }
    polder = await PolderProcess.start(settings)
    // A loaded machine crawls at a few pages a second.
    const withinMs = (pages / Math.min(perSecond, 5)) * 1_000 + 120_000
    await eventually('half of it is kept', withinMs, async () => ((await look())?.pages.kept ?? 0) > pages / 2, 500)
    await polder.end('SIGKILL')
    const before = await count()
    polder = await PolderProcess.start(settings, { folder: polder.folder })
    let last: LifelineState | null = null
    await eventually('all of it is kept', withinMs, async () => {
      last = (await look()) ?? last
      return last !== null && last.pass.number === 1 && last.pass.endedAtWallMs > 0
    }, 500)
    const seconds = (performance.now() - started) / 1_000
    const crawlMs = await during.end()
    const after = await count()
    // The whole site once more: what did not change is not sent again.
    const order = await import('../../src/surfaces/control-socket/control-client.ts')
    await order.askShield<'lifeline'>(join(polder.folder, 'control.sock'), { ask: 'lifeline', order: 'crawl' }, 10_000)
    await eventually('a second pass has asked some hundred pages', withinMs, async () => (await count()).unchanged > Math.min(300, pages / 2), 500)
    const again = await count()
    const half = pages / 2
    return {
      pages, seconds,
      firstHalfBytes: Math.max(...memory.filter(([kept]) => kept <= half).map(([, bytes]) => bytes)),
      secondHalfBytes: Math.max(...memory.filter(([kept]) => kept > half).map(([, bytes]) => bytes)),
      calmP99Ms: quantile(calmMs, 0.99), crawlP99Ms: quantile(crawlMs, 0.99), calmMedianMs: quantile(calmMs, 0.5), crawlMedianMs: quantile(crawlMs, 0.5),
      keptAtKill: before.whole, kept: last!.pages.kept, twice: after.twice.length,
      secondPass: { whole: again.whole - after.whole, unchanged: again.unchanged - after.unchanged },
    }
  } finally {
    await polder?.stop()
    origin.kill('SIGKILL')
  }
}

/** Somebody else who reads at the origin, paced, on one connection. */
class Reader {
  readonly #took: number[] = []
  readonly #timer: NodeJS.Timeout
  #underWay = Promise.resolve()

  constructor(url: string) {
    this.#timer = setInterval(() => {
      const asked = performance.now()
      this.#underWay = fetch(`${url}/reader`).then(async (response) => {
        await response.text()
        this.#took.push(performance.now() - asked)
      })
    }, 1_000 / READS_PER_SECOND)
  }

  async end(): Promise<readonly number[]> {
    clearInterval(this.#timer)
    await this.#underWay
    return this.#took
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
