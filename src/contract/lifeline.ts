/**
 * What the lifeline thread, the edge workers and the surfaces tell each other about the last good copy of the public site. Plain data.
 * The lifeline never opens a connection of its own: it asks an edge worker for a page in nobody's name, and the worker's own rules say what may be kept.
 */

/** From the lifeline to one edge worker. The request carries no cookie, no credentials, no visitor's header. */
export interface LifelineAsk {
  readonly ticket: number
  readonly scheme: 'http' | 'https'
  readonly host: string
  /** Path and query. */
  readonly target: string
  /** Validators of the copy that is there, '' when there is none. */
  readonly etag: string
  readonly lastModified: string
  /** More than this is not read. */
  readonly maxBytes: number
  /** The operator named this path as public whatever its headers say (lifeline.publicPaths). */
  readonly publicPath: boolean
}

export type LifelineOutcome =
  /** May be kept; `body` is the whole content as the origin sent it. */
  | 'answered'
  | 'not-modified'
  /** An answer came that may not be kept, or is no page; `why` says which. */
  | 'not-kept'
  /** The origin could not: connection, deadline, 5xx. */
  | 'failed'
  /** The shield has no room for this now: not calm, no place at the origin. */
  | 'put-off'

export interface LifelineAnswer {
  readonly ticket: number
  readonly outcome: LifelineOutcome
  /** A token; '' with 'answered' and 'not-modified'. */
  readonly why: string
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Uint8Array | null
  /** From sending the request to the origin's header section; -1 when the origin was not asked (a fresh copy was in memory). */
  readonly originMs: number
}

/** One kept copy as it travels to an edge worker or is read from disk. */
export interface LifelineCopy {
  /** Host and target, as in the address without its scheme. */
  readonly key: string
  readonly status: number
  /** When the origin last vouched for it. */
  readonly storedAtWallMs: number
  /** Only fields that belong to the content: type, language, policy, location. */
  readonly headers: readonly string[]
  readonly body: Uint8Array
}

/** From an edge worker: how often pages were read since the last such message. Sampled; each count stands for that many reads. */
export interface LifelineReads {
  readonly counts: ReadonlyArray<readonly [key: string, reads: number]>
  /** Reads of pages that found no room in the table. */
  readonly others: number
}

/** Why the crawler rests, or '' while it works. */
export type LifelinePause = '' | 'done' | 'off' | 'no-site' | 'not-calm' | 'origin-fails' | 'starting'

export interface LifelineMissing {
  readonly why: string
  readonly pages: number
  readonly examples: readonly string[]
}

/** For `polder lifeline status`, the console and reports. */
export interface LifelineState {
  readonly atWallMs: number
  readonly sites: readonly string[]
  readonly pause: LifelinePause
  /** What of the pass under way is done; `pass` 0: none yet. */
  readonly pass: { readonly number: number; readonly startedAtWallMs: number; readonly endedAtWallMs: number; readonly done: number; readonly left: number; readonly perSecond: number }
  readonly pages: { readonly known: number; readonly kept: number; readonly missing: number; readonly beyondBound: number }
  readonly disk: { readonly bytes: number; readonly maxBytes: number; readonly copyBytes: number; readonly suspended: boolean }
  /** Age of the kept copies in ms: half are younger than `medianMs`. */
  readonly age: { readonly medianMs: number; readonly oldestMs: number }
  /** Of the reads of the last `days`, what the copies could serve. `share` -1: nobody has read anything yet. */
  readonly coverage: { readonly share: number; readonly reads: number; readonly days: number; readonly unserved: ReadonlyArray<{ readonly key: string; readonly reads: number; readonly why: string }> }
  readonly missing: readonly LifelineMissing[]
  /** Of the lifeline thread. */
  readonly memory: { readonly heapBytes: number; readonly externalBytes: number }
}
