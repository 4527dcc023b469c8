/**
 * The header names nearly every request is made of, found by their bytes so that no string is made for them.
 * The table is fixed: a visitor who invents names pays for his own strings and changes nothing here.
 */

/** Names the parser itself must understand come first: their id is what it switches on. */
export const NAME_HOST = 1
export const NAME_CONTENT_LENGTH = 2
export const NAME_TRANSFER_ENCODING = 3
export const NAME_CONNECTION = 4
export const NAME_EXPECT = 5
export const NAME_UPGRADE = 6
export const NAME_TE = 7
export const NAME_PROXY_CONNECTION = 8
export const LAST_SPECIAL_NAME = 8

const names = [
  '',
  'host', 'content-length', 'transfer-encoding', 'connection', 'expect', 'upgrade', 'te', 'proxy-connection',
  'accept', 'accept-charset', 'accept-encoding', 'accept-language', 'access-control-request-headers', 'access-control-request-method',
  'authorization', 'cache-control', 'cdn-loop', 'content-disposition', 'content-encoding', 'content-language', 'content-location', 'content-type',
  'cookie', 'date', 'dnt', 'early-data', 'forwarded', 'from', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since',
  'keep-alive', 'last-event-id', 'max-forwards', 'origin', 'pragma', 'priority', 'proxy-authorization', 'purpose', 'range', 'referer',
  'save-data', 'sec-ch-ua', 'sec-ch-ua-arch', 'sec-ch-ua-bitness', 'sec-ch-ua-full-version-list', 'sec-ch-ua-mobile', 'sec-ch-ua-model',
  'sec-ch-ua-platform', 'sec-ch-ua-platform-version', 'sec-fetch-dest', 'sec-fetch-mode', 'sec-fetch-site', 'sec-fetch-user', 'sec-gpc', 'sec-purpose',
  'sec-websocket-extensions', 'sec-websocket-key', 'sec-websocket-protocol', 'sec-websocket-version',
  'traceparent', 'tracestate', 'trailer', 'upgrade-insecure-requests', 'user-agent', 'via', 'x-correlation-id', 'x-csrf-token', 'x-forwarded-for',
  'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-real-ip', 'x-request-id', 'x-requested-with',
] as const

const SLOTS = 512
const SEED = 0x811c9dc5 | 0
const slots = new Uint8Array(SLOTS)
const offsets = new Uint16Array(names.length + 1)
const letters = new Uint8Array(names.join('').length)

for (let id = 1; id < names.length; id++) {
  const name = names[id]
  offsets[id + 1] = offsets[id] + name.length
  let hash = SEED
  for (let i = 0; i < name.length; i++) {
    letters[offsets[id] + i] = name.charCodeAt(i)
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  }
  let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
  while (slots[slot] !== 0) slot = (slot + 1) & (SLOTS - 1)
  slots[slot] = id
}

export const knownNames = Object.freeze({
  names: names as readonly string[],
  /** Start value of the FNV-1a hash over the lower case bytes of a name. */
  seed: SEED,
  /** Id of the name at bytes[start, end) whose hash is given, or 0. Bytes must be token bytes. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const length = end - start
    for (let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const id = slots[slot]
      if (id === 0) return 0
      const from = offsets[id]
      if (offsets[id + 1] - from !== length) continue
      let i = 0
      // The known names hold only letters, digits and '-', so bit 5 folds case exactly: a token byte that equals one of them after `| 32` is that letter or digit.
      while (i < length && (bytes[start + i] | 32) === letters[from + i]) i++
      if (i === length) return id
    }
  },
})
