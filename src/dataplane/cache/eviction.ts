/**
 * Which stored answers to give up when memory is short: S3-FIFO (Yang, Qiu, Zhang, Yue, Rashmi: "FIFO queues are all you need for cache
 * eviction", SOSP 2023), by bytes. Newcomers pass a small queue (10 % of the bytes); only those used there again enter the main queue;
 * names of those dropped are remembered, and when one comes back it enters the main queue at once.
 * Why: a flood of addresses that are asked once each must not push out the pages that people read.
 * Pure: it is told what was stored and removed and asked for victims; it holds ids, sizes and hashes, no answers.
 */
const SMALL_SHARE = 0.1
/** Paper: uses beyond this are not counted. */
const MAX_FREQ = 3

interface Node {
  readonly id: number
  readonly bytes: number
  readonly hash: number
  queue: 'small' | 'main'
  previous: Node | null
  next: Node | null
}

/** Uses of an address since last looked at; shared with the workers, who count them. */
export interface HitCounter {
  hitsOf(hash: number): number
  setHits(hash: number, count: number): void
}

/** Doubly linked, because answers leave from the middle (invalidated, replaced) far more often than by eviction. */
class Queue {
  #head: Node | null = null
  #tail: Node | null = null
  bytes = 0

  get isEmpty(): boolean {
    return this.#head === null
  }

  push(node: Node): void {
    node.next = null
    node.previous = this.#tail
    if (this.#tail === null) this.#head = node
    else this.#tail.next = node
    this.#tail = node
    this.bytes += node.bytes
  }

  shift(): Node | null {
    const node = this.#head
    if (node !== null) this.unlink(node)
    return node
  }

  unlink(node: Node): void {
    if (node.previous === null) this.#head = node.next
    else node.previous.next = node.next
    if (node.next === null) this.#tail = node.previous
    else node.next.previous = node.previous
    node.previous = node.next = null
    this.bytes -= node.bytes
  }
}

export class S3Fifo {
  readonly #nodes = new Map<number, Node>()
  readonly #small = new Queue()
  readonly #main = new Queue()
  readonly #hits: HitCounter
  #ghost = new Set<number>()
  #oldGhost = new Set<number>()

  constructor(hits: HitCounter) {
    this.#hits = hits
  }

  get bytes(): number {
    return this.#small.bytes + this.#main.bytes
  }

  get size(): number {
    return this.#nodes.size
  }

  add(id: number, hash: number, bytes: number): void {
    if (this.#nodes.has(id)) return
    const returning = this.#ghost.delete(hash) || this.#oldGhost.delete(hash)
    const node: Node = { id, hash, bytes, queue: returning ? 'main' : 'small', previous: null, next: null }
    this.#nodes.set(id, node)
    if (!returning) this.#hits.setHits(hash, 0)
    ;(returning ? this.#main : this.#small).push(node)
  }

  /** A validated copy takes the place of the old one without starting again as a newcomer. */
  replace(oldId: number, id: number, hash: number, bytes: number): void {
    const old = this.#nodes.get(oldId)
    if (old === undefined) {
      this.add(id, hash, bytes)
      return
    }
    const wasMain = old.queue === 'main'
    this.remove(oldId)
    const node: Node = { id, hash, bytes, queue: wasMain ? 'main' : 'small', previous: null, next: null }
    this.#nodes.set(id, node)
    ;(wasMain ? this.#main : this.#small).push(node)
  }

  remove(id: number): boolean {
    const node = this.#nodes.get(id)
    if (node === undefined) return false
    this.#nodes.delete(id)
    ;(node.queue === 'main' ? this.#main : this.#small).unlink(node)
    return true
  }

  /** The next answer to give up, or -1 when nothing is stored. It is removed here. */
  victim(budgetBytes: number): number {
    // Each turn moves or drops a node and spends a use, so the loop ends: at most MAX_FREQ turns per node.
    for (;;) {
      const fromSmall = this.#small.bytes > budgetBytes * SMALL_SHARE || this.#main.isEmpty
      const node = (fromSmall ? this.#small.shift() : this.#main.shift()) ?? (fromSmall ? this.#main.shift() : this.#small.shift())
      if (node === null) return -1
      const uses = Math.min(MAX_FREQ, this.#hits.hitsOf(node.hash))
      if (node.queue === 'small' && uses > 1) {
        this.#hits.setHits(node.hash, 0)
        node.queue = 'main'
        this.#main.push(node)
        continue
      }
      if (node.queue === 'main' && uses > 0) {
        this.#hits.setHits(node.hash, uses - 1)
        this.#main.push(node)
        continue
      }
      this.#nodes.delete(node.id)
      if (node.queue === 'small') this.#remember(node.hash)
      return node.id
    }
  }

  /** As many names are remembered as answers are stored, at least 1,024. */
  #remember(hash: number): void {
    if (this.#ghost.size >= Math.max(1_024, this.#nodes.size)) {
      this.#oldGhost = this.#ghost
      this.#ghost = new Set()
    }
    this.#ghost.add(hash)
  }
}
