/** Requests that the operator did not let in, of clients whom the operator mostly does: partners, monitors, offices with a rule for a part of what they ask. */
import { sampleFlags } from '../../contract/sample.ts'
import { setBit } from '../../kernel/bitset.ts'
import { type WindowRows, fieldIndex } from '../evidence.ts'

/** Marks rows that are not allow-listed, of clients at least half of whose rows are. */
export function friendlyRows(window: WindowRows): Uint32Array {
  const flags = window.columns[fieldIndex.flags]
  const clients = window.columns[fieldIndex.clientKey]
  const found = new Uint32Array(window.present.length)
  /** Allow-listed rows less the others, of clients with one allow-listed row. */
  const balance = new Map<number, number>()
  const each = (take: (row: number, allowed: boolean) => void): void => {
    for (let word = 0; word < window.present.length; word++) {
      for (let bits = window.present[word]; bits !== 0; bits &= bits - 1) {
        const row = word * 32 + (31 - Math.clz32(bits & -bits))
        take(row, (flags[row] & sampleFlags.allowListed) !== 0)
      }
    }
  }
  each((row, allowed) => {
    if (allowed) balance.set(clients[row], (balance.get(clients[row]) ?? 0) + 1)
  })
  if (balance.size === 0) return found
  each((row, allowed) => {
    const sum = allowed ? undefined : balance.get(clients[row])
    if (sum !== undefined) balance.set(clients[row], sum - 1)
  })
  each((row, allowed) => {
    if (!allowed && (balance.get(clients[row]) ?? -1) >= 0) setBit(found, row)
  })
  return found
}
