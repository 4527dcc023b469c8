/**
 * A program that stands before the origin in the suite. Two forms of each: as its package ships it with a proxy line added, and as its own documents advise
 * against floods. `stand-in` is Polder alone: as shipped, but with a rate limit where its rules would challenge.
 */
export type Form = 'default' | 'tuned' | 'stand-in'

export interface PeerPlace {
  /** An empty folder of its own; removed afterwards. */
  readonly folder: string
  readonly port: number
  readonly tlsPort: number
  readonly originPort: number
  readonly form: Form
  readonly share: number
  readonly workers: number
}

export interface ShieldPeer {
  readonly name: string
  readonly title: string
  /** What a 503 of its own means. */
  readonly bare503: 'blocked' | 'busy'
  readonly http2: boolean
  /** Writes its settings and says what to start in the foreground; null: nothing stands before the origin. */
  command(place: PeerPlace): { readonly program: string; readonly args: readonly string[] } | null
}
