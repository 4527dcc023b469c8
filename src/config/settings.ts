/**
 * What a valid polder.yaml means: frozen plain data, the same for every thread (structured-cloneable). Durations in ms, sizes in bytes, shares 0 to 1.
 * Paths are absolute. Nothing here is optional: what the file leaves out has its default.
 */
import type { Rule } from '../contract/plan.ts'
import type { RouteClass } from '../contract/route-class.ts'
import type { CacheRouteSettings } from '../dataplane/cache/options.ts'
import type { ChannelSettings } from '../record/alert/options.ts'
import type { SectionValues } from './tables.ts'

export interface ListenAddress {
  /** For messages: `127.0.0.1:8080`, `[::1]:8080`, `:8443`. */
  readonly text: string
  /** `::` (both families) when the file names only a port. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  /** Names to use it for; empty: the names inside the certificate. */
  readonly hosts: readonly string[]
}

export type ListenTls =
  /** A certificate made at start, for trying out. */
  | { readonly kind: 'development' }
  /** The first certificate also serves visitors who name no host, or an unknown one. */
  | { readonly kind: 'files'; readonly certificates: readonly CertificateFiles[] }

export interface ListenSettings {
  readonly address: ListenAddress
  /** null: clear text. */
  readonly tls: ListenTls | null
  /** Every connection starts with a PROXY protocol header, believed only from `edge.trustedProxies`. */
  readonly proxyProtocol: boolean
}

/** First match wins. null: not said here. */
export interface RouteSettings {
  /** `*` stands for any characters, `/` too. */
  readonly path: string
  /** null: Polder looks at the request. */
  readonly class: RouteClass | null
  readonly cache: CacheRouteSettings
  readonly maxBodyBytes: number | null
  readonly timeoutMs: number | null
  /** Connections may change protocol here (WebSocket). */
  readonly upgrade: boolean
  /** Never challenged: feeds, APIs, machines. */
  readonly exempt: boolean
}

export interface OperatorRule extends Rule {
  readonly note: string
}

/** `origin`, `edge`, `cache`, `admission`, `site`, `log`: exactly the values of that feature's options table. */
export interface Settings extends SectionValues {
  readonly listen: readonly ListenSettings[]
  /** Known hosts; empty: any. `*.example.org` stands for every name below example.org. */
  readonly hosts: readonly string[]
  readonly rules: readonly OperatorRule[]
  readonly routes: readonly RouteSettings[]
  /** `alert.channels`; names are unique. Secrets are not here. */
  readonly alertChannels: readonly ChannelSettings[]
  /** `listen` null: no admin listener. */
  readonly admin: { readonly listen: ListenAddress | null }
  /** Edge worker threads; `auto`: one per core. */
  readonly workers: 'auto' | number
  readonly dataDir: string
}
