/**
 * `polder replay --incident`: the control plane's seconds of an incident lived through again, from the samples beside the journal, by the code that decides live.
 * Every file is checked against the hash that the journal holds of it before a byte of it is believed. Nothing is sent anywhere. What a replay cannot repeat (which
 * rows chance kept, what the live rules changed in the traffic) is said in the caveats.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ControlEvent } from '../contract/control.ts'
import type { ControlBeginning, ControlTick } from '../contract/control-tick.ts'
import type { IncidentReplay, IncidentRule, ReplayedState } from '../contract/incident-replay.ts'
import type { JournalEntry } from '../contract/journal.ts'
import type { RuleAction, ShieldState } from '../contract/plan.ts'
import { Baseline } from '../controlplane/detection/baseline.ts'
import { ControlLoop, type LoopSettings } from '../controlplane/loop.ts'
import type { KeptOrders } from '../controlplane/mitigation/kept-orders.ts'
import type { Clock } from '../kernel/clock.ts'
import { SeededRandom } from '../kernel/random.ts'
import type { SamplePart } from '../record/samples/sample-recorder.ts'
import { decodeFrames, FrameError } from '../record/samples/tick-frames.ts'
import { folderEntries } from './journal-folder.ts'

export interface IncidentReplayOptions {
  /** Of the journal. */
  readonly folder: string
  /** `last`: the newest with samples. */
  readonly incidentId: string
  /** null: those that were in force. */
  readonly settings: LoopSettings | null
  readonly seed: number
  readonly clock: Clock
}

const steps: readonly RuleAction[] = ['observe', 'tag', 'cache-only', 'challenge', 'limit', 'block']

/** @throws Error with a sentence: no such samples, or a file that is not what was written. */
export async function replayIncident(options: IncidentReplayOptions): Promise<IncidentReplay> {
  const started = options.clock.monotonicMs()
  const { parts, decisions, incidentId } = await findParts(options)
  const { beginning, ticks } = await readParts(options.folder, parts)
  const now = live(beginning, ticks, options)
  const fromWallMs = ticks[0].nowWallMs
  const toWallMs = ticks.at(-1)!.nowWallMs
  const then = decisions.filter((entry) => entry.atWallMs >= fromWallMs - 2_000 && entry.atWallMs <= toWallMs + 2_000)
  const states = { live: then.flatMap(stateOf), replayed: now.states }
  const rules = rulesOf(then, now.rules)
  const blinded = parts[0].addresses === 'blinded'
  const compared = rules.rules.filter((rule) => !blinded || !rules.networkSentences.has(rule.sentence))
  const sum = (of: (part: SamplePart) => number): number => parts.reduce((total, part) => total + of(part), 0)
  const { cutShort } = parts.at(-1)!
  return {
    incidentId, fromWallMs, toWallMs, ticks: ticks.length, rows: sum((part) => part.rows), seen: sum((part) => part.seen), addresses: parts[0].addresses,
    settings: options.settings === null ? 'recorded' : 'file',
    states, rules: rules.rules,
    agrees: JSON.stringify(states.live.map((one) => one.state)) === JSON.stringify(states.replayed.map((one) => one.state)) && compared.every((rule) => (rule.liveWallMs === null) === (rule.replayedWallMs === null)),
    caveats: [
      `${sum((part) => part.rows)} of ${sum((part) => part.seen)} requests were kept; live, chance may have kept others, so numbers differ a little`,
      'the traffic is as the live rules left it: a visitor or a bot that they turned away does not come back because this replay would have let it in',
      ...(blinded ? ['addresses are blinded: rules on networks are made anew over other numbers and cannot be compared one by one'] : []),
      ...(options.settings === null ? [] : ['other settings than those of then: differences are to be expected']),
      ...(cutShort === null ? [] : [`the recording ends before the incident: ${cutShort}`]),
    ],
    tookSeconds: (options.clock.monotonicMs() - started) / 1_000,
  }
}

async function findParts({ folder, incidentId }: IncidentReplayOptions): Promise<{ parts: SamplePart[]; decisions: JournalEntry[]; incidentId: string }> {
  const all: SamplePart[] = []
  const decisions: JournalEntry[] = []
  for await (const entry of folderEntries(folder)) {
    if (entry.kind === 'sample') all.push(entry.data as SamplePart)
    else if (entry.kind === 'state' || entry.kind === 'rule') decisions.push(entry)
  }
  const id = incidentId === 'last' ? all.at(-1)?.incidentId : incidentId
  const ofIncident = all.filter((part) => part.incidentId === id)
  if (id === undefined || ofIncident.length === 0) {
    const known = [...new Set(all.map((part) => part.incidentId))].slice(-10)
    throw new Error(`there are no samples of incident ${id ?? incidentId} in ${folder}${known.length === 0 ? '; none are kept at all (journal.sampleBytes)' : `; there are of ${known.join(', ')}`}`)
  }
  // A second recording begins after a restart, or when addresses were to be kept whole: the longest tells most.
  const recordings = Map.groupBy(ofIncident, (part) => part.recording)
  const longest = [...recordings.values()].map((parts) => parts.sort((a, b) => a.part - b.part)).reduce((best, one) => (ticksOf(one) > ticksOf(best) ? one : best))
  longest.forEach((part, i) => {
    if (part.part !== i) throw new Error(`part ${i} of the recording ${part.recording} is not in the journal: it cannot be replayed`)
  })
  return { parts: longest, decisions, incidentId: id }
}

