/**
 * The one written form of a token: 39 bytes as 52 base64url characters. 312 bits fill both exactly, so that no two texts mean the same token.
 * Node's own decoder skips what it does not know; ours refuses it.
 */
export const TOKEN_BYTES = 39
export const TOKEN_CHARACTERS = 52

const values = new Int8Array(128).fill(-1)
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i

/** Reads `text` from `from` on into `out`; false when it is not a token's text. Never throws. */
export function decodeToken(text: string, from: number, out: Uint8Array): boolean {
  if (text.length < from + TOKEN_CHARACTERS) return false
  let at = 0
  for (let i = from; i < from + TOKEN_CHARACTERS; i += 4) {
    const a = valueAt(text, i)
    const b = valueAt(text, i + 1)
    const c = valueAt(text, i + 2)
    const d = valueAt(text, i + 3)
    if ((a | b | c | d) < 0) return false
    out[at++] = (a << 2) | (b >> 4)
    out[at++] = (b << 4) | (c >> 2)
    out[at++] = (c << 6) | d
  }
  return true
}

function valueAt(text: string, i: number): number {
  const c = text.charCodeAt(i)
  return c < 128 ? values[c] : -1
}
