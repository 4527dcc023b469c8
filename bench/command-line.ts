/** How the commands of script/bench read their options and say what they do: numbers have bounds, names come from a list, nothing names a host. */
import { parseArgs } from 'node:util'

export interface NumberFlag {
  readonly kind: 'number'
  readonly min: number
  readonly max: number
  readonly default: number
  readonly sentence: string
}
export interface NamesFlag {
  readonly kind: 'names'
  /** What may be named, comma-separated; the default is all of it. */
  readonly choices: readonly string[]
  readonly sentence: string
}
export interface TextFlag {
  readonly kind: 'text'
  readonly default: string
  readonly sentence: string
}
export interface SwitchFlag {
  readonly kind: 'switch'
  readonly sentence: string
}
export type Flag = NumberFlag | NamesFlag | TextFlag | SwitchFlag

export class Flags {
  readonly #values: ReadonlyMap<string, number | string | boolean | readonly string[]>
  readonly #given: ReadonlySet<string>

  constructor(values: ReadonlyMap<string, number | string | boolean | readonly string[]>, given: ReadonlySet<string>) {
    this.#values = values
    this.#given = given
  }
  number(name: string): number {
    return this.#values.get(name) as number
  }
  text(name: string): string {
    return this.#values.get(name) as string
  }
  names(name: string): readonly string[] {
    return this.#values.get(name) as readonly string[]
  }
  isOn(name: string): boolean {
    return this.#values.get(name) === true
  }
  wasGiven(name: string): boolean {
    return this.#given.has(name)
  }
}

export interface BenchCommand {
  readonly description: string
  readonly flags: Readonly<Record<string, Flag>>
  /** Resolves with the exit code. */
  run(flags: Flags): Promise<number>
}

/** Wrong use of the command line; exit code 2. */
export class UsageError extends Error {}

export function readFlags(command: BenchCommand, argv: readonly string[]): Flags {
  const options = Object.fromEntries(Object.entries(command.flags).map(([name, flag]) => [name, { type: flag.kind === 'switch' ? 'boolean' : 'string' } as const]))
  let given: Readonly<Record<string, unknown>>
  try {
    given = parseArgs({ args: [...argv], options, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  const values = new Map<string, number | string | boolean | readonly string[]>()
  for (const [name, flag] of Object.entries(command.flags)) values.set(name, readFlag(name, flag, given[name]))
  return new Flags(values, new Set(Object.keys(given)))
}

function readFlag(name: string, flag: Flag, text: unknown): number | string | boolean | readonly string[] {
  if (flag.kind === 'switch') return text === true
  if (flag.kind === 'text') return typeof text === 'string' ? text : flag.default
  if (flag.kind === 'number') {
    if (typeof text !== 'string') return flag.default
    const number = Number(text)
    if (text.trim() === '' || !(number >= flag.min && number <= flag.max)) throw new UsageError(`--${name} ${text}: must be a number from ${flag.min} to ${flag.max}`)
    return number
  }
  if (typeof text !== 'string') return flag.choices
  const names = text.split(',').map((one) => one.trim()).filter((one) => one !== '')
  const unknown = names.find((one) => !flag.choices.includes(one))
  if (unknown !== undefined) throw new UsageError(`--${name} ${unknown}: must be one of ${flag.choices.join(', ')}`)
  return flag.choices.filter((one) => names.includes(one))
}

export function helpOf(name: string, command: BenchCommand): string {
  const lines = Object.entries(command.flags).map(([flagName, flag]) => {
    const value = flag.kind === 'switch' ? '' : flag.kind === 'number' ? ' N' : flag.kind === 'names' ? ' A,B' : ' TEXT'
    const about = flag.kind === 'number' ? ` (${flag.min} to ${flag.max}; default ${flag.default})` : flag.kind === 'names' ? ` (of: ${flag.choices.join(', ')}; default all)` : flag.kind === 'text' && flag.default !== '' ? ` (default ${flag.default})` : ''
    return `  --${(flagName + value).padEnd(18)} ${flag.sentence}${about}`
  })
  return `Usage: script/bench ${name} [options]\n\n${command.description}\n\n${[...lines, `  --${'help'.padEnd(18)} show this help`].join('\n')}\n`
}

/** Progress goes to standard error; standard output is for results. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
