/**
 * What of a message ends at this hop, and what this hop adds.
 * Why: a field meant for one connection must not steer the next one (RFC 9110 section 7.6.1), and a visitor must not be able to speak with the shield's voice.
 * Acts on every request towards the origin and every answer from it.
 * Must never: pass on a forwarding field of an untrusted peer; let `Connection: NAME` remove an end-to-end field that caches key on
 * (a known poisoning trick: the cache sees the field, the origin does not); let framing fields through, framing is made anew.
 * Sources: RFC 9110 sections 7.6 and 10.1.4, RFC 9112 section 9, RFC 7239, CVE-2016-5385 (httpoxy), RFC 9113 section 8.2.3 (cookies).
 */
import type { HeaderList } from '../../kernel/header-list.ts'
import type { OriginCall } from './call.ts'

/** How requests are dressed; one per Origin. */
export interface HeaderPolicy {
  /** Our name in Via, with the instance id: `polder-1a2b3c4d`. */
  readonly viaName: string
  readonly sendVia: boolean
  /** '' keeps the visitor's Host. */
  readonly hostOverride: string
  readonly sendForwarded: boolean
  readonly dropUnderscoreNames: boolean
  /** Lower-case names removed from answers, over and above the hop-by-hop ones. */
  readonly hideAnswerFields: ReadonlySet<string>
}

const CONNECTION = 1
const DROP = 2
const TE = 3
const COOKIE = 4
const FORWARDING = 5
const VIA = 6

const requestFates: ReadonlyMap<string, number> = new Map([
  ['connection', CONNECTION],
  ['host', DROP], // set from call.host
  ['content-length', DROP], // framing is made from the body
  ['transfer-encoding', DROP],
  ['trailer', DROP], // trailers are passed on unannounced, which RFC 9110 section 6.6.2 allows
  ['keep-alive', DROP],
  ['upgrade', DROP],
  ['http2-settings', DROP],
  ['expect', DROP], // the edge answers 100-continue
  ['proxy', DROP], // httpoxy
  ['te', TE],
  ['cookie', COOKIE],
  ['via', VIA],
  ['x-request-id', DROP],
  ['polder-probe', DROP], // a secret between a health probe and us
  ['forwarded', FORWARDING],
  ['x-real-ip', FORWARDING],
  ['x-forwarded', FORWARDING],
  ['x-remote-ip', FORWARDING],
  ['x-remote-addr', FORWARDING],
  ['x-originating-ip', FORWARDING],
  ['x-client-ip', FORWARDING],
  ['x-cluster-client-ip', FORWARDING],
  ['true-client-ip', FORWARDING],
  ['cf-connecting-ip', FORWARDING],
  ['fastly-client-ip', FORWARDING],
  // Some frameworks let these replace the path: an unkeyed input no visitor may set.
  ['x-original-url', FORWARDING],
  ['x-rewrite-url', FORWARDING],
])

/** Fields defined as end to end; a `Connection` that names one of them is wrong (RFC 9110 section 7.6.1) and is not obeyed. */
const endToEnd: ReadonlySet<string> = new Set([
  'accept', 'accept-charset', 'accept-encoding', 'accept-language', 'accept-ranges', 'age', 'allow', 'authorization', 'cache-control', 'content-disposition',
  'content-encoding', 'content-language', 'content-length', 'content-location', 'content-range', 'content-security-policy', 'content-type', 'cookie', 'date', 'etag',
  'expires', 'forwarded', 'host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'last-modified', 'location', 'origin',
  'pragma', 'range', 'referer', 'retry-after', 'server', 'set-cookie', 'strict-transport-security', 'user-agent', 'vary', 'via', 'www-authenticate', 'x-forwarded-for',
  'x-forwarded-host', 'x-forwarded-proto', 'x-request-id',
])

/** Lower-case names in the Connection fields that must go, or null. */
function namedByConnection(headers: HeaderList): Set<string> | null {
  let named: Set<string> | null = null
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'connection') continue
    const value = headers[i + 1]
    if (value === 'keep-alive' || value === 'close') continue
    for (const part of value.split(',')) {
      const name = part.trim().toLowerCase()
      if (name !== '' && !endToEnd.has(name)) (named ??= new Set()).add(name)
    }
  }
  return named
}

/** True when a Via of this request already carries our own name: it has been here before (RFC 9110 section 7.6.3). */
export function isLoop(headers: HeaderList, viaName: string): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === 'via' && headers[i + 1].includes(viaName)) return true
  return false
}

