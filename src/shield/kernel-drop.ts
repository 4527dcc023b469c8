/**
 * Hands single flooding sources of the plan to the kernel, when the operator wants it (mitigation.kernelDrop) and this machine can.
 * In the main thread, so that it can withdraw when the control plane is dead: drops without a fresh plan behind them end after a minute here,
 * and by themselves in the kernel. Nobody waits for it; when it fails, the data plane refuses the same sources.
 */
import { networkInterfaces } from 'node:os'
import type { Settings } from '../config/settings.ts'
import type { KernelDropState } from '../contract/control-socket.ts'
import type { Plan } from '../contract/plan.ts'
import type { Barrier } from '../controlplane/enforcement/barrier.ts'
import { ownPrefixes } from '../controlplane/enforcement/drop-list.ts'
import { InProcessBarrier } from '../controlplane/enforcement/in-process-barrier.ts'
import { NftBarrier } from '../controlplane/enforcement/nft-barrier.ts'
import { NftProgram } from '../controlplane/enforcement/nft-program.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'

const RECONCILE_MS = 10_000
/** The control plane publishes at least every five seconds; after so long without a plan it is in doubt. */
const DOUBT_MS = 60_000

export interface KernelDropParts {
  readonly clock: Clock
  readonly log: Log
  settings(): Settings
  /** Ports visitors connect to. */
  ports(): readonly number[]
  /** Tells the operator. */
  note(code: string, sentence: string): void
  readonly program?: NftProgram
}

export class KernelDrop {
  readonly #parts: KernelDropParts
  readonly #idle: Barrier
  #barrier: Barrier
  #plan: Plan | null = null
  #planAtWallMs = 0
  #unavailable = ''
  #wanted = false
  #told = ''
  readonly #timer: NodeJS.Timeout

  constructor(parts: KernelDropParts) {
    this.#parts = parts
    this.#idle = this.#barrier = new InProcessBarrier(() => this.#spared())
    this.#timer = setInterval(() => void this.#look(), RECONCILE_MS)
    this.#timer.unref()
  }

  state(): KernelDropState {
    if (!this.#wanted) return { state: 'off', sentence: 'off in the settings (mitigation.kernelDrop)', sources: 0 }
    const trouble = this.#unavailable === '' ? this.#barrier.trouble : this.#unavailable
    if (trouble !== '') return { state: 'unavailable', sentence: `cannot work: ${trouble}; the data plane refuses these sources itself`, sources: 0 }
    return { state: 'on', sentence: 'on', sources: this.#barrier.sources.size }
  }

  /** At the start and after a reload: on or off as the settings say. */
  async applySettings(): Promise<void> {
    const wanted = this.#parts.settings().mitigation.kernelDrop
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    await this.#barrier.withdraw()
    this.#barrier = this.#idle
    this.#unavailable = ''
    if (!wanted) return
    const nft = new NftBarrier(this.#parts.program ?? new NftProgram(), () => this.#parts.ports(), () => this.#spared())
    const problem = await nft.check()
    if (problem !== null) {
      this.#unavailable = problem
      this.#parts.log.warn(`mitigation.kernelDrop is on but cannot work: ${problem}; sources are refused by the data plane alone`)
      return
    }
    // What an earlier life of the shield may have left.
    await nft.withdraw()
    this.#barrier = nft
    if (this.#plan !== null) await this.hear(this.#plan)
  }

  async hear(plan: Plan): Promise<void> {
    this.#plan = plan
    this.#planAtWallMs = this.#parts.clock.wallMs()
    await this.#barrier.apply(plan.drops ?? [], this.#planAtWallMs)
    this.#tell()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    if (this.#wanted && this.#unavailable === '') await this.#barrier.withdraw()
  }

  async #look(): Promise<void> {
    const now = this.#parts.clock.wallMs()
    if (now - this.#planAtWallMs > DOUBT_MS) {
      if (this.#barrier.sources.size > 0) {
        this.#parts.note('kernel-drop-withdrawn', 'no plan for a minute: nobody is dropped in the kernel any more')
        await this.#barrier.withdraw()
      }
      return
    }
    await this.#barrier.reconcile(now)
    this.#tell()
  }

  /** Trouble is said once, not every ten seconds. */
  #tell(): void {
    const { trouble } = this.#barrier
    if (trouble === this.#told) return
    this.#told = trouble
    if (trouble !== '') {
      this.#parts.log.warn(`kernel drop: ${trouble}; the data plane refuses the same sources`)
      this.#parts.note('kernel-drop-trouble', trouble)
    }
  }

  /** Allow rules, whatever else they ask; trusted proxies, whose address stands for many; probes; this machine. */
  #spared(): readonly string[] {
    const settings = this.#parts.settings()
    const allow = [...settings.rules, ...(this.#plan?.rules ?? [])].filter((rule) => rule.action === 'allow')
    const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address.split('%')[0]))
    return [...ownPrefixes, ...own, ...settings.edge.trustedProxies, ...settings.admit.probes, ...allow.flatMap((rule) => rule.when.flatMap((condition) => (condition.attribute === 'prefix' ? condition.cidrs : [])))]
  }
}
