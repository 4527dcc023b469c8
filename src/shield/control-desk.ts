/**
 * Answers the questions of the control socket from what the main thread has heard: totals, the newest vitals, the last view of the control plane.
 * It serves when the control plane is dead: then it says since when, and shows the last view. Orders go to the control plane, which alone decides;
 * an order it did not take within a few seconds is answered as not done. Memory is bounded by time and count.
 */
import type { Settings } from '../config/settings.ts'
import type { ExploreQuestion, ExploreReply } from '../contract/explore.ts'
import type { ControlEvent, ControlView } from '../contract/control.ts'
import type { JournalDraft } from '../contract/journal.ts'
import type { ActOutcome, AddressFacts, Hello, KernelDropState, ShieldStatus } from '../contract/control-socket.ts'
import type { LifelineState } from '../contract/lifeline.ts'
import type { OperatorAct } from '../contract/operator-act.ts'
import type { Plan, Rule } from '../contract/plan.ts'
import type { RecordQuestion, RecordReply, ShieldSecond } from '../contract/record.ts'
import type { ThreadName, ThreadTrouble } from '../contract/thread-trouble.ts'
import type { Vitals } from '../contract/vitals.ts'
import { parseIpAddress } from '../dataplane/edge/ip-address.ts'
import { CidrSet } from '../kernel/cidr-set.ts'
import type { Clock, WallMs } from '../kernel/clock.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { type ControlAnswers, ControlPlaneGone } from '../surfaces/control-socket/control-server.ts'
import type { Totals } from '../surfaces/metrics/totals.ts'
import { originOf, sumTraffic } from './sum-vitals.ts'

/** "In the last seconds" on every surface. */
const RECENT_SECONDS = 10
/** A view comes every second; after three missing ones the control plane counts as gone (algorithms: invariant 19). */
const GONE_AFTER_MS = 3 * SECOND_MS
const MAX_EVENTS = 200
const ACT_WITHIN_MS = 5 * SECOND_MS
const MAX_ACTS = 32
/** Kept for one second of the record; more would mean that nobody takes them. */
const MAX_UNTOLD = 256

export interface DeskParts {
  readonly version: string
  readonly clock: Clock
  readonly totals: Totals
  settings(): Settings
  plan(): Plan | null
  urls(): readonly string[]
  draining(): boolean
  edgeNames(): readonly ThreadName[]
  isReady(name: ThreadName): boolean
  troubles(): readonly ThreadTrouble[]
  sendAct(act: OperatorAct): void
  source(address: string): { readonly countedAs: string; readonly tracked: AddressFacts['tracked'] }
  kernelDrop(): KernelDropState
  /** The lifeline's state; with `crawl`, a pass begins. */
  lifeline(order: 'crawl' | 'state'): Promise<LifelineState>
  explore(question: ExploreQuestion): Promise<ExploreReply>
  /** The record: asked, told, and how it fares. */
  askRecord(question: RecordQuestion): Promise<RecordReply>
  writeDown(draft: JournalDraft): void
  record(): ShieldStatus['record']
}

interface WaitingAct {
  answer(outcome: ActOutcome): void
  fail(error: Error): void
}

export class ControlDesk implements ControlAnswers {
  readonly #parts: DeskParts
  readonly #startedAtWallMs: WallMs
  #recent: Vitals[] = []
  #events: ControlEvent[] = []
  #view: ControlView | null = null
  #heardAtWallMs: number | null = null
  #acts: WaitingAct[] = []
  #untoldVitals: Vitals[] = []
  #untoldEvents: ControlEvent[] = []
  #secondAtWallMs: number

  constructor(parts: DeskParts) {
    this.#parts = parts
    this.#startedAtWallMs = parts.clock.wallMs()
    this.#secondAtWallMs = this.#startedAtWallMs
  }

