import { entriesText, markWords } from './figure-text.ts'
import type { Cell } from './report-document.ts'
import { timeText } from '../../kernel/zoned-time.ts'

/** What stands small behind a value: how sure it is, who said it, which journal entries it comes from. '' when there is nothing to say. */
export function sourceText(cell: Cell, timeZone: string): string {
  const parts: string[] = []
  if (cell.mark !== undefined && cell.mark !== 'not-known') parts.push(markWords[cell.mark])
  if (cell.from !== undefined && cell.from.length > 0) parts.push(entriesText(cell.from))
  if (cell.source?.by === 'person') parts.push(`${cell.source.who}, ${timeText(cell.source.atWallMs, timeZone)}`)
  if (cell.source?.by === 'missing') parts.push('missing')
  return parts.join('; ')
}
