import type { ComponentName, ComponentState } from '../../../contract/statement.ts'

/**
 * The status page's own words in one language, and beginnings of statements. One file a language, so that a native speaker can correct it whole; written by the
 * authors of Polder, not yet read by native speakers of each. Statements that are published are people's words, in whatever languages people write.
 */
export interface StatusWords {
  readonly title: string
  readonly parts: string
  readonly part: string
  readonly state: string
  readonly since: string
  readonly statements: string
  readonly none: string
  readonly know: string
  readonly notKnown: string
  readonly doing: string
  readonly next: string
  readonly published: string
  readonly earlier: string
  readonly back: string
  readonly updated: string
  readonly contact: string
  readonly languages: string
  readonly feed: string
  readonly onlyIn: string
  readonly components: Readonly<Record<ComponentName, string>>
  readonly states: Readonly<Record<ComponentState, string>>
  readonly templates: readonly StatementTemplate[]
}

/**
 * A beginning for a spokesperson at night: it keeps apart what is known, what is not, what is done, and when one speaks next. What stands in [square brackets]
 * must be filled in by a person: a statement that still holds a bracket is not approved. None says who did it or why: that is never known at the beginning, and
 * a claim of responsibility is a claim.
 */
export interface StatementTemplate {
  readonly name: string
  readonly title: string
  readonly know: string
  readonly notKnown: string
  readonly doing: string
  readonly next: string
}
