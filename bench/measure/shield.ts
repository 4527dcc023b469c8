/** Polder as its users run it, for the soak, the slow attacks and the million addresses: its own process group, settings of ours, certificate of its own. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDevelopmentCertificate } from '../../src/dataplane/edge/development-certificate.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { HOST_NAME, ask, askUntil } from './ask.ts'
import { ChildGroup } from './child-group.ts'
import { SERVER_ADDRESS, freePort } from './loopback.ts'

const root = join(import.meta.dirname, '../..')
const START_MS = 30_000

export interface ShieldUnderTest {
  readonly group: ChildGroup
  readonly port: number
  readonly tlsPort: number
  readonly adminPort: number
  /** Samples of /metrics by name with labels; empty when the admin listener does not answer. */
  metrics(): Promise<ReadonlyMap<string, number>>
}

export interface ShieldOptions {
  readonly folder: string
  readonly originPort: number
  readonly cores: string
  /** A path that the origin answers with 200. */
  readonly goodPath: string
  /** More lines of polder.yaml. */
  readonly settings: string
}

/** @throws with what Polder said when it does not serve. */
export async function startShieldUnderTest(options: ShieldOptions): Promise<ShieldUnderTest> {
  mkdirSync(options.folder, { recursive: true })
  const [port, tlsPort, adminPort] = [await freePort(), await freePort(), await freePort()]
  const { certPem, keyPem } = makeDevelopmentCertificate([HOST_NAME], systemClock.wallMs())
  writeFileSync(join(options.folder, 'site.pem'), certPem)
  writeFileSync(join(options.folder, 'site.key'), keyPem, { mode: 0o600 })
  const file = join(options.folder, 'polder.yaml')
  writeFileSync(file, `listen:
  - ${SERVER_ADDRESS}:${port}
  - address: ${SERVER_ADDRESS}:${tlsPort}
    tls: {certificates: [{cert: site.pem, key: site.key}]}
origin: http://${SERVER_ADDRESS}:${options.originPort}
admin: {listen: "${SERVER_ADDRESS}:${adminPort}"}
dataDir: ${join(options.folder, 'data')}
${options.settings}
`)
  const group = new ChildGroup(join(root, 'bin/polder'), ['run', '-c', file], { cores: options.cores, cwd: options.folder })
  try {
    const from = performance.now()
    await askUntil({ port, path: options.goodPath }, 200, from, START_MS, () => !group.hasEnded)
    await askUntil({ port: tlsPort, path: options.goodPath, scheme: 'https' }, 200, from, START_MS, () => !group.hasEnded)
  } catch (error) {
    await group.end()
    throw new Error(`Polder: ${(error as Error).message}\n${(group.err + group.out).slice(-3_000)}`, { cause: error })
  }
  return { group, port, tlsPort, adminPort, metrics: () => readMetrics(adminPort) }
}

async function readMetrics(port: number): Promise<ReadonlyMap<string, number>> {
  const samples = new Map<string, number>()
  try {
    const text = await (await fetch(`http://${SERVER_ADDRESS}:${port}/metrics`, { signal: AbortSignal.timeout(4_000) })).text()
    for (const line of text.split('\n')) {
      const space = line.lastIndexOf(' ')
      if (!line.startsWith('#') && space > 0) samples.set(line.slice(0, space), Number(line.slice(space + 1)))
    }
  } catch {
    // A sample without metrics is better than none.
  }
  return samples
}

/** Starts the Node origin that has every kind of answer. */
export async function startVariedOrigin(cores: string): Promise<{ readonly port: number; readonly group: ChildGroup }> {
  const port = await freePort()
  const group = new ChildGroup(process.execPath, [join(import.meta.dirname, '../soak/origin-program.ts'), String(port)], { cores })
  await askUntil({ port, path: '/live/1' }, 200, performance.now(), 15_000, () => !group.hasEnded)
  return { port, group }
}

/** True when the shield still serves. */
export async function stillServes(shield: ShieldUnderTest, path: string): Promise<boolean> {
  try {
    return (await ask({ port: shield.port, path })).status === 200
  } catch {
    return false
  }
}
