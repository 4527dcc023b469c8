import { isIPv6 } from 'node:net'

/**
 * Lower-case `host[:port]`, or null when `text` is not one.
 * Narrower than RFC 3986 on purpose: a name is letters, digits, '-', '.', '_'. The other characters a reg-name may hold ("," "%" "&" ...) appear in no
 * DNS name, and two programs that read them differently serve one site's page under another's name. An empty port ("host:") is refused for the same reason.
 * Source: RFC 3986 section 3.2.2, RFC 9110 section 7.2, RFC 1035 (255 bytes).
 */
export function readHost(text: string): string | null {
  const length = text.length
  if (length === 0 || length > LONGEST_HOST) return null
  let at = 0
  let upper = false
  if (text.charCodeAt(0) === 91) {
    const end = text.indexOf(']')
    if (end === -1 || text.includes('%') || !isIPv6(text.slice(1, end))) return null
    upper = true
    at = end + 1
  } else {
    let c = 0
    for (; at < length && (c = text.charCodeAt(at)) !== 58; at++) {
      if ((c >= 97 && c <= 122) || (c >= 48 && c <= 57) || c === 46 || c === 45 || c === 95) continue
      if (c < 65 || c > 90) return null
      upper = true
    }
    if (at === 0) return null
  }
  if (at < length) {
    if (text.charCodeAt(at) !== 58 || at + 1 === length || length - at > 6) return null
    let port = 0
    for (let i = at + 1; i < length; i++) {
      const digit = text.charCodeAt(i) - 48
      if (digit < 0 || digit > 9) return null
      port = port * 10 + digit
    }
    if (port > 65_535) return null
  }
  return upper ? text.toLowerCase() : text
}

const LONGEST_HOST = 255 + 6
