/** DNS over the system's name servers or the operator's: the only place where Polder asks them. One question has one time limit, over all its packets. */
import { Resolver } from 'node:dns/promises'
import { canonicalIpv6, type DnsQuestions } from './forward-confirm.ts'

export class DnsResolver implements DnsQuestions {
  readonly #servers: readonly string[]
  readonly #timeoutMs: number

  /** `servers` empty: the system's. @throws Error for a server that cannot be read (they are checked in options.ts). */
  constructor(servers: readonly string[], timeoutMs: number) {
    this.#servers = servers
    this.#timeoutMs = timeoutMs
    this.#resolver()
  }

  namesOf(address: string): Promise<readonly string[]> {
    // Not `reverse()`: it asks /etc/hosts too, and calls a failing server's answer 'not found'.
    return this.#ask((resolver) => resolver.resolvePtr(reverseName(address)))
  }

  addressesOf(name: string, family: 4 | 6): Promise<readonly string[]> {
    return this.#ask((resolver) => (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name)))
  }

  /** A resolver for each question, so that a late one is given up alone. */
  async #ask(question: (resolver: Resolver) => Promise<string[]>): Promise<readonly string[]> {
    const resolver = this.#resolver()
    const timer = setTimeout(() => resolver.cancel(), this.#timeoutMs)
    try {
      return await question(resolver)
    } finally {
      clearTimeout(timer)
    }
  }

  #resolver(): Resolver {
    const resolver = new Resolver({ timeout: this.#timeoutMs, tries: 2 })
    if (this.#servers.length > 0) resolver.setServers(this.#servers)
    return resolver
  }
}

/** `66.249.66.1` → `1.66.249.66.in-addr.arpa` (RFC 1035 section 3.5), IPv6 by its 32 digits (RFC 3596 section 2.5). */
function reverseName(address: string): string {
  if (!address.includes(':')) return `${address.split('.').toReversed().join('.')}.in-addr.arpa`
  const [left, right] = canonicalIpv6(address).split('::') as [string, string | undefined]
  const groups = (part: string | undefined): string[] => (part === undefined || part === '' ? [] : part.split(':'))
  const [head, tail] = [groups(left), groups(right)]
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail]
  return `${all.map((group) => group.padStart(4, '0')).join('').split('').toReversed().join('.')}.ip6.arpa`
}
