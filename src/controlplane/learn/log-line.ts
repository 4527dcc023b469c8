/**
 * One line of an access log as a request: combined and common format (Apache, nginx, Polder), also with a virtual host in front, and JSON lines
 * (Polder's own, and what nginx is commonly made to write). A line that is no request is answered with why; nothing is guessed and nothing is thrown.
 * Text is one character per byte, as it came over the wire, so that it hashes as the live request did.
 */

/** What a line says. One object is used for every line of a reader. */
export interface LoggedRequest {
  atWallMs: number
  /** As logged: an address, or a name or hash where addresses are not kept. */
  client: string
  method: string
  target: string
  /** 10, 11, 20. */
  version: number
  status: number
  /** '' when there was none. */
  referer: string
  agent: string
  /** '' when the log does not say. */
  host: string
  /** Requests this line stands for, where the log is a sample. */
  standsFor: number
  /** Polder's own reason, '' elsewhere. */
  reason: string
}

export type LogFormat = 'combined' | 'JSON'

/** A flood can make lines of any length; nothing sensible is longer. */
export const LONGEST_LINE_BYTES = 65_536

const months: Readonly<Record<string, number>> = { Jan: 0, Feb: 1, Mar: 2, Apr: 3, May: 4, Jun: 5, Jul: 6, Aug: 7, Sep: 8, Oct: 9, Nov: 10, Dec: 11 }

export class LogLineReader {
  readonly request: LoggedRequest = { atWallMs: 0, client: '', method: '', target: '', version: 11, status: 0, referer: '', agent: '', host: '', standsFor: 1, reason: '' }
  format: LogFormat = 'combined'
  #stamp = ''
  #stampMs = Number.NaN

  /** Fills `request`. Returns null, or what is wrong with the line. `line` holds one character per byte. */
  read(line: string): string | null {
    const first = line.charCodeAt(0)
    return first === 123 ? this.#json(line) : this.#combined(line)
  }