function ticksOf(parts: readonly SamplePart[]): number {
  return parts.reduce((sum, part) => sum + part.ticks, 0)
}

async function readParts(folder: string, parts: readonly SamplePart[]): Promise<{ beginning: ControlBeginning; ticks: ControlTick[] }> {
  let beginning: ControlBeginning | null = null
  const ticks: ControlTick[] = []
  for (const part of parts) {
    if (!/^[\w-]+\.samples$/.test(part.file)) throw new Error(`the journal names a file that cannot be: ${part.file}`)
    const bytes = await readFile(join(folder, 'samples', part.file))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    if (sha256 !== part.sha256) throw new Error(`${part.file} is not what was written: its SHA-256 is ${sha256}, the journal says ${part.sha256}`)
    try {
      for (const frame of decodeFrames(bytes)) {
        if (frame.kind === 'tick') ticks.push(frame.tick)
        else beginning ??= frame.beginning
      }
    } catch (error) {
      if (error instanceof FrameError) throw new Error(`${part.file}: ${error.message}`, { cause: error })
      throw error
    }
  }
  if (beginning === null || ticks.length === 0) throw new Error('the recording has no beginning: it cannot be replayed')
  return { beginning, ticks }
}

interface Bred {
  readonly atWallMs: number
  readonly sentence: string
  action: RuleAction
  harmUpperShare: number | null
}

function live(beginning: ControlBeginning, ticks: readonly ControlTick[], { settings, seed }: IncidentReplayOptions): { states: ReplayedState[]; rules: Map<string, Bred> } {
  const baseline = new Baseline(new SeededRandom(seed))
  baseline.minuteLogs.set(beginning.baseline.minuteLogs)
  baseline.minuteCounts.set(beginning.baseline.minuteCounts)
  baseline.columns.forEach((column, i) => column.set(beginning.baseline.columns[i]))
  baseline.resume(beginning.baseline.offered)
  const loop = new ControlLoop(settings ?? (beginning.settings as LoopSettings), seed, baseline)
  loop.restoreOrders(beginning.orders as KeptOrders, ticks[0].nowWallMs)
  const states: ReplayedState[] = []
  const rules = new Map<string, Bred>()
  for (const { nowWallMs, samples, vitals, commands, posture } of ticks) {
    loop.posture = posture
    const { events, views } = loop.tick(nowWallMs, { samples, vitals, commands })
    for (const event of events) if (event.to !== undefined) states.push({ atWallMs: event.atWallMs, state: event.to, sentence: event.sentence })
    for (const rule of views.rules) {
      if (rule.origin !== 'automatic') continue
      const known = rules.get(rule.id)
      const action = rule.action as RuleAction
      if (known === undefined) rules.set(rule.id, { atWallMs: nowWallMs, sentence: rule.sentence, action, harmUpperShare: rule.evidence?.harm.upperShare ?? null })
      else if (steps.indexOf(action) > steps.indexOf(known.action)) known.action = action
    }
  }
  return { states, rules }
}

function stateOf(entry: JournalEntry): ReplayedState[] {
  const event = entry.data as Partial<ControlEvent> | null
  return entry.kind === 'state' && event?.to !== undefined && event.atWallMs !== undefined ? [{ atWallMs: event.atWallMs, state: event.to satisfies ShieldState, sentence: entry.sentence }] : []
}

/** Rules of then and now, side by side by what they say. */
function rulesOf(then: readonly JournalEntry[], now: ReadonlyMap<string, Bred>): { rules: IncidentRule[]; networkSentences: ReadonlySet<string> } {
  const rules = new Map<string, IncidentRule>()
  const networkSentences = new Set<string>()
  for (const entry of then) {
    const data = entry.data as { readonly code?: string; readonly atWallMs?: number; readonly rule?: { readonly sentence: string; readonly when: ReadonlyArray<{ readonly attribute: string }> } } | null
    if (entry.kind !== 'rule' || data?.code !== 'rule-born' || data.rule === undefined) continue
    const { sentence, when } = data.rule
    if (when.some((condition) => condition.attribute === 'prefix')) networkSentences.add(sentence)
    rules.set(sentence, { sentence, liveWallMs: rules.get(sentence)?.liveWallMs ?? data.atWallMs ?? entry.atWallMs, replayedWallMs: null, action: null, harmUpperShare: null })
  }
  for (const { sentence, atWallMs, action, harmUpperShare } of now.values()) {
    rules.set(sentence, { sentence, liveWallMs: rules.get(sentence)?.liveWallMs ?? null, replayedWallMs: atWallMs, action, harmUpperShare })
    if (/\b(?:prefix|network|addresses)\b/i.test(sentence)) networkSentences.add(sentence)
  }
  return { rules: [...rules.values()], networkSentences }
}