/**
 * The fields to send, `host` first, then the visitor's in their order, then ours. Framing is added by whoever writes to the wire.
 */
export function requestHeaders(call: OriginCall, policy: HeaderPolicy): string[] {
  const { headers, trustedHop } = call
  const named = namedByConnection(headers)
  const out: string[] = ['host', policy.hostOverride === '' ? call.host : policy.hostOverride]
  let cookieAt = -1
  let wantsTrailers = false
  let forwardedFor = ''
  let forwarded = ''
  let forwardedProto = ''
  let forwardedHost = ''
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]
    const value = headers[i + 1]
    const fate = requestFates.get(name)
    if (fate === undefined) {
      const first = name.charCodeAt(0)
      if (first === 0x78 && name.startsWith('x-forwarded-')) {
        if (!trustedHop) continue
        if (name === 'x-forwarded-for') forwardedFor = forwardedFor === '' ? value : `${forwardedFor}, ${value}`
        else if (name === 'x-forwarded-proto') forwardedProto = value
        else if (name === 'x-forwarded-host') forwardedHost = value
        else out.push(name, value)
        continue
      }
      if (first === 0x3a || (first === 0x70 && name.startsWith('proxy-'))) continue
      if (named !== null && named.has(name)) continue
      if (policy.dropUnderscoreNames && name.includes('_')) continue
      out.push(name, value)
    } else if (fate === COOKIE) {
      if (cookieAt === -1) {
        cookieAt = out.length + 1
        out.push(name, value)
      } else out[cookieAt] = `${out[cookieAt]}; ${value}`
    } else if (fate === TE) {
      if (value.toLowerCase().includes('trailers')) wantsTrailers = true
    } else if (fate === VIA) {
      out.push(name, value)
    } else if (fate === FORWARDING && trustedHop) {
      if (name === 'forwarded') forwarded = forwarded === '' ? value : `${forwarded}, ${value}`
      else out.push(name, value)
    }
  }
  // RFC 9110 section 10.1.4: TE is for this connection only, so Connection must name it.
  if (wantsTrailers) out.push('te', 'trailers', 'connection', 'te')
  const hop = trustedHop && call.peerAddress !== '' ? call.peerAddress : call.clientAddress
  out.push('x-forwarded-for', forwardedFor === '' ? call.clientAddress : hop === call.clientAddress ? forwardedFor : `${forwardedFor}, ${hop}`)
  out.push('x-forwarded-proto', forwardedProto === '' ? call.scheme : forwardedProto)
  out.push('x-forwarded-host', forwardedHost === '' ? call.host : forwardedHost)
  if (policy.sendForwarded) {
    const element = `for=${forwardedNode(hop)};host="${call.host}";proto=${call.scheme}`
    out.push('forwarded', forwarded === '' ? element : `${forwarded}, ${element}`)
  }
  if (policy.sendVia) out.push('via', `1.1 ${policy.viaName}`)
  if (call.requestId !== '') out.push('x-request-id', call.requestId)
  return out
}

/** RFC 7239 section 6: IPv6 in brackets and quotes. */
function forwardedNode(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address === '' ? 'unknown' : address
}

const answerDrops: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'http2-settings'])

/** The fields of an answer that travel on to the visitor, order and repeats kept. */
export function answerHeaders(headers: HeaderList, policy: HeaderPolicy): string[] {
  const named = namedByConnection(headers)
  const out: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]
    if (answerDrops.has(name) || policy.hideAnswerFields.has(name)) continue
    if (name.charCodeAt(0) === 0x70 && name.startsWith('proxy-')) continue
    if (named !== null && named.has(name)) continue
    out.push(name, headers[i + 1])
  }
  return out
}

/** Trailer fields that may be passed on: never framing, routing or authentication (RFC 9110 section 6.5.1). */
export function trailerFields(trailers: HeaderList): HeaderList | null {
  const out: string[] = []
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i]
    if (answerDrops.has(name) || name.startsWith('proxy-') || forbiddenTrailers.has(name)) continue
    out.push(name, trailers[i + 1])
  }
  return out.length === 0 ? null : out
}

const forbiddenTrailers: ReadonlySet<string> = new Set([
  'age', 'authorization', 'cache-control', 'content-encoding', 'content-length', 'content-range', 'content-type', 'cookie', 'date', 'expires', 'host', 'location',
  'max-forwards', 'retry-after', 'set-cookie', 'vary', 'warning', 'www-authenticate',
])
