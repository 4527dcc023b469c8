/** Single values that are text of a certain form: addresses, prefixes, hosts, origins, globs, methods, times. Each parser returns the value or a Refusal. */
import { isIP, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { cidrProblem, ipv4Number } from '../kernel/cidr-set.ts'
import type { WallMs } from '../kernel/clock.ts'
import { Refusal, wrongKind } from './refusal.ts'
import type { ListenAddress } from './settings.ts'

export const addressForm = 'address:port, for example 127.0.0.1:8080, "[::1]:8080" or ":8443" (every address)'

/** Port 0 asks the system for any free port: for tests. */
export function parseAddress(raw: unknown): ListenAddress | Refusal {
  if (typeof raw === 'number') return new Refusal('wrong-form', 'is only a port', addressForm, `did you mean ":${raw}" (every address) or 127.0.0.1:${raw}?`)
  if (typeof raw !== 'string') return wrongKind(raw, addressForm)
  const text = raw.trim()
  const scheme = /^([a-z]+):\/\/(.*?)\/*$/i.exec(text)
  if (scheme !== null) return new Refusal('wrong-form', 'is a URL; here only the address and port belong', addressForm, `did you mean ${scheme[2]}${scheme[1]!.toLowerCase() === 'https' ? ' with "tls:" beside it' : ''}?`)
  if (isIPv6(text)) {
    // `::1:8080` is an IPv6 address by the letter; with a port was meant.
    const end = /^(.+):(\d{2,5})$/.exec(text)
    return end !== null && isIPv6(end[1]!)
      ? new Refusal('wrong-form', 'has an IPv6 address without brackets', addressForm, `did you mean "[${end[1]}]:${end[2]}"?`)
      : new Refusal('wrong-form', 'has no port', addressForm, `did you mean "[${text}]:8080"?`)
  }
  if (isIP(text) !== 0) return new Refusal('wrong-form', 'has no port', addressForm, `did you mean ${text}:8080?`)
  if (/^\d+$/.test(text)) return new Refusal('wrong-form', 'is only a port', addressForm, `did you mean ":${text}" (every address) or 127.0.0.1:${text}?`)
  const match = /^(\[[^\]]*\]|[^:]*):([^:]*)$/.exec(text)
  if (match === null) return new Refusal('wrong-form', 'is not an address and port', addressForm)
  const portText = match[2]!
  const port = Number(portText)
  if (!/^\d{1,5}$/.test(portText) || port > 65_535) return new Refusal('out-of-range', `has the port "${portText}"`, 'ports 1 to 65535, or 0 for any free port')
  const named = match[1]!
  const host = named.startsWith('[') ? named.slice(1, -1) : named === '*' ? '' : named
  if (host === 'localhost') return new Refusal('wrong-form', 'names localhost, which can be two addresses', addressForm, `did you mean 127.0.0.1:${port}?`)
  if (named.startsWith('[') ? !isIPv6(host) : host !== '' && isIP(host) !== 4) {
    return new Refusal('wrong-form', `has "${host}" where an IP address of this machine belongs`, addressForm)
  }
  if (host.includes('%')) return new Refusal('wrong-form', 'has an interface name in it', addressForm)
  return Object.freeze({ text: host === '' ? `:${port}` : isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`, host: host === '' ? '::' : host, port })
}

export const prefixForm = 'an address or prefix, for example 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32'

/** Returns the prefix with its length always written. Bits set beyond the length are refused: they hide which of two networks is meant. */
export function parsePrefix(raw: unknown): string | Refusal {
  if (typeof raw !== 'string') return wrongKind(raw, prefixForm)
  const text = raw.trim().toLowerCase()
  const [address, bitsText] = text.split('/') as [string, string | undefined]
  if (cidrProblem(text) !== null) {
    const star = /^(\d+\.\d+\.\d+)\.\*$/.exec(text) ?? /^(\d+\.\d+\.\d+)\.0-255$/.exec(text)
    return new Refusal('wrong-form', 'is not an address or prefix', prefixForm, star === null ? '' : `did you mean ${star[1]}.0/24?`)
  }
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  const bits = bitsText === undefined ? most : Number(bitsText)
  const network = family === 4 ? ipv4Network(address, bits) : ipv6Network(address, bits)
  if (network !== canonical(address)) return new Refusal('wrong-form', 'has bits set beyond its length', prefixForm, `did you mean ${network}/${bits} (the network) or ${address}/${most} (one address)?`)
  return `${network}/${bits}`
}

function ipv4Network(address: string, bits: number): string {
  const size = 2 ** (32 - bits)
  const start = Math.floor(ipv4Number(address) / size) * size
  return [24, 16, 8, 0].map((shift) => (start >>> shift) & 255).join('.')
}

function ipv6Network(address: string, bits: number): string {
  const groups = expandIpv6(address)
  const kept = groups.map((group, i) => {
    const left = Math.min(16, Math.max(0, bits - i * 16))
    return group & ((0xffff << (16 - left)) & 0xffff)
  })
  return canonical(kept.map((group) => group.toString(16)).join(':'))
}

/** The eight 16-bit groups of a valid IPv6 address. */
export function expandIpv6(address: string): number[] {
  const host = canonical(address)
  const [left, right] = host.split('::') as [string, string | undefined]
  const numbers = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const head = numbers(left)
  const tail = right === undefined ? [] : numbers(right)
  return [...head, ...Array.from({ length: right === undefined ? 0 : 8 - head.length - tail.length }, () => 0), ...tail]
}

/** One spelling per address (RFC 5952), by the URL parser. */
function canonical(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address
}

export const hostForm = 'a host name, for example www.parliament.example or *.parliament.example'

/** Lower case, ASCII (international names become xn--). No port: a host is known on every port it is served on. */
export function parseHost(raw: unknown): string | Refusal {
  if (typeof raw !== 'string') return wrongKind(raw, hostForm)
  const text = raw.trim()
  const url = /^[a-z]+:\/\/([^/:]+)/i.exec(text)
  if (url !== null) return new Refusal('wrong-form', 'is a URL', hostForm, `did you mean ${url[1]}?`)
  const port = /^([^:[\]]+):\d+$/.exec(text)
  if (port !== null) return new Refusal('wrong-form', 'has a port; a host is known on every port', hostForm, `did you mean ${port[1]}?`)
  if (isIP(text) !== 0) return isIPv6(text) ? `[${canonical(text)}]` : text
  const starred = text.startsWith('*.')
  const name = starred ? text.slice(2) : text
  // domainToASCII reads a host out of longer text; here the text is to be a host and nothing else.
  const ascii = /[\s/?#@:\\[\]%]/.test(name) ? '' : domainToASCII(name).replace(/\.$/, '')
  const valid = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/.test(ascii)
  if (!valid) {
    const note = text.includes('*') && !starred ? 'has a * elsewhere than at its start' : 'is not a host name'
    return new Refusal('wrong-form', note, hostForm)
  }
  return starred ? `*.${ascii}` : ascii
}

export const originForm = 'http://HOST:PORT or https://HOST:PORT of the web server that Polder protects'

export function parseOriginUrl(raw: unknown): string | Refusal {
  if (typeof raw !== 'string') return wrongKind(raw, originForm)
  const text = raw.trim()
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const guess = /^[\w.[\]:-]+$/.test(text) ? `did you mean http://${text}?` : ''
    return new Refusal('wrong-form', 'has no http:// or https:// in front', originForm, guess)
  }
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return new Refusal('wrong-form', 'is not a URL', originForm)
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return new Refusal('wrong-form', `has the scheme ${url.protocol}//`, originForm)
  if (url.username !== '' || url.password !== '') return new Refusal('wrong-form', 'holds a user name or password', originForm, 'let the origin accept requests from this machine without a password')
  if (url.search !== '' || url.hash !== '' || text.includes('?') || text.includes('#')) return new Refusal('wrong-form', 'has a query or fragment', originForm, `did you mean ${url.origin}?`)
  if (url.pathname !== '/') return new Refusal('not-yet', 'has a path; the visitor\'s path is passed on unchanged', originForm, `did you mean ${url.origin}?`)
  if (url.port === '0') return new Refusal('out-of-range', 'has the port 0', 'ports 1 to 65535')
  return url.origin
}

export const pathForm = 'a path that starts with /, in which * stands for any characters, for example /news/* or *.pdf'

export function parsePathGlob(raw: unknown): string | Refusal {
  if (typeof raw !== 'string') return wrongKind(raw, pathForm)
  const text = raw
  if (text === '') return new Refusal('wrong-form', 'is empty', pathForm)
  if (text.length > 2_048) return new Refusal('out-of-range', 'is too long', 'at most 2048 characters')
  if (/^https?:\/\//.test(text)) return new Refusal('wrong-form', 'is a URL; rules and routes look at the path', pathForm, `did you mean ${pathOf(text)}?`)
  if (!text.startsWith('/') && !text.startsWith('*')) return new Refusal('wrong-form', 'can match no path: paths start with /', pathForm, /^[\^~(]/.test(text) ? 'regular expressions are not read here' : `did you mean /${text}?`)
  if (text.includes('?')) return new Refusal('wrong-form', 'holds a ?; rules and routes look at the path without its query', pathForm, `did you mean ${text.slice(0, text.indexOf('?'))}?`)
  if (text.includes('#')) return new Refusal('wrong-form', 'holds a #, which browsers never send', pathForm)
  if (/\s/.test(text)) return new Refusal('wrong-form', 'holds a space; in a path it is written %20', pathForm, `did you mean ${text.trim().replaceAll(/\s/g, '%20')}?`)
  // eslint-disable-next-line no-control-regex -- paths on the wire are ASCII
  if (/[^\u0021-\u007E]/.test(text)) return new Refusal('wrong-form', 'holds letters outside ASCII, which browsers send percent-encoded', pathForm, `did you mean ${encodeURI(text.toWellFormed())}?`)
  return text.replaceAll(/\*+/g, '*')
}

function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]*/, '') || '/'
}

const knownMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'REPORT', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'SEARCH', 'PURGE', 'QUERY'])
export const methodForm = 'a method in capitals, for example GET or POST'

