/** What an origin of a test says it was asked. */
export interface SeenRequest {
  readonly method: string
  readonly target: string
  /** X-Request-Id, '' when there was none or this origin does not tell. */
  readonly id: string
  /** Bytes of content, -1 when this origin does not tell. */
  readonly contentBytes: number
  /** Fields and trailers but those Polder writes itself, where this origin tells. */
  readonly passed?: readonly string[]
}

/** An origin that says what reached it, one entry per request it took for one, also those it refused. */
export interface WatchedOrigin {
  readonly name: string
  readonly url: string
  readonly seen: readonly SeenRequest[]
  /** A request whose answer differs from every other: what to ask, and whether an answer is the one to it. */
  unique(number: number): { readonly target: string; belongs(body: Buffer): boolean }
  /** Reads what was written down but not taken in yet. */
  settle(): Promise<void>
  close(): Promise<void>
}
