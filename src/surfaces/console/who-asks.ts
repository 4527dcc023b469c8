/**
 * Where a request comes from and whether it may have been sent by a page of ours: the address, http or https, the name it asks for, the page that sent it.
 * A foreign page that points its own name at this address (DNS rebinding) asks under that name and is refused; one that posts a form here says so in Origin.
 */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { HttpRefusal } from './http-answer.ts'

export interface Asker {
  /** As written, without a zone or the IPv4 wrapping of IPv6. */
  readonly address: string
  /** What tries are counted by: the address, or its IPv6 /64. */
  readonly source: string
  readonly secure: boolean
  /** `Host`, as given. */
  readonly host: string
}

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

export class WhoAsks {
  readonly #proxies = new BlockList()
  readonly #names: ReadonlySet<string>
  readonly #anyAddress: boolean

  /** `listenHost`: what the listener is bound to. */
  constructor(trustedProxies: readonly string[], hosts: readonly string[], listenHost: string) {
    for (const cidr of trustedProxies) {
      const [address, bits] = cidr.split('/') as [string, string | undefined]
      const family = isIPv4(address) ? 'ipv4' : 'ipv6'
      this.#proxies.addSubnet(address, bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits), family)
    }
    this.#names = new Set([...hosts.map((host) => host.toLowerCase()), isIP(listenHost) === 6 ? `[${listenHost}]` : listenHost.toLowerCase()])
    this.#anyAddress = listenHost === '0.0.0.0' || listenHost === '::'
  }

  /** @throws HttpRefusal when it asks for a name that is not ours. */
  read(request: IncomingMessage): Asker {
    const peer = plain(request.socket.remoteAddress ?? '')
    const trusted = isIP(peer) !== 0 && this.#proxies.check(peer, isIPv4(peer) ? 'ipv4' : 'ipv6')
    const forwarded = trusted ? plain(String(request.headers['x-forwarded-for'] ?? '').split(',').at(-1)!.trim()) : ''
    const address = isIP(forwarded) === 0 ? peer : forwarded
    const secure = 'encrypted' in request.socket || (trusted && request.headers['x-forwarded-proto'] === 'https')
    const host = request.headers.host ?? ''
    if (!this.#isOurs(host)) throw new HttpRefusal(421, 'other-host', 'the console is not known under this name; name it in the setting console.hosts')
    return { address, source: sourceOf(address), secure, host }
  }

  /** For changes. @throws HttpRefusal when another page sent it. */
  mustBeOurPage(request: IncomingMessage, asker: Asker): void {
    const { origin } = request.headers
    const site = request.headers['sec-fetch-site']
    if (origin !== `${asker.secure ? 'https' : 'http'}://${asker.host}` || (site !== undefined && site !== 'same-origin')) throw new HttpRefusal(403, 'other-origin', 'a change is only taken from a page of this console')
  }

  #isOurs(host: string): boolean {
    const match = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(host)
    if (match === null) return false
    const name = match[1]!.toLowerCase()
    // An address cannot be rebound; through a tunnel the port is another one.
    return loopbackNames.has(name) || this.#names.has(name) || (this.#anyAddress && isIP(name.replaceAll(/[[\]]/g, '')) !== 0)
  }
}

function plain(address: string): string {
  const bare = address.split('%', 1)[0]!
  return bare.toLowerCase().startsWith('::ffff:') && isIPv4(bare.slice(7)) ? bare.slice(7) : bare
}

/** IPv6 by /64: whoever has one has all of it. */
export function sourceOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head, tail] = address.toLowerCase().split('::') as [string, string | undefined]
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = tail === undefined ? first : [...first, ...Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0'), ...last]
  return `${groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
