import type { AsksNothing } from './asks-nothing.ts'

/** The public status page: only what a person approved, and one automatic state that can be switched off. */
export const componentNames = Object.freeze(['reading', 'search', 'forms', 'api'] as const)
export type ComponentName = (typeof componentNames)[number]
export const componentStates = Object.freeze(['works', 'investigating', 'slow', 'limited', 'down', 'maintenance'] as const)
export type ComponentState = (typeof componentStates)[number]

export interface Statement {
  readonly id: string
  readonly incidentId: string | null
  /** By language; the first is the one it was written in. */
  readonly texts: ReadonlyArray<{ readonly language: string; readonly title: string; readonly know: string; readonly notKnown: string; readonly doing: string; readonly next: string }>
  readonly stage: 'draft' | 'approved' | 'published' | 'withdrawn'
  readonly draftedBy: string
  /** All who changed its words, oldest first. */
  readonly writers: readonly string[]
  readonly approvedBy: string | null
  readonly publishedBy: string | null
  readonly createdAtWallMs: number
  readonly publishedAtWallMs: number | null
}

export interface StatusBoard {
  readonly components: ReadonlyArray<{ readonly name: ComponentName; readonly state: ComponentState; readonly automatic: boolean; readonly sinceWallMs: number }>
  readonly statements: readonly Statement[]
  readonly automaticState: boolean
  readonly fourEyes: boolean
  readonly languages: readonly string[]
  readonly exportedAtWallMs: number | null
  readonly exportFolder: string
  /** Why the files are not up to date, or ''. */
  readonly trouble: string
  /** Where the page is served, or ''. */
  readonly listen: string
}

export interface StatementExchanges {
  readonly board: { readonly asks: AsksNothing; readonly answers: StatusBoard }
  readonly templates: { readonly asks: { readonly language: string }; readonly answers: ReadonlyArray<{ readonly name: string; readonly title: string; readonly know: string; readonly notKnown: string; readonly doing: string; readonly next: string }> }
  readonly draft: { readonly asks: { readonly id?: string; readonly incidentId?: string; readonly template?: string; readonly texts?: Statement['texts'] }; readonly answers: Statement }
  readonly approve: { readonly asks: { readonly id: string }; readonly answers: Statement }
  readonly publish: { readonly asks: { readonly id: string }; readonly answers: Statement }
  readonly withdraw: { readonly asks: { readonly id: string }; readonly answers: Statement }
  readonly component: { readonly asks: { readonly name: ComponentName; readonly state: ComponentState }; readonly answers: StatusBoard }
  readonly [question: string]: { readonly asks: object; readonly answers: unknown }
}