export function parseMethod(raw: unknown): string | Refusal {
  if (typeof raw !== 'string') return wrongKind(raw, methodForm)
  const text = raw.trim()
  if (knownMethods.has(text)) return text
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}$/.test(text)) return new Refusal('wrong-form', 'is not a method', methodForm)
  const upper = text.toUpperCase()
  if (upper !== text) return new Refusal('wrong-form', 'is not in capitals; methods are told apart by case', methodForm, `did you mean ${upper}?`)
  return text
}

export const idForm = '1 to 64 letters, digits, - and _, for example block-old-search'

export function parseId(raw: unknown): string | Refusal {
  if (typeof raw === 'number') return new Refusal('wrong-type', 'is a number', idForm, `did you mean rule-${raw}?`)
  if (typeof raw !== 'string') return wrongKind(raw, idForm)
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(raw) ? raw : new Refusal('wrong-form', 'is not an id', idForm)
}

export const timeForm = 'a time with its zone, for example 2026-12-01T18:00:00Z or 2026-12-01T19:00+01:00'

export function parseTime(raw: unknown): WallMs | Refusal {
  if (typeof raw !== 'string') return wrongKind(raw, timeForm)
  const text = raw.trim()
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/i.exec(text)
  if (match === null) return new Refusal('wrong-form', 'is not a time', timeForm)
  const [, year, month, day, hour, minute, second = '00', zone] = match as unknown as Array<string | undefined>
  if (hour === undefined) return new Refusal('wrong-form', 'is a date without a time of day', timeForm, `did you mean ${year}-${month}-${day}T00:00:00Z?`)
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  const shown = new Date(utc).toISOString()
  if (shown.slice(0, 19) !== `${year}-${month}-${day}T${hour}:${minute}:${second}`) return new Refusal('out-of-range', 'is a time that does not exist', timeForm)
  if (zone === undefined) return new Refusal('wrong-form', 'does not say its time zone', timeForm, `did you mean ${year}-${month}-${day}T${hour}:${minute}:${second}Z (UTC)?`)
  if (zone.toUpperCase() === 'Z') return utc as WallMs
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  if (hours > 14 || minutes > 59) return new Refusal('out-of-range', `has the time zone ${zone}`, timeForm)
  return (utc - (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000) as WallMs
}
