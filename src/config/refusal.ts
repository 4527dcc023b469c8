import type { SettingsProblemCode } from '../contract/settings-problem.ts'

/** What a parser of one value answers instead of a value. The place (file, line, path) is added by whoever knows it. */
export class Refusal {
  readonly code: SettingsProblemCode
  readonly message: string
  readonly allowed: string
  readonly mend: string

  constructor(code: SettingsProblemCode, message: string, allowed = '', mend = '') {
    this.code = code
    this.message = message
    this.allowed = allowed
    this.mend = mend
  }
}

/** "a number", "a list": for messages about a value of the wrong kind. */
function kindOf(raw: unknown): string {
  if (raw === null || raw === undefined) return 'nothing'
  if (Array.isArray(raw)) return 'a list'
  switch (typeof raw) {
    case 'string':
      return 'text'
    case 'number':
    case 'bigint':
      return 'a number'
    case 'boolean':
      return String(raw)
    default:
      return 'a map (key: value)'
  }
}

/** The refusal for a value that is absent or of another kind than wanted. */
export function wrongKind(raw: unknown, wanted: string, mend = ''): Refusal {
  if (raw === undefined) return new Refusal('missing', `is missing; it must be ${wanted}`, '', mend)
  if (raw === null) return new Refusal('wrong-type', `has no value; it must be ${wanted}`, '', mend || 'give a value, or remove the line')
  return new Refusal('wrong-type', `must be ${wanted}, but is ${kindOf(raw)}`, '', mend)
}
