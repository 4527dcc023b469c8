/**
 * The generator as a process of its own, so that it never shares a thread, and if the harness wants no core, with what it measures. Its parent hands it the
 * servers that the parent started and one scenario; it runs that, sends back what became of every request, and ends. Without a parent it does nothing.
 */
import { systemClock } from '../kernel/clock.ts'
import { SeededRandom } from '../kernel/random.ts'
import { drillLimits } from './limits.ts'
import { type HandedTarget, handTargets, loopbackTarget } from './loopback.ts'
import type { RecordingColumns } from './recording.ts'
import { type Phases, type ScenarioId, background, scenarioOf } from './scenarios.ts'
import { type DrillSiteName, drillSites } from './site.ts'
import { SocketWorld } from './socket-world.ts'

export interface GeneratorOrder {
  readonly targets: readonly HandedTarget[]
  /** Index into targets. */
  readonly plain: number
  /** Index into targets, or -1 without TLS. */
  readonly tls: number
  readonly host: string
  /** The site behind it; the suite's mock origin when left out. */
  readonly site?: DrillSiteName
  readonly scenario: ScenarioId
  readonly seed: number
  readonly share: number
  readonly phases: Phases
  readonly bare503: 'blocked' | 'busy'
}

export type GeneratorWord =
  | { readonly type: 'ready' }
  | { readonly type: 'began'; readonly wallMs: number }
  | {
      readonly type: 'ended'
      readonly columns: RecordingColumns
      readonly worstLatenessMs: number
      readonly meanLatenessMs: number
      readonly withheldRequests: number
      readonly withheldSockets: number
    }

async function obey(order: GeneratorOrder): Promise<void> {
  const { warmMs, attackMs, afterMs } = order.phases
  const endMs = warmMs + attackMs + afterMs
  if (endMs > drillLimits.wallMs) throw new RangeError(`a drill lasts at most ${drillLimits.wallMs} ms, not ${endMs}`)
  if (!(order.share > 0 && order.share <= 1)) throw new RangeError(`the share is above 0 and at most 1, not ${order.share}`)
  handTargets(order.targets)
  const target = loopbackTarget(order.targets[order.plain].address, order.targets[order.plain].port)
  const tlsTarget = order.tls === -1 ? null : loopbackTarget(order.targets[order.tls].address, order.targets[order.tls].port)
  const world = new SocketWorld({ target, tlsTarget, host: order.host, site: drillSites[order.site ?? 'mock'], bare503: order.bare503, clock: systemClock, random: new SeededRandom(order.seed) })
  background(world, endMs, order.share)
  scenarioOf(order.scenario).start({ world, fromMs: warmMs, untilMs: warmMs + attackMs, share: order.share })
  say({ type: 'began', wallMs: systemClock.wallMs() - world.nowMs() })
  await world.run(endMs)
  say({
    type: 'ended', columns: world.recording.columns(), worstLatenessMs: world.worstLatenessMs, meanLatenessMs: world.meanLatenessMs,
    withheldRequests: world.governor.withheldRequests, withheldSockets: world.governor.withheldSockets,
  })
}

function say(word: GeneratorWord): void {
  process.send!(word)
}

if (process.send === undefined) throw new Error('the generator is started by a harness that hands it its targets')
process.once('message', (order: GeneratorOrder) => {
  // It stays until its parent has heard all and hangs up.
  obey(order).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exit(1)
  })
})
process.once('disconnect', () => process.exit(0))
say({ type: 'ready' })
