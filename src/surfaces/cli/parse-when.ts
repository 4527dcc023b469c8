/** Times as people type them; always UTC unless the text says otherwise. */
import { parseSpan } from './plain-words.ts'

/** `now`, `14:05` (today), `2026-11-23 14:05`, ISO 8601, or a span: `30m` back (`ago`) or ahead. null: none of these. */
export function parseWhen(text: string, nowWallMs: number, span: 'ago' | 'ahead'): number | null {
  const trimmed = text.trim()
  if (trimmed === 'now') return nowWallMs
  const ms = parseSpan(trimmed.replace(/ ago$/, ''))
  if (ms !== null) return span === 'ago' ? nowWallMs - ms : nowWallMs + ms
  const today = new Date(nowWallMs).toISOString().slice(0, 10)
  const clock = /^([01]\d|2[0-3]):([0-5]\d)(:[0-5]\d)?$/.test(trimmed)
  const iso = clock ? `${today}T${trimmed}Z` : trimmed.replace(/^(\d{4}-\d{2}-\d{2}) +/, '$1T')
  const match = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/.exec(iso)
  if (match === null) return null
  const parsed = Date.parse(match[1] === undefined || match[4] !== undefined ? iso : `${iso}Z`)
  // 30 February is no day.
  return Number.isNaN(parsed) || (match[4] === undefined && new Date(parsed).toISOString().slice(0, 10) !== iso.slice(0, 10)) ? null : parsed
}
