/** What `polder lifeline` reads from the lifeline's file and writes to a folder. Plain data. */

export interface FoundCopy {
  /** Host and target. */
  readonly key: string
  readonly kept: {
    readonly status: number
    readonly storedAtWallMs: number
    readonly headers: readonly string[]
    readonly bytes: number
    /** As visitors get it: with its date, when it is a page. */
    readonly body: Uint8Array
  } | null
  /** Why there is none, or what the last visit since said; '' when all is well. */
  readonly why: string
  /** The last visit; 0: none. */
  readonly checkedAtWallMs: number
}

export interface ExportedSite {
  readonly folder: string
  readonly files: number
  readonly bytes: number
  readonly pages: number
  /** Copies that were damaged on disk and left out. */
  readonly damaged: number
  readonly oldestWallMs: number
  readonly sites: readonly string[]
}
