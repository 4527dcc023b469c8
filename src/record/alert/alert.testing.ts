/** What several tests of this room need: settings, a clock and timers moved by hand, a scribe in memory, seconds of a shield, certificates. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Alert } from '../../contract/alert.ts'
import type { ControlEvent, ControlView } from '../../contract/control.ts'
import type { JournalDraft, JournalEntry } from '../../contract/journal.ts'
import type { ShieldState } from '../../contract/plan.ts'
import type { ShieldSecond } from '../../contract/record.ts'
import { SimulatedClock, type WallMs } from '../../kernel/clock.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { testFolder } from '../../kernel/test-folder.testing.ts'
import type { Scribe } from '../room.ts'
import type { Later } from './channel-queue.ts'
import type { AlertMessage } from './message.ts'
import { alertOptions, type AlertSettings, channelOptions, type ChannelSettings } from './options.ts'

export function alertSettings(more: Partial<AlertSettings> = {}): AlertSettings {
  return { ...defaultsOf(alertOptions), ...more }
}

export function channel(more: Partial<ChannelSettings> & { readonly name: string }): ChannelSettings {
  return { ...defaultsOf(channelOptions), ...more }
}

export function alert(more: Partial<Alert> = {}): Alert {
  return { key: 'attack', severity: 'critical', title: 'Attack under way', text: 'What: a flood.\nWhat to do: nothing.', atWallMs: 1_700_000_000_000, incidentId: null, resolved: false, ...more }
}

export function message(more: Partial<AlertMessage> = {}): AlertMessage {
  return {
    id: 'aa11', kind: 'alert', key: 'attack', severity: 'critical', title: 'Attack under way', text: 'What: a flood.\nWhat to do: nothing.', atWallMs: 1_700_000_000_000, sinceWallMs: 1_699_999_990_000,
    incidentId: '2023-11-14-1', site: 'Parliament of Exampleland', ...more,
  }
}

export class MemoryScribe implements Scribe {
  readonly written: JournalEntry[] = []

  write(draft: JournalDraft): Promise<JournalEntry> {
    const entry: JournalEntry = { ...draft, seq: this.written.length + 1, atWallMs: 0, previous: '', hash: '' }
    this.written.push(entry)
    return Promise.resolve(entry)
  }

  async *entries(fromSeq: number): AsyncIterable<JournalEntry> {
    yield* this.written.slice(fromSeq - 1)
  }
}

/** A simulated clock with timers that go off when it passes them. */
export class TimedClock extends SimulatedClock {
  #timers: Array<{ readonly atWallMs: number; readonly run: () => void }> = []

  #setBackMs = 0

  override wallMs(): WallMs {
    return (super.wallMs() - this.#setBackMs) as WallMs
  }

  /** As when a clock that was wrong is put right. */
  setBack(ms: number): void {
    this.#setBackMs += ms
    this.#timers = this.#timers.map((one) => ({ ...one, atWallMs: one.atWallMs - ms }))
  }

  readonly later: Later = (ms, run) => {
    const timer = { atWallMs: this.wallMs() + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer)
    }
  }

  /** Moves on and lets everything that waits on promises happen in between. */
  async pass(ms: number): Promise<void> {
    const until = this.wallMs() + ms
    for (;;) {
      await settle()
      const next = this.#timers.filter((one) => one.atWallMs <= until).sort((a, b) => a.atWallMs - b.atWallMs)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((one) => one !== next)
      this.advanceMs(Math.max(0, next.atWallMs - this.wallMs()))
      next.run()
    }
    this.advanceMs(until - this.wallMs())
    await settle()
  }
}

/** Everything that only waits for promises has happened. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function view(state: ShieldState, atWallMs: number, more: Partial<ControlView> = {}): ControlView {
  return {
    atWallMs, state, stateSinceWallMs: atWallMs, ratePerSecond: 2_041, expectation: { source: 'hour-of-week', ratePerSecond: 38, medianLog: 0, madLog: 1 }, z: 17,
    health: { strained: state !== 'NORMAL', critical: false, well: state === 'NORMAL', signs: [] }, excess: null, evidence: [], logLikelihood: 0, rules: [], candidates: [],
    baseline: { minutesLearned: 10_000, rows: 10_000, coldStart: false }, bytes: 0, ...more,
  }
}

export function second(atWallMs: number, state: ShieldState | null, more: Partial<ShieldSecond> = {}, events: readonly ControlEvent[] = []): ShieldSecond {
  return {
    atWallMs, traffic: { seconds: 1, received: 100, ended: { 'served-fresh': 60, 'rule-block': 40 }, bytesOut: 10_000 }, origin: [], upstreams: [{ name: 'http://127.0.0.1:8090', healthy: true }],
    view: state === null ? null : view(state, atWallMs), events, ...more,
  }
}

/** A certificate authority of the test's own and a certificate for 127.0.0.1, made by openssl; PEM text and the authority's file. */
export function testCertificate(): { readonly key: string; readonly cert: string; readonly caFile: string; readonly folder: string } {
  const folder = testFolder('alert')
  const run = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  return { key: readFileSync(join(folder, 'key.pem'), 'utf8'), cert: readFileSync(join(folder, 'cert.pem'), 'utf8'), caFile: join(folder, 'cert.pem'), folder }
}
