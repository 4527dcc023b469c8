/**
 * The words from which the shape of polder.yaml is built: the only file that knows zod.
 * zod walks maps and lists, finds unknown and missing keys and writes the JSON Schema; every single value is judged by our own parsers,
 * whose refusals carry a code, the allowed range and the mend.
 */
import * as z from 'zod'
import type { SettingsProblemCode } from '../contract/settings-problem.ts'
import { nearestWord } from './did-you-mean.ts'
import { Refusal } from './refusal.ts'

export type Shape<T> = z.ZodType<T>
export type ParsedBy<S> = S extends z.ZodType<infer T> ? T : never
type JsonSchema = Readonly<Record<string, unknown>>
type Fields = Readonly<Record<string, z.ZodType>>

export interface Issue {
  readonly path: readonly PropertyKey[]
  readonly code: SettingsProblemCode
  readonly message: string
  readonly allowed: string
  readonly mend: string
  /** The issue is about a key, not about its value. */
  readonly atKey: boolean
}

/** One value, judged by `parse`; `json` is what an editor shows for it. */
export function leaf<T>(parse: (raw: unknown) => T | Refusal, json: JsonSchema) {
  return z
    .unknown()
    .meta(json)
    .transform((raw, ctx): T => {
      const parsed = parse(raw)
      if (!(parsed instanceof Refusal)) return parsed
      const { code, message, allowed, mend } = parsed
      ctx.addIssue({ code: 'custom', message, input: raw, params: { code, allowed, mend } })
      return z.NEVER
    })
}

/** A map with these keys and no others. Absent optional keys stay absent. */
export function map<F extends Fields>(fields: F, description = '') {
  const known = Object.keys(fields)
  const shape = z.strictObject(fields, {
    // Travels in the message slot to explainIssues: zod's finished issue no longer says which keys were known.
    error: (issue) => (issue.code === 'unrecognized_keys' ? known.join(' ') : undefined),
  })
  return description === '' ? shape : shape.meta({ description })
}

export function list<S extends z.ZodType>(item: S, maxItems: number) {
  return z.array(item).max(maxItems)
}

/** The first of these shapes whose kind (text, list, map) fits; its complaints are shown, not those of the others. */
export function either<S extends readonly [z.ZodType, z.ZodType, ...z.ZodType[]]>(...shapes: S) {
  return z.union(shapes)
}

export function optional<S extends z.ZodType>(shape: S) {
  return shape.optional()
}

/** The value, or everything that is wrong with it. Never throws. */
export function parseAs<T>(shape: Shape<T>, raw: unknown): { readonly value: T } | { readonly issues: readonly Issue[] } {
  const result = shape.safeParse(raw)
  return result.success ? { value: result.data } : { issues: explainIssues(result.error.issues, []) }
}

/** JSON Schema 2020-12 of what may be written in the file. */
export function jsonSchemaOf(shape: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(shape, { io: 'input', target: 'draft-2020-12', unrepresentable: 'any' })
}

type ZodIssue = z.core.$ZodIssue

function explainIssues(issues: readonly ZodIssue[], base: readonly PropertyKey[]): Issue[] {
  return issues.flatMap((issue) => explainIssue(issue, [...base, ...issue.path]))
}

function explainIssue(issue: ZodIssue, path: readonly PropertyKey[]): Issue[] {
  switch (issue.code) {
    case 'custom': {
      const params = issue.params as { code: SettingsProblemCode; allowed: string; mend: string }
      return [{ path, code: params.code, message: issue.message, allowed: params.allowed, mend: params.mend, atKey: false }]
    }
    case 'unrecognized_keys': {
      const known = issue.message.split(' ')
      return issue.keys.map((key) => {
        const nearest = nearestWord(key, known)
        return {
          path: [...path, key],
          code: 'unknown-key' as const,
          message: 'is not a setting here',
          allowed: known.join(', '),
          mend: nearest === '' ? '' : `did you mean ${nearest}?`,
          atKey: true,
        }
      })
    }
    case 'invalid_union': {
      const fitting = issue.errors.find((branch) => !branch.some((one) => one.path.length === 0 && isOfOtherKind(one)))
      if (fitting !== undefined) return explainIssues(fitting, path)
      const first = issue.errors[0]?.[0]
      return first === undefined ? [] : explainIssues([first], path)
    }
    case 'invalid_type': {
      const wanted = issue.expected === 'array' ? 'a list' : 'a map (key: value)'
      const absent = issue.message.endsWith('received undefined')
      return [{ path, code: absent ? 'missing' : 'wrong-type', message: absent ? `is missing; it must be ${wanted}` : `must be ${wanted}`, allowed: '', mend: '', atKey: false }]
    }
    case 'too_big':
      return [{ path, code: 'out-of-range', message: `has too many entries`, allowed: `at most ${issue.maximum}`, mend: '', atKey: false }]
    default:
      return [{ path, code: 'wrong-form', message: issue.message, allowed: '', mend: '', atKey: false }]
  }
}

function isOfOtherKind(issue: ZodIssue): boolean {
  if (issue.code === 'invalid_type') return true
  return issue.code === 'custom' && (issue.params?.['code'] === 'wrong-type' || issue.params?.['code'] === 'missing')
}

