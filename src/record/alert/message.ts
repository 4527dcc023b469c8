/** One message to one channel, as every kind of channel gets it. Text is bounded and cleaned here, because part of it was written by attackers (user agents, paths). */
import type { Alert, Severity } from '../../contract/alert.ts'

/** Why it is sent: new (or worse than told), still there, nobody acknowledged it, over, a list of what was held back, a test. */
export type MessageKind = 'alert' | 'reminder' | 'escalation' | 'over' | 'storm' | 'test'

export interface AlertMessage {
  /** The same through all tries, so that the other side can know a repetition; letters, digits, `-`, `_`. */
  readonly id: string
  readonly kind: MessageKind
  readonly key: string
  readonly severity: Severity
  readonly title: string
  readonly text: string
  /** Of what is told, not of the sending. */
  readonly atWallMs: number
  readonly sinceWallMs: number
  readonly incidentId: string | null
  /** The institution. */
  readonly site: string
}

export type SendResult =
  | { readonly ok: true; readonly sentence: string }
  /** `retry` false: the other side understood and refused; the same message would be refused again. */
  | { readonly ok: false; readonly retry: boolean; readonly afterMs?: number; readonly sentence: string }

/** The way to one receiver. */
export interface Sender {
  /** Where it goes, without secrets. */
  readonly to: string
  /** Never rejects. Must give up everything it holds when the signal comes; a connection left behind is a leak. */
  send(message: AlertMessage, signal: AbortSignal): Promise<SendResult>
}

export const LONGEST_TITLE = 200
export const LONGEST_TEXT = 4_000

export const severityWords: Readonly<Record<Severity, string>> = { info: 'INFO', warning: 'WARNING', critical: 'CRITICAL' }
export const severityRank: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 }

/** Without what can move a cursor, turn the direction of reading or hide: control characters, bidi marks, zero-width and lone surrogates. Lines stay. */
export function cleaned(text: string, longest: number): string {
  // eslint-disable-next-line no-control-regex -- these are what is taken out
  const clean = text.toWellFormed().replaceAll('\r\n', '\n').replaceAll(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g, ' ')
  return clean.length <= longest ? clean : `${clean.slice(0, longest - 1).toWellFormed().replace(/\uFFFD$/, '')}…`
}

export function oneLine(text: string, longest: number): string {
  return cleaned(text, longest).replaceAll(/\s+/g, ' ').trim()
}

const kindWords: Readonly<Record<MessageKind, string>> = { alert: '', reminder: 'STILL: ', escalation: 'NOT ACKNOWLEDGED: ', over: 'OVER: ', storm: '', test: 'TEST: ' }

/** `[Polder CRITICAL] Parliament of Exampleland: STILL: Attack under way`. */
export function headline(message: AlertMessage): string {
  const severity = message.kind === 'over' || message.kind === 'test' ? '' : ` ${severityWords[message.severity]}`
  return oneLine(`[Polder${severity}] ${message.site === '' ? '' : `${message.site}: `}${kindWords[message.kind]}${message.title}`, LONGEST_TITLE + 100)
}

export function body(message: AlertMessage): string {
  const ends = [message.incidentId === null ? '' : `Incident: ${message.incidentId} (polder incident show ${message.incidentId})`, message.kind === 'alert' || message.kind === 'reminder' || message.kind === 'escalation' ? `I have seen it: polder alert acknowledge ${message.key}` : ''].filter((line) => line !== '')
  return [message.text, ...(ends.length === 0 ? [] : ['', ...ends])].join('\n')
}

/** What of an alert may go out. Mail programs make a link of every `://`, and an attacker may have written one into a user agent. */
export function cleanedAlert(alert: Alert): Alert {
  return { ...alert, key: cleanKey(alert.key), title: unlinked(oneLine(alert.title, LONGEST_TITLE)), text: unlinked(cleaned(alert.text, LONGEST_TEXT)) }
}

function unlinked(text: string): string {
  return text.replaceAll('://', '[:]//')
}

/** Keys are typed into a shell: letters, digits and `.:_-`, at most 80. */
export function cleanKey(key: string): string {
  const clean = key.replaceAll(/[^\w.:-]+/g, '-').slice(0, 80)
  return clean === '' ? 'unnamed' : clean
}
