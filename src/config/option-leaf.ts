/** From one described option to the parser of its value and its JSON Schema. */
import type { NumberOption, Option, OptionTable } from '../kernel/option.ts'
import { nearestWord } from './did-you-mean.ts'
import { leaf, optional } from './grammar.ts'
import { formatNumber, formatRange, numberForms, numberPatterns, parseQuantity } from './quantity.ts'
import { Refusal, wrongKind } from './refusal.ts'

function optionLeaf(option: Option) {
  return leaf<unknown>((raw) => parseOption(option, raw), optionJsonSchema(option))
}

/** Fields for a map: every option of the table but those in `except`, none of them required. */
export function tableFields(table: OptionTable, except: readonly string[] = []): Record<string, ReturnType<typeof optional>> {
  const fields: Record<string, ReturnType<typeof optional>> = {}
  for (const [name, option] of Object.entries(table)) if (!except.includes(name)) fields[name] = optional(optionLeaf(option))
  return fields
}

export function parseOption(option: Option, raw: unknown): unknown {
  switch (option.kind) {
    case 'flag':
      return parseFlag(raw)
    case 'choice':
      return parseChoice(option.choices, raw)
    case 'text':
      if (typeof raw !== 'string') return wrongKind(raw, `text: ${option.form}`, typeof raw === 'number' || typeof raw === 'boolean' ? `put it in quotes: "${raw}"` : '')
      return checkedText(raw, option.form, option.check)
    case 'textList': {
      if (!Array.isArray(raw)) return wrongKind(raw, `a list: ${option.form}`, typeof raw === 'string' ? `did you mean [${raw}]?` : '')
      if (raw.length > option.maxItems) return new Refusal('out-of-range', `has ${raw.length} entries`, `at most ${option.maxItems}`)
      const seen = new Set<string>()
      for (const [i, item] of raw.entries()) {
        if (typeof item !== 'string') return new Refusal('wrong-type', `has something that is not text as entry ${i + 1}`, option.form)
        const checked = checkedText(item, option.form, option.check)
        if (checked instanceof Refusal) return new Refusal(checked.code, `has a wrong entry ${i + 1}, "${item}": ${checked.message}`, checked.allowed)
        if (seen.has(item)) return new Refusal('duplicate', `has "${item}" twice`, '', 'keep one of the two')
        seen.add(item)
      }
      return Object.freeze([...(raw as string[])])
    }
    default:
      return parseQuantity(option, raw)
  }
}

export function parseFlag(raw: unknown): boolean | Refusal {
  if (typeof raw === 'boolean') return raw
  const word = typeof raw === 'string' ? raw.toLowerCase() : raw
  const meant = ['yes', 'on', 'y', 'true', '1', 1].includes(word as string) ? 'true' : ['no', 'off', 'n', 'false', '0', 0].includes(word as string) ? 'false' : ''
  return wrongKind(raw, 'true or false', meant === '' ? '' : `did you mean ${meant}?`)
}

export function parseChoice<C extends string>(choices: readonly C[], raw: unknown): C | Refusal {
  const allowed = choices.join(', ')
  if (typeof raw === 'string') {
    const found = choices.find((choice) => choice === raw)
    if (found !== undefined) return found
    const nearest = nearestWord(raw, choices)
    return new Refusal('not-a-choice', 'is not one of the choices', allowed, nearest === '' ? '' : `did you mean ${nearest}?`)
  }
  const switched = typeof raw === 'boolean' ? choices.find((choice) => choice === (raw ? 'on' : 'off')) : undefined
  const refusal = wrongKind(raw, `one of ${allowed}`, switched === undefined ? '' : `did you mean ${switched}?`)
  return refusal
}

function checkedText(text: string, form: string, check: ((value: string) => string | null) | undefined): string | Refusal {
  if (text.length > 4_096) return new Refusal('out-of-range', 'is too long', 'at most 4096 characters')
  const wrong = check?.(text) ?? null
  return wrong === null ? text : new Refusal('wrong-form', wrong, form)
}

export function numberJsonSchema(option: NumberOption): Record<string, unknown> {
  const whole = !(option.fraction ?? (option.kind === 'share' || option.kind === 'perSecond'))
  return {
    anyOf: [
      { type: whole ? 'integer' : 'number', minimum: option.min, maximum: option.max },
      { type: 'string', pattern: numberPatterns[option.kind] },
    ],
  }
}

function optionJsonSchema(option: Option): Record<string, unknown> {
  const described = { description: descriptionOf(option), default: option.default }
  switch (option.kind) {
    case 'flag':
      return { type: 'boolean', ...described }
    case 'choice':
      return { type: 'string', enum: option.choices, ...described }
    case 'text':
      return { type: 'string', ...described }
    case 'textList':
      return { type: 'array', items: { type: 'string' }, maxItems: option.maxItems, ...described }
    default:
      return { ...numberJsonSchema(option), ...described }
  }
}

function descriptionOf(option: Option): string {
  const reload = option.applies === 'live' ? '' : ' A change needs a restart.'
  switch (option.kind) {
    case 'flag':
    case 'choice':
      return `${option.sentence}${reload}`
    case 'text':
    case 'textList':
      return `${option.sentence} Form: ${option.form}.${reload}`
    default:
      return `${option.sentence} ${numberForms[option.kind]}; ${formatRange(option)}, default ${formatNumber(option.kind, option.default)}.${reload}`
  }
}
