import type { SourceDrop } from '../../contract/plan.ts'
import type { Barrier } from './barrier.ts'
import { permittedDrops } from './drop-list.ts'

/** Stops nobody by itself: the rules of the plan refuse these sources in the data plane already. Knows them, so that surfaces can tell. */
export class InProcessBarrier implements Barrier {
  readonly name = 'in-process'
  readonly trouble = ''
  readonly #spared: () => readonly string[]
  #sources = new Map<string, number>()

  constructor(spared: () => readonly string[]) {
    this.#spared = spared
  }

  get sources(): ReadonlySet<string> {
    return new Set(this.#sources.keys())
  }

  async apply(drops: readonly SourceDrop[], nowWallMs: number): Promise<void> {
    this.#sources = new Map(permittedDrops(drops, this.#spared(), nowWallMs))
  }

  async reconcile(nowWallMs: number): Promise<void> {
    for (const [cidr, until] of this.#sources) if (until <= nowWallMs) this.#sources.delete(cidr)
  }

  async withdraw(): Promise<void> {
    this.#sources.clear()
  }
}
