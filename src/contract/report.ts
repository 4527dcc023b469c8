/** What is reported to whom until when, from the same facts. */
export const reportKinds = Object.freeze(['early-warning', 'notification', 'intermediate', 'final', 'after-action', 'brief'] as const)
export type ReportKind = (typeof reportKinds)[number]
export const reportForms = Object.freeze(['html', 'pdf', 'markdown', 'json', 'stix', 'misp'] as const)
export type ReportForm = (typeof reportForms)[number]

/** One legal or agreed deadline, counted from the moment of awareness (the final report: from the notification). */
export interface ReportClock {
  readonly kind: ReportKind
  readonly law: string
  /** null: the clock has not started (nobody said when people became aware). */
  readonly dueWallMs: number | null
  readonly sentAtWallMs: number | null
  readonly state: 'not-started' | 'running' | 'soon' | 'late' | 'sent'
}

export interface WrittenReport {
  readonly kind: ReportKind | 'export'
  readonly form: ReportForm
  readonly fileName: string
  readonly contentType: string
  /** Text, or base64 for a PDF. */
  readonly encoding: 'utf8' | 'base64'
  readonly content: string
  readonly sha256: string
  /** Fields a person has to fill in, with the command that does it. */
  readonly missing: ReadonlyArray<{ readonly field: string; readonly question: string; readonly command: string }>
}

export interface ReportExchanges {
  /** Content above 3 MiB is refused with a sentence: the control socket carries no more. */
  readonly write: { readonly asks: { readonly id: string; readonly kind: ReportKind; readonly form: ReportForm }; readonly answers: WrittenReport }
  readonly clocks: { readonly asks: { readonly id: string }; readonly answers: readonly ReportClock[] }
  readonly [question: string]: { readonly asks: object; readonly answers: unknown }
}
