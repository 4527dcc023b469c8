/** Sets of row numbers as bits in 32-bit words; all sets of one table have the same length. */

export function wordsForBits(bits: number): number {
  return (bits + 31) >>> 5
}

/** Bits set in a 32-bit word. */
export function popCount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** Bits set in words [from, to). */
export function countBits(bits: Uint32Array, from = 0, to = bits.length): number {
  let count = 0
  for (let i = from; i < to; i++) count += popCount(bits[i])
  return count
}

/** Bits set in both, in words [from, to). */
export function countCommonBits(a: Uint32Array, b: Uint32Array, from = 0, to = a.length): number {
  let count = 0
  for (let i = from; i < to; i++) count += popCount(a[i] & b[i])
  return count
}

export function setBit(bits: Uint32Array, index: number): void {
  bits[index >>> 5] |= 1 << (index & 31)
}

export function hasBit(bits: Uint32Array, index: number): boolean {
  return (bits[index >>> 5] & (1 << (index & 31))) !== 0
}

/** target = a and b. */
export function intersectBits(target: Uint32Array, a: Uint32Array, b: Uint32Array): Uint32Array {
  for (let i = 0; i < target.length; i++) target[i] = a[i] & b[i]
  return target
}

/** target = target and not removed. */
export function removeBits(target: Uint32Array, removed: Uint32Array): Uint32Array {
  for (let i = 0; i < target.length; i++) target[i] &= ~removed[i]
  return target
}

/** target = target or added. */
export function addBits(target: Uint32Array, added: Uint32Array): Uint32Array {
  for (let i = 0; i < target.length; i++) target[i] |= added[i]
  return target
}

/** target = rows among those given whose column holds the value; 32 compares make one word. */
export function markEqual(target: Uint32Array, column: Uint32Array, value: number, among: Uint32Array): Uint32Array {
  for (let word = 0; word < target.length; word++) {
    const mask = among[word]
    let found = 0
    if (mask !== 0) {
      const from = word << 5
      for (let bit = 0; bit < 32; bit++) if (column[from + bit] === value) found |= 1 << bit
    }
    target[word] = found & mask
  }
  return target
}
