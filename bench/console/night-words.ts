/** What script/bench console and its night-program.ts say to each other. */
export type NightOrder = { readonly type: 'pass'; readonly seconds: number } | { readonly type: 'weigh' }
export type NightWord =
  | { readonly type: 'ready'; readonly url: string; readonly atWallMs: number }
  | { readonly type: 'passed'; readonly atWallMs: number; readonly seconds: number; readonly events: number; readonly acts: number; readonly skipped: number }
  | { readonly type: 'weighed'; readonly heapBytes: number; readonly otherBytes: number; readonly residentBytes: number; readonly historyBytes: number }

export const NIGHT_PASSWORD = 'correct horse battery'
