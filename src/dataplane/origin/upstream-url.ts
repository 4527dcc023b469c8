/** One place where the site runs, as the operator wrote it. */
export interface UpstreamSpec {
  /** For logs, metrics and admin: without weight, never with a password. */
  readonly name: string
  readonly protocol: 'http:' | 'https:'
  /** Host name or address without brackets; 'localhost' for a unix socket. */
  readonly hostname: string
  readonly port: number
  /** '' unless it is a unix socket. */
  readonly socketPath: string
  readonly weight: number
}

/** Reads `http://host:port`, `https://host`, `unix:/path`, each with an optional ` weight=N`. Returns what is wrong as text. */
export function parseUpstream(text: string): UpstreamSpec | string {
  const parts = text.trim().split(/\s+/)
  let weight = 1
  if (parts.length > 2) return 'too many parts: address, then " weight=N"'
  if (parts.length === 2) {
    const match = /^weight=(\d{1,3})$/.exec(parts[1])
    weight = match === null ? 0 : Number(match[1])
    if (weight < 1 || weight > 100) return 'weight must be 1 to 100'
  }
  const address = parts[0]
  if (address.startsWith('unix:')) {
    const socketPath = address.slice('unix:'.length)
    // sun_path holds 108 bytes with its final NUL (unix(7)).
    if (!socketPath.startsWith('/') || Buffer.byteLength(socketPath) > 107) return 'a unix socket needs an absolute path of at most 107 bytes: unix:/run/site.sock'
    return { name: address, protocol: 'http:', hostname: 'localhost', port: 80, socketPath, weight }
  }
  if (!URL.canParse(address)) return 'not an address: write http://host:port'
  const url = new URL(address)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'only http://, https:// and unix: are possible'
  if (url.username !== '' || url.password !== '') return 'no user name or password in the address'
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== '') return 'no path, query or fragment: requests keep the visitor\'s path'
  const hostname = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return { name: url.origin, protocol: url.protocol, hostname, port, socketPath: '', weight }
}
