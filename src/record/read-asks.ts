/** Reads the fields of a question; every refusal names the field and the mend. Text keeps its line ends and loses what steers a terminal or hides words. */
import { RecordError } from './room.ts'

export type Asks = Readonly<Record<string, unknown>>

/** A text goes into one journal entry (64 KiB) and one question (32 KiB), in any script. */
export const LONGEST_TEXT = 8_000
const LONGEST_LINE = 300
/** Year 2000 to 2100. */
const FIRST_WALL_MS = 946_684_800_000
const LAST_WALL_MS = 4_102_444_800_000

export function textIn(asks: Asks, name: string, most = LONGEST_TEXT): string {
  const text = optionalTextIn(asks, name, most)
  if (text === '') throw new RecordError('bad-question', `${name} is missing: say it in a few words`)
  return text
}

export function optionalTextIn(asks: Asks, name: string, most = LONGEST_TEXT): string {
  const value = asks[name] ?? ''
  if (typeof value !== 'string') throw new RecordError('bad-question', `${name} must be text`)
  // Direction marks and overrides, and characters without width that hide words; the joiners that Persian and Indic scripts need stay.
  const text = value.replaceAll(/\r\n?/g, '\n').replaceAll(/[^\P{Cc}\n\t]|[\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/gu, ' ').trim()
  if (text.length > most) throw new RecordError('bad-question', `${name} has ${text.length} characters, at most ${most} fit; take a long text in as evidence`)
  return text
}

/** One line: titles, names, places. */
export function lineIn(asks: Asks, name: string): string {
  return textIn(asks, name, LONGEST_LINE).replaceAll(/\s+/g, ' ')
}

export function optionalLineIn(asks: Asks, name: string): string {
  return optionalTextIn(asks, name, LONGEST_LINE).replaceAll(/\s+/g, ' ')
}

export function timeIn(asks: Asks, name: string): number {
  const value = asks[name]
  if (typeof value !== 'number' || !Number.isFinite(value) || value < FIRST_WALL_MS || value > LAST_WALL_MS) throw new RecordError('bad-question', `${name} must be a time`)
  return Math.round(value)
}

export function optionalTimeIn(asks: Asks, name: string): number | null {
  return asks[name] === null || asks[name] === undefined ? null : timeIn(asks, name)
}

export function choiceIn<C extends string | number>(asks: Asks, name: string, choices: readonly C[]): C {
  const value = asks[name]
  if (!(choices as readonly unknown[]).includes(value)) throw new RecordError('bad-question', `${name} must be one of ${choices.join(', ')}`)
  return value as C
}

export function countIn(asks: Asks, name: string, most: number): number {
  const value = asks[name]
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > most) throw new RecordError('bad-question', `${name} must be a whole number from 0 to ${most}`)
  return value as number
}

export function hashIn(asks: Asks, name: string): string {
  const value = asks[name]
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) throw new RecordError('bad-question', `${name} must be a SHA-256 in 64 small hex digits`)
  return value
}
