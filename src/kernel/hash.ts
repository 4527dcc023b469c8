/**
 * Keyed 32-bit hash of a string (FNV-1a core, key mixed in at both ends, murmur3 finaliser).
 * Why: our own tables must not be attackable by strings chosen to collide; the key is drawn at start and never leaves the process.
 * Never use it where a forger gains something from a match: that is HMAC's job.
 */
export function hashText(text: string, key: number): number {
  let h = (0x811c9dc5 ^ key) | 0
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix32(h ^ Math.imul(text.length ^ key, 0x9e3779b1))
}

/** murmur3 finaliser (Austin Appleby): every input bit changes about half of the output bits. Returns an unsigned 32-bit number. */
export function mix32(h: number): number {
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  h ^= h >>> 16
  return h >>> 0
}

/** Joins a hash with one more 32-bit word; order matters. */
export function combineHash(h: number, word: number): number {
  return mix32(Math.imul(h ^ word, 0x9e3779b1) + (h << 6) + (h >>> 2))
}

/** Whether a key belongs to a fixed share (0 to 1) of all keys; another salt picks another share. Both planes agree on the answer. */
export function fallsInShare(key: number, salt: number, share: number): boolean {
  return combineHash(salt, key) < share * 4_294_967_296
}
