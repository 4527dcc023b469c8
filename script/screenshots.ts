/**
 * Pictures for the README and the manual, taken of running shields on free ports: the page as visitors see it (light and dark), the pages of Polder itself
 * (visitor-pictures.ts), and `polder check` on a file with mistakes. Writes docs/pictures/, or the folder given as first argument.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium } from '../test/support/chromium.ts'
import { PolderProcess } from '../test/support/polder-process.ts'
import { SampleSiteProcess } from '../test/support/sample-site-process.ts'
import { root, takePicture, takeTerminalPicture } from './take-picture.ts'
import { challengePictures, savedCopyPictures, waitingRoomPictures } from './visitor-pictures.ts'

const folder = process.argv[2] ?? join(root, 'docs/pictures')

mkdirSync(folder, { recursive: true })
const site = await SampleSiteProcess.start({ documents: 4_000 })
const polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${site.url}\nworkers: 2\nrules:\n  - { path: /blocked, action: block }\n`)
const browser = await launchChromium('--force-device-scale-factor=1', '--hide-scrollbars')
const at = (name: string): string => join(folder, `${name}.png`)
try {
  await takePicture(browser, at('home-light'), `${polder.url}/`)
  await takePicture(browser, at('home-dark'), `${polder.url}/`, { colorScheme: 'dark' })
  await takePicture(browser, at('refusal'), `${polder.url}/blocked`, { height: 420 })
  await challengePictures(browser, folder, site.url)
  await waitingRoomPictures(browser, folder)
  await savedCopyPictures(browser, folder)
  await site.kill()
  await takePicture(browser, at('never-seen-origin-dead'), `${polder.url}/search?q=harbour`, { height: 420 })
  const place = mkdtempSync(join(tmpdir(), 'polder-picture-'))
  writeFileSync(join(place, 'polder.yaml'), 'listen: 127.0.0.1:8080\norigin: http://127.0.0.1:8080\nroutes:\n  - { path: /search, class: serach }\nedge: { headerDeadlineMs: 300ms }\nrules:\n  - { path: /admin*, action: blok }\n')
  await takeTerminalPicture(browser, at('check'), 'check -c polder.yaml', place)
  rmSync(place, { recursive: true })
} finally {
  await browser.close()
  await polder.stop()
  await site.kill()
}
