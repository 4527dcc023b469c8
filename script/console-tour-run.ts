/**
 * The walk itself: starts site, receivers, shield and browser, lets calm, crowd and flood happen, acts as three people act, keeps what they see, and ends
 * everything. All of it listens on 127.0.0.1; crowd and flood go only to the port of the shield that it started itself.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChildGroup } from '../bench/measure/child-group.ts'
import { SERVER_ADDRESS, freePort } from '../bench/measure/loopback.ts'
import { FEATURE_KEY, HOST, baselineBytes } from '../bench/scenarios/baseline-week.ts'
import { IpcChild } from '../bench/scenarios/ipc-child.ts'
import type { GeneratorOrder, GeneratorWord } from '../src/drill/generator-process.ts'
import type { Phases, ScenarioId } from '../src/drill/scenarios.ts'
import { launchChromium } from '../test/support/chromium.ts'
import { aftermath, calm, crowded, flooded, lost } from './console-tour-scenes.ts'
import { Camera, desktop, phone, type Seat, signIn, takeSeat } from './console-tour-seats.ts'
import { Receivers } from './tour-receivers.ts'
import { agendaText, settingsText } from './tour-settings.ts'

const root = join(import.meta.dirname, '..')
/** Of the full size of the suite: 667 attackers, 667 requests a second. */
export const SHARE = 1 / 3
const SEED = 1
const START_MS = 60_000
/** From the first picture to the vote that the calendar knows. */
const VOTE_IN_MS = 3 * 3_600_000

export interface ConsoleTourPlan {
  readonly crowd: Phases
  readonly flood: Phases
  /** Longest wait for the flood to be answered, and for an incident that closes by itself. */
  readonly stateWithinMs: number
  readonly closedWithinMs: number
}

export const wholeConsoleEvening: ConsoleTourPlan = Object.freeze({
  crowd: Object.freeze({ warmMs: 75_000, attackMs: 40_000, afterMs: 1_000 }), flood: Object.freeze({ warmMs: 20_000, attackMs: 75_000, afterMs: 24_000 }), stateWithinMs: 60_000, closedWithinMs: 150_000,
})
/** For a quick look: the same steps, sooner over. */
export const shortConsoleEvening: ConsoleTourPlan = Object.freeze({
  crowd: Object.freeze({ warmMs: 12_000, attackMs: 12_000, afterMs: 500 }), flood: Object.freeze({ warmMs: 8_000, attackMs: 75_000, afterMs: 20_000 }), stateWithinMs: 60_000, closedWithinMs: 150_000,
})

export interface ConsoleTourResult {
  readonly beganWallMs: number
  readonly floodWallMs: number
  /** The sentence on top of the screen, by scene. */
  readonly headlines: Readonly<Record<string, string>>
  readonly taken: readonly string[]
  readonly withheldRequests: number
}

/** What a scene needs. */
export interface Evening {
  readonly plan: ConsoleTourPlan
  readonly camera: Camera
  readonly tell: (line: string) => void
  readonly url: string
  /** ada: admin, at a desk. ben: operator, on a phone. */
  readonly ada: Seat
  readonly ben: Seat
  readonly headlines: Record<string, string>
}

