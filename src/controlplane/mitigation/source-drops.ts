/**
 * Which single sources a kernel back end may drop: those that keep asking more than 20 times a second for ten seconds although refused,
 * have had pages and never behaved like a visitor. Judged by the source's own behaviour, never because a rule on content or fingerprint matched,
 * never for longer than ten minutes, never an address behind which anyone behaved like a visitor (that is what `proven` says of the whole address),
 * and never one that asked for anything always admitted: the kernel cannot tell a feed from a flood (invariant 1).
 */
import type { SourceDrop } from '../../contract/plan.ts'
import { hasBit } from '../../kernel/bitset.ts'
import { combineHash } from '../../kernel/hash.ts'
import { type WindowRows, fieldIndex } from '../evidence.ts'

const REFUSED_PER_SECOND = 20
const FOR_TICKS = 10
const DROP_MS = 600_000
const MAX_DROPS = 65_536
const MAX_SUSPECTS = 4_096

interface Suspect {
  ticks: number
  lastTick: number
}

export class SourceDrops {
  readonly #suspects = new Map<number, Suspect>()
  readonly #drops = new Map<string, SourceDrop>()

  /** `refused`: window rows that rules refuse now. `ruleId` is told beside the drop, for the operator. */
  update(window: WindowRows, refused: Uint32Array, ruleId: string, tick: number, nowWallMs: number): readonly SourceDrop[] {
    for (const [cidr, drop] of this.#drops) if (drop.expiresAtWallMs <= nowWallMs) this.#drops.delete(cidr)
    for (const { key, cidr } of this.#heavySources(window, refused)) {
      const suspect = this.#suspects.get(key) ?? { ticks: 0, lastTick: tick - 1 }
      suspect.ticks = suspect.lastTick === tick - 1 ? suspect.ticks + 1 : 1
      suspect.lastTick = tick
      if (suspect.ticks < FOR_TICKS) {
        if (this.#suspects.size < MAX_SUSPECTS) this.#suspects.set(key, suspect)
        continue
      }
      this.#suspects.delete(key)
      if (this.#drops.size < MAX_DROPS) this.#drops.set(cidr, { cidr, expiresAtWallMs: nowWallMs + DROP_MS, ruleId })
    }
    for (const [key, suspect] of this.#suspects) if (suspect.lastTick < tick - 1) this.#suspects.delete(key)
    return [...this.#drops.values()]
  }

  /** Keys of the sources with a protected request in the window. */
  #alwaysAdmitted(window: WindowRows): Set<number> {
    const column = (name: keyof typeof fieldIndex): Uint32Array => window.columns[fieldIndex[name]]
    const [families, highs, lows] = [column('family'), column('addressHigh'), column('addressLow')]
    const keys = new Set<number>()
    for (let word = 0; word < window.protected.length; word++) {
      for (let bits = window.protected[word]; bits !== 0; bits &= bits - 1) {
        const row = word * 32 + (31 - Math.clz32(bits & -bits))
        keys.add(combineHash(combineHash(families[row], highs[row]), lows[row]))
      }
    }
    return keys
  }

  #heavySources(window: WindowRows, refused: Uint32Array): Array<{ key: number; cidr: string }> {
    const newest = window.newest(1)
    const admitted = this.#alwaysAdmitted(window)
    const column = (name: keyof typeof fieldIndex): Uint32Array => window.columns[fieldIndex[name]]
    const [families, highs, lows] = [column('family'), column('addressHigh'), column('addressLow')]
    const rows = new Map<number, { count: number; row: number }>()
    let newestRows = 0
    for (let word = 0; word < newest.length; word++) {
      for (let bits = newest[word]; bits !== 0; bits &= bits - 1) {
        const row = word * 32 + (31 - Math.clz32(bits & -bits))
        newestRows++
        if (!hasBit(refused, row) || !hasBit(window.pageOnly, row)) continue
        const key = combineHash(combineHash(families[row], highs[row]), lows[row])
        if (admitted.has(key)) continue
        const entry = rows.get(key)
        if (entry === undefined) rows.set(key, { count: 1, row })
        else entry.count++
      }
    }
    const perRow = window.seen(1) / Math.max(1, newestRows) / Math.max(window.seconds(1), 1e-9)
    return [...rows].filter(([, { count }]) => count * perRow > REFUSED_PER_SECOND).map(([key, { row }]) => ({ key, cidr: sourceText(families[row], highs[row], lows[row]) }))
  }
}

function sourceText(family: number, high: number, low: number): string {
  if (family === 4) return `${high >>> 24}.${(high >>> 16) & 255}.${(high >>> 8) & 255}.${high & 255}/32`
  return `${[high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].map((group) => group.toString(16)).join(':')}::/64`
}
