/**
 * One setting, described once. From the tables of these descriptions come the parser, `polder check`, the JSON Schema
 * and docs/operator/settings.md, so that the manual cannot drift from the code.
 */
interface Described {
  /** One sentence for the operator: what it does, and when to change it. */
  readonly sentence: string
  /** `live`: a reload applies it. `restart`: needs a new process (`polder check` says so). */
  readonly applies: 'live' | 'restart'
  /** Where the default comes from: a measurement, an RFC, a CVE, another product. */
  readonly source?: string
}

/** A number. The unit stands in the option's own name (…Ms, …Bytes, …PerSecond, …Share) and `kind` says how it may be written: `10s`, `1MiB`, `5%`. */
export interface NumberOption extends Described {
  readonly kind: 'count' | 'durationMs' | 'bytes' | 'perSecond' | 'share'
  readonly min: number
  readonly max: number
  readonly default: number
  /** Fractions allowed (default: only for `share` and `perSecond`). */
  readonly fraction?: boolean
}
export interface FlagOption extends Described {
  readonly kind: 'flag'
  readonly default: boolean
}
export interface TextOption extends Described {
  readonly kind: 'text'
  readonly default: string
  /** What a good value looks like, for the error message. */
  readonly form: string
  /** Returns what is wrong, or null. */
  readonly check?: (value: string) => string | null
}
export interface ChoiceOption<C extends string = string> extends Described {
  readonly kind: 'choice'
  readonly choices: readonly C[]
  readonly default: C
}
export interface TextListOption extends Described {
  readonly kind: 'textList'
  readonly default: readonly string[]
  readonly form: string
  readonly check?: (value: string) => string | null
  readonly maxItems: number
}

export type Option = NumberOption | FlagOption | TextOption | ChoiceOption | TextListOption
export type OptionTable = Readonly<Record<string, Option>>

type ValueOf<O> = O extends NumberOption
  ? number
  : O extends FlagOption
    ? boolean
    : O extends TextOption
      ? string
      : O extends ChoiceOption<infer C>
        ? C
        : O extends TextListOption
          ? readonly string[]
          : never

/** The effective settings of a table: same keys, plain values (durations in ms, sizes in bytes, shares 0 to 1). */
export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]: ValueOf<T[K]> }

/** All defaults of a table, frozen. */
export function defaultsOf<T extends OptionTable>(table: T): OptionValues<T> {
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(table)) values[name] = option.default
  return Object.freeze(values) as OptionValues<T>
}