/** Keeps pictures in `folder`, which is made anew. @throws when a step does not come about; nothing is left running. */
export async function runConsoleTour(plan: ConsoleTourPlan, folder: string, tell: (line: string) => void): Promise<ConsoleTourResult> {
  const place = mkdtempSync(join(tmpdir(), 'polder-console-tour-'))
  const receivers = new Receivers()
  const groups: ChildGroup[] = []
  const generators: Array<IpcChild<GeneratorOrder, GeneratorWord>> = []
  const browser = await launchChromium('--hide-scrollbars')
  const beganWallMs = Date.now()
  try {
    const { smtpPort, hookPort } = await receivers.start()
    const [sitePort, port, statusPort, consolePort] = [await freePort(), await freePort(), await freePort(), await freePort()]
    tell('learning a week of normal days (simulated)')
    layOut(place, `${settingsText({ sitePort, port, statusPort, smtpPort, hookPort })}console: {listen: "${SERVER_ADDRESS}:${consolePort}"}\nlifeline: {sites: ["http://${HOST}"], maxPerSecond: 20}\n`)
    const password = randomBytes(18).toString('base64url')
    for (const [name, role] of [['ada', 'admin'], ['ben', 'operator'], ['vera', 'viewer']] as const) await addAccount(place, name, role, password)
    groups.push(new ChildGroup(process.execPath, [join(root, 'sample-site/main.ts'), '--port', String(sitePort), '--documents', '1000', '--quiet']))
    await said(groups[0], () => groups[0].out, 'sample site ')
    groups.push(new ChildGroup(join(root, 'bin/polder'), ['run'], { cwd: place, env: { USER: 'polder', LOGNAME: 'polder', SUDO_USER: '' } }))
    await said(groups[1], () => groups[1].err, 'console at ')
    const load = async (scenario: ScenarioId, phases: Phases): Promise<{ child: IpcChild<GeneratorOrder, GeneratorWord>; wallMs: number }> => {
      const child = new IpcChild<GeneratorOrder, GeneratorWord>(join(root, 'src/drill/generator-process.ts'), '')
      generators.push(child)
      await child.hear('ready', START_MS)
      child.tell({ targets: [{ address: SERVER_ADDRESS, port }], plain: 0, tls: -1, host: HOST, site: 'sample', scenario, seed: SEED, share: SHARE, phases, bare503: 'busy' })
      return { child, wallMs: (await child.hear('began', START_MS)).wallMs }
    }

    const crowd = await load('B1a', plan.crowd)
    tell('visitors come')
    const url = `http://${SERVER_ADDRESS}:${consolePort}/`
    const camera = new Camera(folder, place, tell)
    const [ada, ben] = [await takeSeat(browser, url, desktop), await takeSeat(browser, url, phone)]
    await ben.page.locator('input[name=name]').waitFor()
    await camera.take(ben.page, 'sign-in-phone')
    await signIn(ada.page, 'ada', password)
    await signIn(ben.page, 'ben', password)
    const evening: Evening = { plan, camera, tell, url, ada, ben, headlines: {} }
    await until(crowd.wallMs + plan.crowd.warmMs - 6_000)
    await calm(evening)
    await until(crowd.wallMs + plan.crowd.warmMs + plan.crowd.attackMs - 6_000)
    await crowded(evening)
    await crowd.child.hear('ended', 120_000)
    tell('the crowd has gone')

    const flood = await load('A2', plan.flood)
    const floodWallMs = Math.round(flood.wallMs) + plan.flood.warmMs
    await until(floodWallMs)
    tell('the flood begins')
    await flooded(evening)
    await until(floodWallMs + plan.flood.attackMs)
    tell('the flood has ended')
    // Visitors still come, so that the charts end with an evening as usual.
    await until(floodWallMs + plan.flood.attackMs + plan.flood.afterMs - 4_000)
    await aftermath(evening, floodWallMs)
    const ended = await flood.child.hear('ended', 120_000)
    await groups.pop()!.end('SIGKILL')
    tell('the shield is killed')
    await lost(evening)
    const faults = [...ada.faults, ...ben.faults]
    if (faults.length > 0) throw new Error(`errors on the pages: ${faults.join('; ')}`)
    return { beganWallMs, floodWallMs, headlines: evening.headlines, taken: camera.taken, withheldRequests: ended.withheldRequests }
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${groups.map((group) => group.err.slice(-3_000)).join('\n')}`, { cause: error })
  } finally {
    await browser.close()
    await Promise.all([...generators.map((one) => one.end()), receivers.stop(), ...groups.toReversed().map((group) => group.end())])
    rmSync(place, { recursive: true, force: true })
  }
}

function layOut(place: string, yaml: string): void {
  const data = join(place, 'data')
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(join(data, 'feature-key'), `${FEATURE_KEY.toString(16).padStart(8, '0')}\n`, { mode: 0o600 })
  writeFileSync(join(data, 'baseline.bin'), baselineBytes(SHARE, 'sample'), { mode: 0o600 })
  writeFileSync(join(place, 'hook.secret'), `whsec_${randomBytes(24).toString('base64')}\n`, { mode: 0o600 })
  writeFileSync(join(place, 'polder.yaml'), yaml)
  const fromWallMs = Math.ceil((Date.now() + VOTE_IN_MS) / 3_600_000) * 3_600_000
  writeFileSync(join(place, 'agenda.ics'), agendaText(Date.now(), { fromWallMs, untilWallMs: fromWallMs + 3_600_000 }))
}

function addAccount(place: string, name: string, role: string, password: string): Promise<void> {
  const child = spawn(join(root, 'bin/polder'), ['account', 'add', name, '--role', role, '--password-stdin'], { cwd: place, stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(password)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`polder account add ended with ${code}`))))
  })
}

async function until(wallMs: number): Promise<void> {
  await new Promise((resolve) => { setTimeout(resolve, Math.max(0, wallMs - Date.now())) })
}

async function said(group: ChildGroup, text: () => string, wanted: string): Promise<void> {
  for (const end = performance.now() + START_MS; !text().includes(wanted); await until(Date.now() + 50)) {
    if (group.hasEnded || performance.now() > end) throw new Error(`${group.command} did not say ${wanted}: ${group.err.slice(-2_000)}`)
  }
}