  hearVitals(vitals: Vitals): void {
    const from = this.#parts.clock.wallMs() - RECENT_SECONDS * SECOND_MS
    this.#recent = this.#recent.filter((one) => one.toWallMs > from)
    this.#recent.push(vitals)
    if (this.#untoldVitals.length < MAX_UNTOLD) this.#untoldVitals.push(vitals)
  }

  hearView(view: ControlView, events: readonly ControlEvent[]): void {
    this.#view = view
    this.#heardAtWallMs = this.#parts.totals.controlHeardAtWallMs = this.#parts.clock.wallMs()
    for (const event of events) {
      this.#events.push(event)
      // Orders are carried out in the order they were given, each answered by one event (control plane: operator desk).
      const refused = event.code === 'operator-refused' || (event.code === 'control-step-failed' && event.sentence.startsWith('could not obey'))
      const waiting = refused || event.code.startsWith('operator-') ? this.#acts.shift() : undefined
      // An order that somebody waits for is written down with its answer (act).
      if (waiting === undefined) this.#untold(event)
      else waiting.answer({ done: !refused, sentence: event.sentence, ...(refused ? {} : { atWallMs: event.atWallMs }) })
    }
    if (this.#events.length > MAX_EVENTS) this.#events = this.#events.slice(-MAX_EVENTS)
  }

  /** Something the main thread itself has to tell: the kernel back end, a dead control plane. */
  note(code: string, sentence: string): void {
    const event = { atWallMs: this.#parts.clock.wallMs(), code, sentence }
    this.#untold(event)
    this.#show(event)
  }

  /** Alarms of the record, which has them already. */
  hearRecord(events: readonly ControlEvent[]): void {
    for (const event of events) this.#show(event)
  }

  #show(event: ControlEvent): void {
    this.#events.push(event)
    if (this.#events.length > MAX_EVENTS) this.#events.shift()
  }

  #untold(event: ControlEvent): void {
    if (this.#untoldEvents.length < MAX_UNTOLD) this.#untoldEvents.push(event)
  }

  /** Everything since the call before, for the record. */
  second(): ShieldSecond {
    const parts = this.#parts
    const now = parts.clock.wallMs()
    const vitals = this.#untoldVitals
    const second: ShieldSecond = {
      atWallMs: now,
      traffic: { seconds: Math.max(0, now - this.#secondAtWallMs) / SECOND_MS, ...sumTraffic(vitals) },
      origin: originOf([...parts.totals.last.values()], vitals),
      upstreams: (parts.totals.upstreams.values().next().value ?? []).map(({ name, healthy }) => ({ name, healthy })),
      view: this.#controlAlive() ? this.#view : null,
      events: this.#untoldEvents,
    }
    this.#secondAtWallMs = now
    this.#untoldVitals = []
    this.#untoldEvents = []
    return second
  }

  lifeline(order: 'crawl' | 'state'): Promise<LifelineState> {
    return this.#parts.lifeline(order)
  }

  explore(question: ExploreQuestion): Promise<ExploreReply> {
    return this.#parts.explore(question)
  }

  record(question: RecordQuestion): Promise<RecordReply> {
    return this.#parts.askRecord(question)
  }

  controlDied(): void {
    this.#parts.totals.controlDeaths++
    this.note('control-plane-died', 'the control plane died; it is started anew, visitors are served, rules of the last plan run out by themselves')
    for (const act of this.#acts) act.fail(new ControlPlaneGone('the control plane died before it took the order; ask again in a few seconds'))
    this.#acts = []
  }

  hello(): Hello {
    return { version: this.#parts.version, pid: process.pid, startedAtWallMs: this.#startedAtWallMs }
  }

  async act(act: OperatorAct): Promise<ActOutcome> {
    const outcome = await this.#order(act).catch((error: Error) => {
      this.#parts.writeDown({ kind: 'act', who: act.who, sentence: `not known to be done: ${error.message}`, data: { done: null, act } })
      throw error
    })
    this.#parts.writeDown({ kind: 'act', who: act.who, sentence: outcome.done ? outcome.sentence : `not done: ${outcome.sentence}`, data: { done: outcome.done, act } })
    return outcome
  }

  #order(act: OperatorAct): Promise<ActOutcome> {
    if (!this.#controlAlive()) return Promise.reject(new ControlPlaneGone(`the control plane does not answer (${this.#heardText()}); nothing was changed. Rules of the settings file still act`))
    if (this.#acts.length >= MAX_ACTS) return Promise.reject(new ControlPlaneGone('too many orders are waiting; ask again in a few seconds'))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#acts = this.#acts.filter((one) => one !== waiting)
        reject(new ControlPlaneGone(`the control plane did not take the order within ${ACT_WITHIN_MS / SECOND_MS} s (${this.#heardText()})`))
      }, ACT_WITHIN_MS)
      const waiting: WaitingAct = {
        answer: (outcome) => {
          clearTimeout(timer)
          resolve(outcome)
        },
        fail: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      this.#acts.push(waiting)
      this.#parts.sendAct(act)
    })
  }

  status(): ShieldStatus {
    const parts = this.#parts
    const now = parts.clock.wallMs()
    const names = parts.edgeNames()
    const notReady = names.filter((name) => !parts.isReady(name))
    const plan = parts.plan()
    const newest = [...parts.totals.last.values()]
    const upstreams = parts.totals.upstreams.values().next().value ?? []
    return {
      ...this.hello(),
      atWallMs: now,
      draining: parts.draining(),
      urls: parts.urls(),
      workers: { wanted: names.length, ready: names.length - notReady.length, restarts: parts.totals.restarts, notReady, troubles: parts.troubles() },
      control: { alive: this.#controlAlive(), heardAtWallMs: this.#heardAtWallMs, view: this.#view },
      plan: plan === null ? null : { version: plan.version, state: plan.state, rules: plan.rules, postureExpiresAtWallMs: plan.postureExpiresAtWallMs, preferStale: plan.preferStale },
      settingsRules: parts.settings().rules,
      ruleMatches: Object.fromEntries(parts.totals.rules),
      sinceStart: { received: parts.totals.received, ended: Object.fromEntries(parts.totals.ended), bytesOut: parts.totals.bytesOut },
      lastSeconds: this.#lastSeconds(now),
      connections: newest.reduce((sum, one) => sum + one.openConnections, 0),
      eventLoopLagP99Ms: Math.max(0, ...newest.map((one) => one.eventLoopLagP99Ms)),
      cache: { entries: newest[0]?.cache.entries ?? 0, bytes: newest[0]?.cache.bytes ?? 0 },
      origin: originOf(newest, this.#recentAt(now)),
      upstreams: upstreams.map(({ name, healthy }) => ({ name, healthy })),
      kernelDrop: parts.kernelDrop(),
      record: parts.record(),
      events: this.#events,
    }
  }

  address(address: string): AddressFacts {
    const parts = this.#parts
    const { countedAs, tracked } = parts.source(address)
    const rules: readonly Rule[] = [...parts.settings().rules, ...(parts.plan()?.rules ?? [])]
    const matching: Array<AddressFacts['matching'][number]> = []
    let undecided = 0
    for (const rule of rules) {
      const prefixes = rule.when.filter((condition) => condition.attribute === 'prefix')
      if (prefixes.length === 0) {
        undecided++
        continue
      }
      const others = rule.when.length - prefixes.length
      if (prefixes.every((condition) => holdsAddress(condition.cidrs, address))) matching.push({ ruleId: rule.id, action: rule.action, whole: others === 0, others })
    }
    const drops = parts.plan()?.drops ?? []
    return {
      address,
      countedAs,
      tracked,
      trustedProxy: holdsAddress(parts.settings().edge.trustedProxies, address),
      matching,
      undecided,
      kernelDropped: parts.kernelDrop().state === 'on' && drops.some((drop) => drop.expiresAtWallMs > parts.clock.wallMs() && holdsAddress([drop.cidr], address)),
    }
  }

  #controlAlive(): boolean {
    return this.#parts.isReady('control') && this.#heardAtWallMs !== null && this.#parts.clock.wallMs() - this.#heardAtWallMs <= GONE_AFTER_MS
  }

  #heardText(): string {
    return this.#heardAtWallMs === null ? 'never heard since the start' : `last heard ${Math.round((this.#parts.clock.wallMs() - this.#heardAtWallMs) / SECOND_MS)} s ago`
  }

  #lastSeconds(now: number): ShieldStatus['lastSeconds'] {
    const recent = this.#recentAt(now)
    const from = recent.reduce((least, one) => Math.min(least, one.fromWallMs), now)
    return { seconds: Math.max(0, now - from) / SECOND_MS, ...sumTraffic(recent) }
  }

  #recentAt(now: number): Vitals[] {
    return this.#recent.filter((one) => one.toWallMs > now - RECENT_SECONDS * SECOND_MS)
  }
}

function holdsAddress(cidrs: readonly string[], address: string): boolean {
  const ip = cidrs.length === 0 ? null : parseIpAddress(address)
  return ip !== null && new CidrSet(cidrs).has(ip.family, ip.high, ip.text)
}
