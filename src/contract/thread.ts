import type { MessagePort } from 'node:worker_threads'
import type { ControlBeginning, ControlTick } from './control-tick.ts'
import type { ConsoleFigures } from './console.ts'
import type { ExploreReply, ExploreQuestion } from './explore.ts'
import type { ShieldStatus } from './control-socket.ts'
import type { ControlEvent, ControlView } from './control.ts'
import type { JournalDraft } from './journal.ts'
import type { LifelineAnswer, LifelineAsk, LifelineCopy, LifelineReads, LifelineState } from './lifeline.ts'
import type { OperatorAct } from './operator-act.ts'
import type { ThreadName } from './thread-trouble.ts'
import type { Plan } from './plan.ts'
import type { RecordQuestion, RecordReply, RecordState, ShieldSecond } from './record.ts'
import type { SampleBatch } from './sample.ts'
import type { Vitals } from './vitals.ts'

/** From the main thread to any thread. */
export type ThreadOrder<Settings> =
  /** A direct line to another thread; replaces the one to an earlier thread of that name. */
  | { readonly type: 'link'; readonly peer: ThreadName; readonly port: MessagePort }
  /** New settings, already checked. The thread swaps them whole and answers `applied`. */
  | { readonly type: 'settings'; readonly version: number; readonly settings: Settings }
  /** Take no new connections, finish what is open, then answer `drained`. */
  | { readonly type: 'drain'; readonly deadlineMs: number }
  | { readonly type: 'reopen-logs' }
  | { readonly type: 'ticket-keys'; readonly keys: Uint8Array }
  /** What signs challenges and clearances; newest first. */
  | { readonly type: 'challenge-keys'; readonly keys: ReadonlyArray<{ readonly id: number; readonly bytes: Uint8Array }> }
  | { readonly type: 'plan'; readonly plan: Plan }
  /** To the control plane: what a person decided. */
  | { readonly type: 'act'; readonly act: OperatorAct }
  /** To the record: answered by `record-reply` with the same ticket. */
  | { readonly type: 'record-question'; readonly ticket: number; readonly question: RecordQuestion }
  /** To the record: what is to be written down; answered by `record-kept` with the same number once it is. */
  | { readonly type: 'record-second'; readonly number: number; readonly second: ShieldSecond }
  | { readonly type: 'record-note'; readonly number: number; readonly draft: JournalDraft }
  /** To an edge worker: try the short check without a visitor; answered by `challenge-rehearsed`. */
  | { readonly type: 'rehearse-challenge' }
  /** To the control plane: how early to react, 1 as in the settings, until then. */
  | { readonly type: 'posture'; readonly sensitivity: number; readonly untilWallMs: number }
  /** To the lifeline: begin a pass over the site as soon as it is calm, or only tell its state. Both are answered by `lifeline-state`. */
  | { readonly type: 'lifeline'; readonly order: 'crawl' | 'state' }
  /** To the control plane: answered by `explored` with the same ticket. */
  | { readonly type: 'explore'; readonly ticket: number; readonly question: ExploreQuestion }
  /** To the console: once a second, everything; and the answer to `console-ask`, as a line of the control socket. */
  | { readonly type: 'console-second'; readonly status: ShieldStatus }
  | { readonly type: 'console-answer'; readonly ticket: number; readonly reply: string }

/** From any thread to the main thread. */
export type ThreadReport =
  | { readonly type: 'ready'; readonly sockets: readonly OpenSocket[] }
  | { readonly type: 'applied'; readonly version: number }
  | { readonly type: 'drained' }
  | { readonly type: 'vitals'; readonly vitals: Vitals; readonly upstreams: readonly UpstreamState[] }
  | { readonly type: 'store-state'; readonly state: StoreState }
  | { readonly type: 'lifeline-state'; readonly state: LifelineState }
  | { readonly type: 'plan'; readonly plan: Plan }
  /** Once a second: what the control plane sees and does now, and what happened since; plain data for surfaces. */
  | { readonly type: 'control-view'; readonly view: ControlView; readonly events: readonly ControlEvent[] }
  | { readonly type: 'record-reply'; readonly ticket: number; readonly reply: RecordReply }
  | { readonly type: 'record-kept'; readonly number: number }
  /** What is wrong with the short check, in a sentence, or null. */
  | { readonly type: 'challenge-rehearsed'; readonly trouble: string | null }
  /** The calendar asks for this; renewed while it lasts. */
  | { readonly type: 'posture'; readonly sensitivity: number; readonly untilWallMs: number }
  | { readonly type: 'posture-begins'; readonly refreshLifeline: boolean; readonly rehearseChallenge: boolean }
  /** Once a second; the events are alarms of the record itself, for status: it has written them down already. */
  | { readonly type: 'record-state'; readonly state: RecordState; readonly events: readonly ControlEvent[] }
  | { readonly type: 'explored'; readonly ticket: number; readonly reply: ExploreReply }
  /** From the console: a line as on the control socket; something to be written down; how it fares, once a second. */
  | { readonly type: 'console-ask'; readonly ticket: number; readonly line: string }
  | { readonly type: 'console-note'; readonly draft: JournalDraft }
  | { readonly type: 'console-state'; readonly url: string; readonly trouble: string | null; readonly figures: ConsoleFigures }

/** Between edge threads, the store and the control plane. Cache messages are the cache's own. */
export type LinkMessage =
  | { readonly type: 'wake' }
  | { readonly type: 'cache'; readonly message: unknown }
  | { readonly type: 'samples'; readonly batch: SampleBatch }
  | { readonly type: 'vitals'; readonly vitals: Vitals }
  /** From the control plane to the record and back (src/controlplane/record-line.ts). */
  | { readonly type: 'control-tick'; readonly tick: ControlTick }
  | { readonly type: 'control-tick-taken' }
  | { readonly type: 'control-beginning-wanted' }
  | { readonly type: 'control-beginning'; readonly beginning: ControlBeginning }
  /** An edge worker asks the lifeline for its copy of a page. */
  | { readonly type: 'last-good-get'; readonly ticket: number; readonly key: string }
  | { readonly type: 'last-good'; readonly ticket: number; readonly found: LifelineCopy | null }
  | { readonly type: 'lifeline-ask'; readonly ask: LifelineAsk }
  | { readonly type: 'lifeline-answer'; readonly answer: LifelineAnswer }
  | { readonly type: 'lifeline-reads'; readonly reads: LifelineReads }

export interface OpenSocket {
  /** As in the settings: host:port. */
  readonly listener: string
  readonly address: string
  readonly port: number
  /** Descriptor number in this process, so that the next process can inherit it. */
  readonly fd: number
}

export interface UpstreamState {
  readonly name: string
  readonly healthy: boolean
  readonly inFlight: number
  readonly failures: number
}

export interface StoreState {
  readonly diskRows: number
  readonly diskBytes: number
  readonly diskFailures: number
  readonly suspended: boolean
  readonly evicted: number
}
