import type { SourceDrop } from '../../contract/plan.ts'

/**
 * Where single flooding sources are stopped before they reach the shield. The data plane refuses them all the same: a barrier only makes that cheaper,
 * so that losing it costs nothing but CPU. Every back end holds the same promises (barrier.suite.ts).
 */
export interface Barrier {
  readonly name: 'in-process' | 'nftables'
  /** Sources stopped now, as prefixes in one spelling. */
  readonly sources: ReadonlySet<string>
  /** '' while all is well, else what is wrong, for people. */
  readonly trouble: string
  /** Makes the stopped sources exactly these: spared and expired ones left out. Never rejects. */
  apply(drops: readonly SourceDrop[], nowWallMs: number): Promise<void>
  /** Looks whether what is in force is what should be, and mends it. Never rejects. */
  reconcile(nowWallMs: number): Promise<void>
  /** Stops nobody any more, and leaves nothing behind. Never rejects. */
  withdraw(): Promise<void>
}

/** algorithms, ladder: at most so many, at most ten minutes. */
export const MOST_SOURCES = 65_536
export const LONGEST_DROP_MS = 600_000