  #combined(line: string): string | null {
    const request = this.request
    this.format = 'combined'
    const open = line.indexOf('[')
    const close = line.indexOf(']', open)
    if (open < 1 || close === -1) return 'there is no [time]'
    const at = this.#time(line.slice(open + 1, close))
    if (Number.isNaN(at)) return `the time "${line.slice(open + 1, close).slice(0, 40)}" cannot be read`
    const quote = line.indexOf('"', close)
    if (quote === -1) return 'there is no "request"'
    const quoteEnd = closingQuote(line, quote + 1)
    if (quoteEnd === -1) return 'the "request" does not end'
    const problem = this.#requestLine(unescaped(line.slice(quote + 1, quoteEnd)))
    if (problem !== null) return problem
    // status, then bytes or a dash
    const statusEnd = line.indexOf(' ', quoteEnd + 2)
    const status = Number(statusEnd === -1 ? line.slice(quoteEnd + 2) : line.slice(quoteEnd + 2, statusEnd))
    if (!(Number.isInteger(status) && status >= 100 && status <= 999)) return 'there is no status after the request'
    const head = line.slice(0, open).split(' ')
    // vhost_combined: "host:port client - user"
    const vhost = head.length >= 5
    request.client = vhost ? head[1] : head[0]
    request.host = vhost ? head[0].toLowerCase().replace(/:\d+$/, '') : ''
    request.atWallMs = at
    request.status = status
    request.standsFor = 1
    request.reason = ''
    request.referer = ''
    request.agent = ''
    const refererAt = line.indexOf('"', quoteEnd + 1)
    if (refererAt !== -1) {
      const refererEnd = closingQuote(line, refererAt + 1)
      if (refererEnd === -1) return 'the "referer" does not end'
      request.referer = dashless(unescaped(line.slice(refererAt + 1, refererEnd)))
      const agentAt = line.indexOf('"', refererEnd + 1)
      if (agentAt !== -1) {
        const agentEnd = closingQuote(line, agentAt + 1)
        // A cut last field is still the program's name.
        request.agent = dashless(unescaped(line.slice(agentAt + 1, agentEnd === -1 ? line.length : agentEnd)))
      }
    }
    return null
  }

  /** `GET /path HTTP/1.1` */
  #requestLine(text: string): string | null {
    const request = this.request
    const space = text.indexOf(' ')
    const last = text.lastIndexOf(' ')
    if (space < 1 || last === space) return text === '-' || text === '' ? 'the request is empty (the visitor sent nothing that could be read)' : `"${text.slice(0, 40)}" is no request line`
    const version = versionOf(text.slice(last + 1))
    if (version === 0) return `"${text.slice(last + 1).slice(0, 20)}" is no HTTP version that is served`
    request.method = text.slice(0, space)
    if (!/^[A-Z]{3,16}$/.test(request.method)) return `"${request.method.slice(0, 20)}" is no method`
    request.target = originForm(text.slice(space + 1, last))
    request.version = version
    return null
  }

  /** `10/Oct/2023:10:22:41 +0200`. Lines of one second are read once. */
  #time(text: string): number {
    if (text === this.#stamp) return this.#stampMs
    const found = /^(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2})(?:\.\d+)? ([+-])(\d{2})(\d{2})$/.exec(text)
    let ms = Number.NaN
    if (found === null) ms = isoTime(text)
    else if (months[found[2]] !== undefined) {
      const offset = (Number(found[8]) * 60 + Number(found[9])) * 60_000 * (found[7] === '-' ? -1 : 1)
      ms = Date.UTC(Number(found[3]), months[found[2]], Number(found[1]), Number(found[4]), Number(found[5]), Number(found[6])) - offset
    }
    this.#stamp = text
    this.#stampMs = ms
    return ms
  }

  #json(line: string): string | null {
    this.format = 'JSON'
    let fields: Readonly<Record<string, unknown>>
    try {
      fields = JSON.parse(line) as Readonly<Record<string, unknown>>
    } catch {
      return 'the line begins as JSON and is none'
    }
    const text = (...names: string[]): string => {
      for (const name of names) {
        const value = fields[name]
        if (typeof value === 'string' && value !== '') return value
        if (typeof value === 'number') return String(value)
      }
      return ''
    }
    const request = this.request
    const at = this.#jsonTime(text('time', 'time_local', 'time_iso8601', '@timestamp', 'timestamp', 'msec', 'ts'))
    if (Number.isNaN(at)) return 'there is no time that can be read (time, time_local, time_iso8601, @timestamp, msec)'
    const whole = text('request')
    if (whole !== '' && whole.includes(' ')) {
      const problem = this.#requestLine(whole)
      if (problem !== null) return problem
    } else {
      request.method = text('method', 'request_method')
      request.target = originForm(text('target', 'request_uri', 'uri', 'path'))
      if (request.target !== '' && !request.target.includes('?') && text('args') !== '') request.target += `?${text('args')}`
      const version = text('version', 'server_protocol', 'protocol', 'http_version')
      request.version = version === '' ? 11 : versionOf(version)
      if (!/^[A-Z]{3,16}$/.test(request.method) || request.target === '') return 'there is no request (request, or method and target, or request_method and request_uri)'
      if (request.version === 0) return `"${version.slice(0, 20)}" is no HTTP version that is served`
    }
    const status = Number(text('status'))
    if (!(Number.isInteger(status) && status >= 100 && status <= 999)) return 'there is no status'
    request.atWallMs = at
    request.status = status
    request.client = text('client', 'remote_addr', 'client_ip', 'remote_ip')
    if (request.client === '') return 'there is no client (client, remote_addr)'
    request.referer = dashless(text('referer', 'http_referer', 'http_referrer', 'referrer'))
    request.agent = dashless(text('agent', 'http_user_agent', 'user_agent'))
    request.host = text('host', 'http_host', 'server_name').toLowerCase()
    request.reason = typeof fields['reason'] === 'string' ? fields['reason'] : ''
    const standsFor = fields['standsFor']
    request.standsFor = typeof standsFor === 'number' && standsFor >= 1 && standsFor <= 1e6 ? standsFor : 1
    return null
  }

  #jsonTime(text: string): number {
    if (/^\d{9,11}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000)
    if (/^\d{12,14}$/.test(text)) return Number(text)
    return this.#time(text)
  }
}

function isoTime(text: string): number {
  return /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text) && /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : Number.NaN
}

function versionOf(text: string): number {
  switch (text.startsWith('HTTP/') ? text.slice(5) : text) {
    case '1.1':
      return 11
    case '1.0':
    case '1':
      return 10
    case '2.0':
    case '2':
    case '3.0':
    case '3':
      return 20
    default:
      return 0
  }
}

/** `http://host/path` as a proxy logs it. */
function originForm(target: string): string {
  if (target.startsWith('/') || target === '*') return target
  const scheme = /^https?:\/\/[^/?#]*/i.exec(target)
  if (scheme === null) return target.startsWith('?') ? `/${target}` : target
  const rest = target.slice(scheme[0].length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

function closingQuote(line: string, from: number): number {
  let at = line.indexOf('"', from)
  while (at !== -1) {
    let backslashes = 0
    while (line.charCodeAt(at - 1 - backslashes) === 92) backslashes++
    if (backslashes % 2 === 0) return at
    at = line.indexOf('"', at + 1)
  }
  return -1
}

/** nginx and Apache write bytes as \xHH, quotes and backslashes behind a backslash. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\(?:x([0-9A-Fa-f]{2})|(.))/g, (_, hex: string | undefined, character: string) => (hex === undefined ? character : String.fromCharCode(Number.parseInt(hex, 16))))
}

function dashless(text: string): string {
  return text === '-' ? '' : text
}
