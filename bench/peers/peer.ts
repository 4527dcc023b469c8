/** What the comparison needs of each program. One file per program; each runs with the settings its own manual advises for speed. */

export type PeerName = 'polder' | 'nginx' | 'haproxy' | 'varnish' | 'http-proxy-3' | 'fastify'

/** What a workload needs a program to do. */
export type Ability = 'reject' | 'reject-table' | 'cache' | 'proxy' | 'tls' | 'h2' | 'two-workers'

export interface PeerSetup {
  /** An empty folder of its own; removed afterwards. */
  readonly folder: string
  readonly port: number
  /** https and, where the program can, h2. */
  readonly tlsPort: number
  readonly originPort: number
  readonly certFile: string
  readonly keyFile: string
  /** Certificate and key in one file, as HAProxy wants it. */
  readonly bothFile: string
  readonly workers: 1 | 2
  readonly cores: string
}

export interface Peer {
  readonly name: PeerName
  /** For the tables. */
  readonly title: string
  /** null when the program is not there. */
  version(): Promise<string | null>
  /** Abilities it lacks, with the reason. */
  readonly lacks: Readonly<Partial<Record<Ability, string>>>
  /** Writes its settings and returns what to start. It must stay in the foreground. */
  command(setup: PeerSetup): { readonly program: string; readonly args: readonly string[] }
}

/** The paths that every program serves alike. */
export const paths = {
  /** 403 by the cheapest rule the program has. */
  reject: '/blocked',
  /** 403 by a rule, after the client was looked up in, and counted in, a table of clients. */
  rejectTable: '/blocked-table',
  cached: (kibibytes: number) => `/cached/${kibibytes}`,
  /** 1 KiB from the origin, no-store. */
  proxied: '/proxied',
} as const
