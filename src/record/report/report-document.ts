import type { ReportClock, ReportKind } from '../../contract/report.ts'
import type { TlpMarking } from '../../contract/incident.ts'
import type { EntryNumbers, FigureMark } from './figure-text.ts'

/**
 * A report before it has a form: what is said, and where each piece comes from. All text is plain (plain-text.ts) and not yet escaped for any form;
 * `lang` is set where people wrote it in their own language.
 */
export interface ReportDocument {
  readonly format: 1
  readonly kind: ReportKind
  readonly title: string
  readonly incidentId: string
  readonly incidentTitle: string
  readonly institution: string
  readonly tlp: TlpMarking
  readonly writtenAtWallMs: number
  readonly timeZone: string
  /** Of what people wrote. */
  readonly language: string
  readonly law: string | null
  readonly clocks: readonly ReportClock[]
  readonly sections: readonly Section[]
  readonly missing: readonly MissingField[]
}

export interface MissingField {
  readonly field: string
  readonly label: string
  readonly question: string
  readonly command: string
}

export interface Section {
  readonly id: string
  readonly title: string
  readonly blocks: readonly Block[]
}

export type Block =
  | { readonly type: 'paragraph'; readonly text: string; readonly lang?: string }
  | { readonly type: 'list'; readonly items: readonly Cell[] }
  | { readonly type: 'table'; readonly caption: string; readonly columns: readonly string[]; readonly rows: ReadonlyArray<readonly Cell[]> }
  | { readonly type: 'plot'; readonly plot: Plot }

/** One piece of information. The first cell of a row names it. */
export interface Cell {
  readonly text: string
  readonly lang?: string
  /** How sure a number is. */
  readonly mark?: FigureMark
  /** The number itself, for machines. */
  readonly value?: number | null
  readonly unit?: string
  /** Journal entries it comes from. */
  readonly from?: EntryNumbers
  readonly source?: Source
}

export type Source =
  | { readonly by: 'journal' }
  | { readonly by: 'person'; readonly who: string; readonly atWallMs: number }
  | { readonly by: 'settings' }
  | { readonly by: 'missing'; readonly field: string }

/** A line drawing over time, the same in every form. */
export interface Plot {
  readonly id: string
  readonly title: string
  /** Says in words what can be seen: alternative text. */
  readonly description: string
  readonly unit: string
  readonly fromWallMs: number
  readonly toWallMs: number
  /** Upper end of the scale; the lower is 0. */
  readonly top: number
  readonly series: readonly PlotSeries[]
  readonly from: EntryNumbers
}

export interface PlotSeries {
  readonly name: string
  /** null: nothing was measured; the line is broken there. */
  readonly points: ReadonlyArray<readonly [atWallMs: number, value: number | null]>
}
