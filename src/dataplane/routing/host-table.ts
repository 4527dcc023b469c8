/** The hosts this site answers to. Empty: any. A name matches without its port; `*.example.org` stands for every name below example.org. */
export class HostTable {
  readonly #names: ReadonlySet<string>
  readonly #suffixes: readonly string[]
  readonly #any: boolean

  constructor(hosts: readonly string[]) {
    this.#any = hosts.length === 0
    this.#names = new Set(hosts.filter((host) => !host.startsWith('*.')).map((host) => host.toLowerCase()))
    this.#suffixes = hosts.filter((host) => host.startsWith('*.')).map((host) => host.slice(1).toLowerCase())
  }

  /** `host`: lower case, with or without port, IPv6 in brackets. */
  knows(host: string): boolean {
    if (this.#any) return true
    const colon = host.lastIndexOf(':')
    const name = colon > host.lastIndexOf(']') ? host.slice(0, colon) : host
    if (this.#names.has(name) || this.#names.has(host)) return true
    for (const suffix of this.#suffixes) if (name.length > suffix.length && name.endsWith(suffix)) return true
    return false
  }
}
