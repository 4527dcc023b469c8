/**
 * Text of others (paths, names of programs, claims, notes) as it may stand in a report: it can be read, and it can do nothing. What could steer a reader's program
 * or eye (control characters, marks that turn the direction of writing, halves of characters) becomes U+FFFD; each form then escapes what is special in it.
 */
// eslint-disable-next-line no-control-regex, no-misleading-character-class -- finding them is the purpose
const STEERING = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFC\u{E0000}-\u{E007F}]/gu
/** A sentence of a report is read by people; what is longer is kept whole in the journal. */
export const LONGEST_TEXT = 4_000

/** One or more lines; at most `most` characters. */
export function plainText(text: string, most = LONGEST_TEXT): string {
  const clean = text.toWellFormed().replaceAll('\r\n', '\n').replaceAll('\t', ' ').replaceAll(STEERING, '\uFFFD')
  if (clean.length <= most) return clean
  return `${clean.slice(0, most).toWellFormed().replace(/\uFFFD$/, '')} … (cut after ${most} of ${clean.length} characters)`
}

export function oneLine(text: string, most = LONGEST_TEXT): string {
  return plainText(text, most).replaceAll(/\s*\n\s*/g, ' / ')
}
