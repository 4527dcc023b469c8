/**
 * Who is asking. Everything that counts, limits or blocks goes by this, so it must not be choosable by the visitor.
 * The TCP peer (or the PROXY header of a trusted peer) decides; a header is read only when the peer is a configured trusted hop, only the one
 * header the operator named, and only from the right: each trusted hop vouches for the element it appended, never for what was there before.
 * So text that a visitor puts in front can neither change nor hide the address. An element that cannot be read ends the walk.
 * Sources: RFC 7239 (Forwarded); https://adam-p.ca/blog/2022/03/x-forwarded-for/ for how walking from the left is fooled.
 */
import { CidrSet } from '../../kernel/cidr-set.ts'
import { combineHash } from '../../kernel/hash.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { ClientAddress } from '../request.ts'
import type { ConnectionFacts } from './connection-context.ts'
import { parseIpAddress, type IpAddress } from './ip-address.ts'

export type AddressOf = (headers: HeaderList, facts: ConnectionFacts) => ClientAddress

/** More proxies in a row than any real chain has; bounds the walk. */
const MOST_HOPS = 16

/** The client of a written address, or null when the text is not an address. IPv6 counts by its /64: one visitor can use all of it. */
export function clientAddress(text: string, hashKey: number): ClientAddress | null {
  const ip = parseIpAddress(text)
  return ip === null ? null : clientOf(ip, hashKey)
}

function clientOf(ip: IpAddress, hashKey: number): ClientAddress {
  const key = combineHash(combineHash(hashKey ^ ip.family, ip.high), ip.low)
  return { family: ip.family, text: ip.text, high: ip.high, low: ip.low, key }
}

/** A peer whose address the system could not say (it was gone when we asked, or a UNIX socket). */
export function unknownClient(hashKey: number): ClientAddress {
  return clientOf({ family: 4, high: 0, low: 0, text: '0.0.0.0' }, hashKey)
}

/** The prefixes whose hosts may speak for others. */
export class TrustedHops {
  readonly #set: CidrSet | null

  constructor(prefixes: readonly string[]) {
    this.#set = prefixes.length === 0 ? null : new CidrSet(prefixes)
  }

  has(client: { readonly family: 4 | 6; readonly high: number; readonly text: string }): boolean {
    return this.#set !== null && this.#set.has(client.family, client.high, client.text)
  }
}

/** Makes the reader that every request goes through. For a peer that is no trusted hop it costs one comparison and makes nothing. */
export function makeAddressOf(header: 'x-forwarded-for' | 'forwarded', trusted: TrustedHops, hashKey: number): AddressOf {
  const nodeOf = header === 'forwarded' ? forwardedNode : bareNode
  return (headers, facts) => {
    if (!facts.trustedHop) return facts.peer
    let client = facts.peer
    let hops = 0
    for (let i = headers.length - 2; i >= 0; i -= 2) {
      if (headers[i] !== header) continue
      const value = headers[i + 1]!
      let end = value.length
      while (end >= 0) {
        const start = header === 'forwarded' ? elementStart(value, end) : value.lastIndexOf(',', end - 1) + 1
        const ip = nodeOf(value.slice(start, end).trim())
        if (ip === null) return client
        client = clientOf(ip, hashKey)
        if (++hops === MOST_HOPS || !trusted.has(client)) return client
        end = start - 1
      }
    }
    return client
  }
}

export type Scheme = 'http' | 'https'

/**
 * How the visitor reached the trusted hop that ends TLS for us: what the hop next to us says (the last X-Forwarded-Proto, or `proto` of the last Forwarded element),
 * else how the hop reached us. Without it every origin behind such a hop would answer with redirects to https for ever. The scheme is part of the cache key.
 */
export function schemeOf(headers: HeaderList, facts: ConnectionFacts, own: Scheme, header: 'x-forwarded-for' | 'forwarded'): Scheme {
  if (!facts.trustedHop) return own
  const name = header === 'forwarded' ? 'forwarded' : 'x-forwarded-proto'
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i] !== name) continue
    const value = headers[i + 1]!
    const said = header === 'forwarded' ? protoOf(value.slice(elementStart(value, value.length))) : value.slice(value.lastIndexOf(',') + 1).trim().toLowerCase()
    return said === 'http' || said === 'https' ? said : own
  }
  return own
}

/** Where the element that ends at `end` begins: after the last comma outside a quoted-string, read from the right. */
export function elementStart(value: string, end: number): number {
  let quoted = false
  for (let i = end - 1; i >= 0; i--) {
    const c = value.charCodeAt(i)
    if (c === 34 && !isEscaped(value, i)) quoted = !quoted
    else if (c === 44 && !quoted) return i + 1
  }
  return 0
}

function isEscaped(value: string, at: number): boolean {
  let backslashes = 0
  while (at - 1 - backslashes >= 0 && value.charCodeAt(at - 1 - backslashes) === 92) backslashes++
  return backslashes % 2 === 1
}

/** X-Forwarded-For: an address, by habit also with a port (`192.0.2.1:80`, `[2001:db8::1]:80`). */
function bareNode(text: string): IpAddress | null {
  if (text.startsWith('[')) return bracketedNode(text)
  const colon = text.indexOf(':')
  if (colon !== -1 && colon === text.lastIndexOf(':')) {
    const ip = isPort(text, colon + 1) ? parseIpAddress(text.slice(0, colon)) : null
    return ip !== null && ip.family === 4 ? ip : null
  }
  return text.includes('%') ? null : parseIpAddress(text)
}

function bracketedNode(text: string): IpAddress | null {
  const close = text.indexOf(']')
  if (close === -1 || text.includes('%')) return null
  if (close !== text.length - 1 && !(text.charCodeAt(close + 1) === 58 && isPort(text, close + 2))) return null
  const inner = text.slice(1, close)
  return inner.includes(':') ? parseIpAddress(inner) : null
}

function isPort(text: string, from: number): boolean {
  if (text.length === from || text.length - from > 5) return false
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c < 48 || c > 57) return false
  }
  return true
}

// RFC 7239 section 4: forwarded-pair = token "=" ( token / quoted-string ), joined by ";" without white space around "=".
const forwardedPair = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"((?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*)")$/

/** The value of one parameter of a Forwarded element, or null: not there, twice, or not as RFC 7239 writes it. */
function parameterOf(element: string, name: string): string | null {
  let found: string | null = null
  let from = 0
  while (from <= element.length) {
    const stop = pairEnd(element, from)
    const match = forwardedPair.exec(element.slice(from, stop).trim())
    if (match === null) return null
    if (match[1]!.toLowerCase() === name) {
      if (found !== null) return null
      found = match[2] ?? match[3]!.replaceAll(/\\(.)/g, '$1')
    }
    from = stop + 1
  }
  return found
}

function protoOf(element: string): string | null {
  return parameterOf(element, 'proto')?.toLowerCase() ?? null
}

/** The address in one Forwarded element, or null: no `for`, `unknown`, an obfuscated `_name`, or not as RFC 7239 writes it. */
function forwardedNode(element: string): IpAddress | null {
  const found = parameterOf(element, 'for')
  if (found === null) return null
  // IPv6 is only ever written in brackets here (section 6)
  return found.startsWith('[') || !found.includes(':') || found.indexOf(':') === found.lastIndexOf(':') ? bareNode(found) : null
}

function pairEnd(element: string, from: number): number {
  let quoted = false
  for (let i = from; i < element.length; i++) {
    const c = element.charCodeAt(i)
    if (quoted && c === 92) i++
    else if (c === 34) quoted = !quoted
    else if (c === 59 && !quoted) return i
  }
  return element.length
}
