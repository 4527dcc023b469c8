/** What visitors see of Polder itself: the short check, the waiting room, and the saved copy of a site that is gone. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { eventually } from '../test/support/in-process-shield.ts'
import { freePort } from '../test/support/free-port.ts'
import { lifelineSettings, lifelineState, untilCrawled } from '../test/support/lifeline-shield.ts'
import { PolderProcess } from '../test/support/polder-process.ts'
import { SampleSiteProcess } from '../test/support/sample-site-process.ts'
import { type Look, takePicture, takeTerminalPicture } from './take-picture.ts'

const SITE = 'site: { name: Parliament of Exampleland, contact: registry@elsewhere.example }\n'
const desk = { width: 800, height: 720 } as const
const phone = { width: 390, height: 820, colorScheme: 'dark' } as const
/** The check as it is half done: a worker that has tried as many numbers as lie in half of the cases before the right one. */
const HALF_DONE = 'window.Worker = function () { const worker = this; this.terminate = () => {}; this.postMessage = () => setTimeout(() => worker.onmessage({ data: -22000 }), 50) }'
const SERVICE_MS = 1_500
const IN_LINE = 40
const READ = ['/', '/news', '/', '/votes', '/members', '/contact', '/', '/plenary', '/about', '/search?q=ferry']

export async function challengePictures(browser: Browser, folder: string, originUrl: string): Promise<void> {
  const polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${originUrl}\nworkers: 1\n${SITE}rules:\n  - { path: /about, action: challenge }\n`)
  try {
    await takePicture(browser, join(folder, 'challenge-light.png'), `${polder.url}/about`, { ...desk, before: HALF_DONE })
    await takePicture(browser, join(folder, 'challenge-phone-dark.png'), `${polder.url}/about`, { ...phone, locale: 'el-GR', before: HALF_DONE })
    await takePicture(browser, join(folder, 'challenge-languages.png'), `${polder.url}/about`, { ...desk, height: 940, locale: 'pl-PL', before: HALF_DONE, act: (page) => page.locator('summary').click() })
  } finally {
    await polder.stop()
  }
}

/** A site that takes a second and a half for a page, two at a time, and forty people who came first. */
export async function waitingRoomPictures(browser: Browser, folder: string): Promise<void> {
  const origin = createServer((_, response) => void setTimeout(() => response.setHeader('content-type', 'text/html').setHeader('cache-control', 'no-store').end('<h1>Page</h1>'), SERVICE_MS))
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  const polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: http://127.0.0.1:${(origin.address() as AddressInfo).port}\nworkers: 1\n${SITE}admission: { limitInitial: 2, limitMin: 2, limitMax: 2 }\n`)
  const over = new AbortController()
  const others = Array.from({ length: IN_LINE }, (_, i) => waitInLine(polder.url, i, over.signal))
  try {
    // Some of them have been served: how long it takes is measured, not guessed.
    await new Promise((resolve) => setTimeout(resolve, 10 * SERVICE_MS))
    const shown: Look = { act: (page) => page.locator('progress:not([value="0"])').waitFor({ timeout: 60_000 }) }
    await takePicture(browser, join(folder, 'waiting-light.png'), `${polder.url}/votes`, { ...desk, ...shown })
    await takePicture(browser, join(folder, 'waiting-phone-dark.png'), `${polder.url}/votes`, { ...phone, ...shown, locale: 'fi-FI' })
  } finally {
    over.abort()
    await Promise.all(others)
    await polder.stop()
    origin.close()
    origin.closeAllConnections()
  }
}

/** Asks as its page would, until it is in; then comes again as somebody new. */
async function waitInLine(url: string, id: number, over: AbortSignal): Promise<void> {
  let where = '/'
  let round = 0
  while (!over.aborted) {
    const refresh = await new Promise<string>((resolve) => {
      const sent = request(new URL(where, url), { headers: { accept: 'text/html' }, localAddress: `127.${4 + (round % 100)}.${id}.1`, agent: false, signal: over }, (response) => response.resume().on('end', () => resolve(String(response.headers.refresh ?? ''))).on('error', () => resolve('')))
      sent.on('error', () => resolve(''))
      sent.end()
    })
    const next = /^(\d+); url=(.+)$/.exec(refresh)
    where = next?.[2] ?? '/'
    if (next === null) round++
    if (next !== null) await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Number(next[1]) * 1_000)
      over.addEventListener('abort', () => { clearTimeout(timer); resolve() }, { once: true })
    })
  }
}

/** The sample site gathered, then killed. */
export async function savedCopyPictures(browser: Browser, folder: string): Promise<void> {
  const site = await SampleSiteProcess.start({ documents: 200 })
  const port = await freePort()
  const polder = await PolderProcess.start(lifelineSettings(port, site.url))
  try {
    await untilCrawled(polder, 1, 240_000)
    for (let i = 0; i < 300; i++) await (await fetch(polder.url + READ[i % READ.length])).arrayBuffer()
    await eventually('what was read is counted', 60_000, async () => (await lifelineState(polder.folder)).coverage.share >= 0, 1_000)
    await takeTerminalPicture(browser, join(folder, 'lifeline-status.png'), 'lifeline status', polder.folder)
    await site.kill()
    await takePicture(browser, join(folder, 'home-origin-dead.png'), `${polder.url}/`)
    await takePicture(browser, join(folder, 'saved-copy-form.png'), `${polder.url}/contact`, { width: 1_000, height: 760 })
    await takePicture(browser, join(folder, 'saved-copy-phone-dark.png'), `${polder.url}/news`, phone)
  } finally {
    await polder.stop()
    await site.kill()
  }
}
