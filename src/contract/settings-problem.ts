/** Stable codes of everything that can be wrong with a settings file; explained in docs/operator/settings.md. Append only. */
export const settingsProblemCodes = [
  'file-not-found',
  'file-unreadable',
  'file-too-large',
  'file-empty',
  'not-utf8',
  'control-character',
  'invisible-character',
  'yaml-syntax',
  'yaml-tab',
  'yaml-duplicate-key',
  'yaml-alias',
  'yaml-tag',
  'yaml-merge-key',
  'yaml-directive',
  'yaml-many-documents',
  'yaml-too-deep',
  'unknown-key',
  'missing',
  'wrong-type',
  'wrong-form',
  'wrong-unit',
  'out-of-range',
  'not-a-choice',
  'not-yet',
  'no-effect',
  'duplicate',
  'conflict',
  'shadowed',
  'empty-section',
  'exposed',
  'certificate',
] as const

export type SettingsProblemCode = (typeof settingsProblemCodes)[number]

/** One thing wrong with a settings file, complete enough to mend it without the manual. */
export interface SettingsProblem {
  /** An error stops the start and a reload; a warning does not. */
  readonly severity: 'error' | 'warning'
  readonly code: SettingsProblemCode
  readonly file: string
  /** From 1; 0 when the problem is with the file as a whole. */
  readonly line: number
  readonly column: number
  /** `edge.headerDeadlineMs`, `rules[2].path`; '' for the file as a whole. */
  readonly path: string
  /** As written in the file, shortened; '' when nothing was written. */
  readonly value: string
  readonly message: string
  /** Range, choices or form; '' when that says nothing. */
  readonly allowed: string
  /** What to write or do instead; '' when there is no good guess. */
  readonly mend: string
}
