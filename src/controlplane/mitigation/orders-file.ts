/**
 * The file of kept orders (kept-orders.ts): read once when the control plane begins, written beside and renamed (0600) when an order changed it, and looked
 * at now and then so that what ran out leaves it. It must never take more than one order's time, and never overwrite what a successor wrote:
 * while an old process ends, the new one has the word.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { ControlEvent } from '../evidence.ts'
import { type KeptOrders, MOST_KEPT_BYTES, noOrders, readOrders, writeOrders } from './kept-orders.ts'

export class OrdersFile {
  readonly #path: string
  readonly #featureKey: number
  /** What we read or wrote last; '' for no file. */
  #text = ''

  constructor(path: string, featureKey: number) {
    this.#path = path
    this.#featureKey = featureKey
  }

  /** What still holds of it. A file that cannot be read is put aside and told. */
  read(nowWallMs: number): { readonly orders: KeptOrders; readonly events: readonly ControlEvent[] } {
    try {
      this.#text = this.#onDisk()
      return { orders: this.#text === '' ? noOrders : readOrders(this.#text, this.#featureKey, nowWallMs), events: [] }
    } catch (error) {
      this.#text = ''
      let aside = `${this.#path}.unusable`
      try {
        renameSync(this.#path, aside)
      } catch {
        aside = 'the place where it is'
      }
      return { orders: noOrders, events: [{ atWallMs: nowWallMs, code: 'orders-unreadable', sentence: `the orders given before cannot be read (${(error as Error).message}); none of them holds, the file is left in ${aside}` }] }
    }
  }

  /** After an order. */
  save(orders: KeptOrders, nowWallMs: number): readonly ControlEvent[] {
    const text = writeOrders(orders, this.#featureKey)
    if (text === this.#text) return []
    try {
      if (text.length > MOST_KEPT_BYTES) throw new Error(`they would take ${text.length} bytes, at most ${MOST_KEPT_BYTES} are kept`)
      if (text === '') rmSync(this.#path, { force: true })
      else {
        writeFileSync(`${this.#path}.new`, text, { mode: 0o600 })
        renameSync(`${this.#path}.new`, this.#path)
      }
      this.#text = text
      return []
    } catch (error) {
      return [{ atWallMs: nowWallMs, code: 'orders-not-saved', sentence: `the orders given so far act, but would be forgotten at a restart: ${(error as Error).message}` }]
    }
  }

  /** Without an order: only when the file is as we left it. Says nothing: an order that could not be kept was told when it was given. */
  tidy(orders: KeptOrders, nowWallMs: number): void {
    if (this.#text === '' || writeOrders(orders, this.#featureKey) === this.#text) return
    try {
      if (this.#onDisk() === this.#text) this.save(orders, nowWallMs)
    } catch {
      // Somebody took it away or changed it: theirs now.
    }
  }

  #onDisk(): string {
    try {
      if (statSync(this.#path).size > MOST_KEPT_BYTES) throw new Error(`it has more than ${MOST_KEPT_BYTES} bytes`)
      return readFileSync(this.#path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw error
    }
  }
}
