/**
 * Records what the control plane was given, while its state is not NORMAL or an incident is open, so that its decisions can be lived through again. The minute and
 * a half before is kept in memory and goes in front. A recording comes in parts; each is named in the journal with its SHA-256 once it is whole and belongs to an
 * incident; one that never did is deleted. Bounded in bytes per recording and in all. When a disk fails, the recording ends; nobody waits for any of it.
 */
import { readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ControlBeginning, ControlTick } from '../../contract/control-tick.ts'
import { SAMPLE_WORDS } from '../../contract/sample.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { MINUTE_MS, SECOND_MS } from '../../kernel/units.ts'
import type { Scribe } from '../room.ts'
import { Blinding } from './blinding.ts'
import { RecordingFile } from './recording-file.ts'
import { reduceTick, ROWS_A_TICK } from './reduce-tick.ts'
import { encodeFrame } from './tick-frames.ts'

/** In front of a recording: longer than every window the control plane decides on. */
const TICKS_BEFORE = 90
/** A part is named in the journal, and proof against a crash, this often. */
const PART_MS = 5 * MINUTE_MS
/** Calm this long, and no incident open: over. */
const CALM_MS = MINUTE_MS
/** After this a flood's mix is known; a fifth of the rows says how it changes. */
const CLOSE_MS = 10 * MINUTE_MS
const LATER_ROWS = Math.floor(ROWS_A_TICK / 5)
/** The control plane answers within its second; without an answer the recording has no beginning and cannot be replayed. */
const BEGINNING_WITHIN_MS = 10 * SECOND_MS
/** After a start, and after a recording: deleting waits until all is calm. */
const SWEEP_AFTER_TICKS = 60
const NAME = /^\d{13}-\d{3}\.samples$/

export interface SampleSettings {
  /** Of one recording; 0: none is made. */
  readonly sampleBytes: number
  /** Of all recordings. */
  readonly samplesKeepBytes: number
  readonly keepMs: number
}

export interface SampleRecorderParts {
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
  readonly scribe: Scribe
  readonly version: string
  settings(): SampleSettings
  /** The open incident, or null. */
  incidentId(): string | null
  /** Whole addresses are to be kept now, by a named person's order. */
  wholeAddresses(nowWallMs: number): boolean
  /** Asks the control plane for what it knows; it comes through `begin`. */
  wantBeginning(): void
}

/** What the journal says of one part: the data of an entry of kind 'sample'. */
export interface SamplePart {
  readonly incidentId: string
  /** In `samples/` beside the journal. */
  readonly file: string
  readonly recording: number
  readonly part: number
  readonly sha256: string
  readonly bytes: number
  readonly fromWallMs: number
  readonly toWallMs: number
  readonly ticks: number
  readonly rows: number
  readonly seen: number
  readonly addresses: 'blinded' | 'whole'
  /** Why the recording ends with this part before the incident did, or null. */
  readonly cutShort: string | null
}

interface Part {
  readonly file: RecordingFile
  readonly name: string
  readonly number: number
  readonly startedAtWallMs: number
  fromWallMs: number
  toWallMs: number
  ticks: number
  rows: number
  seen: number
}

interface Recording {
  readonly id: number
  readonly whole: boolean
  readonly blinding: Blinding | null
  readonly startedAtWallMs: number
  part: Part
  bytesOfParts: number
  begun: boolean
  /** Frames that wait for the beginning. */
  waiting: Array<{ readonly frame: Buffer; readonly tick: ControlTick }>
  incidentId: string | null
  /** Ended parts that belong to no incident yet. */
  unnamed: Array<Omit<SamplePart, 'incidentId'>>
  calmSinceWallMs: number | null
  cutShort: string | null
}

export class SampleRecorder {
  readonly #parts: SampleRecorderParts
  #blinding = new Blinding()
  #before: ControlTick[] = []
  #recording: Recording | null = null
  #ending: Promise<void> = Promise.resolve()
  #swept = false
  #idleTicks = 0

  constructor(parts: SampleRecorderParts) {
    this.#parts = parts
  }

  tick(tick: ControlTick): void {
    if (this.#parts.settings().sampleBytes === 0) {
      this.#before = []
      if (this.#recording !== null) this.#end('switched off in the settings')
      return
    }
    const whole = this.#parts.wholeAddresses(tick.nowWallMs)
    const incidentId = this.#parts.incidentId()
    const wanted = tick.state !== 'NORMAL' || incidentId !== null
    if (this.#recording !== null && this.#recording.whole !== whole) this.#end(null)
    if (this.#recording === null && wanted) this.#begin(tick.nowWallMs, whole)
    const recording = this.#recording
    const rows = recording !== null && tick.nowWallMs - recording.startedAtWallMs > CLOSE_MS ? LATER_ROWS : ROWS_A_TICK
    const reduced = reduceTick(tick, recording === null ? this.#blinding : recording.blinding, rows)
    if (recording === null) {
      if (++this.#idleTicks === SWEEP_AFTER_TICKS) this.#sweep()
      this.#before.push(reduced)
      if (this.#before.length > TICKS_BEFORE) this.#before.shift()
      return
    }
    recording.incidentId = incidentId ?? recording.incidentId
    this.#add(recording, reduced)
    if (recording.incidentId !== null) this.#nameParts(recording)
    if (wanted) recording.calmSinceWallMs = null
    else recording.calmSinceWallMs ??= tick.nowWallMs
    if (recording.calmSinceWallMs !== null && tick.nowWallMs - recording.calmSinceWallMs >= CALM_MS) this.#end(null)
    else if (tick.nowWallMs - recording.part.startedAtWallMs >= PART_MS || tick.nowWallMs < recording.part.startedAtWallMs) this.#nextPart(recording, tick.nowWallMs)
  }

  /** What the control plane knew when the recording began. */
  begin(beginning: ControlBeginning): void {
    const recording = this.#recording
    if (recording === null || recording.begun) return
    recording.blinding?.columns(beginning.baseline.columns)
    recording.begun = true
    recording.part.file.append(encodeFrame({ kind: 'beginning', version: this.#parts.version, beginning }))
    for (const { frame, tick } of recording.waiting) this.#write(recording, frame, tick)
    recording.waiting = []
  }

  /** It knows nothing of before: what comes now is another story. */
  controlStartedAnew(): void {
    this.#before = []
    if (this.#recording !== null) this.#end('the control plane was started anew')
  }

  async close(): Promise<void> {
    // An incident that is over lacks nothing: what would still be written is the minute after it.
    if (this.#recording !== null) this.#end(this.#parts.incidentId() === null ? null : 'this Polder ended')
    await this.#ending
  }

  /** Resolves when what ended is on disk and in the journal. */
  async settled(): Promise<void> {
    await this.#ending
  }

  #begin(nowWallMs: number, whole: boolean): void {
    const id = Math.max(0, Math.floor(nowWallMs))
    this.#recording = {
      id, whole, blinding: whole ? null : this.#blinding, startedAtWallMs: nowWallMs, part: this.#openPart(id, 0, nowWallMs), bytesOfParts: 0,
      begun: false, waiting: [], incidentId: null, unnamed: [], calmSinceWallMs: null, cutShort: null,
    }
    // Blinded seconds do not fit among whole ones.
    if (!whole) for (const tick of this.#before) this.#add(this.#recording, tick)
    this.#before = []
    this.#parts.wantBeginning()
  }

  #openPart(recording: number, number: number, startedAtWallMs: number): Part {
    const name = `${String(recording).padStart(13, '0')}-${String(number).padStart(3, '0')}.samples`
    return { file: new RecordingFile(join(this.#parts.folder, name)), name, number, startedAtWallMs, fromWallMs: 0, toWallMs: 0, ticks: 0, rows: 0, seen: 0 }
  }

  #add(recording: Recording, tick: ControlTick): void {
    if (recording.cutShort !== null) return
    const frame = encodeFrame({ kind: 'tick', tick })
    if (recording.begun) this.#write(recording, frame, tick)
    else if (tick.nowWallMs - recording.startedAtWallMs > BEGINNING_WITHIN_MS) recording.cutShort = 'the control plane did not say what it knew when it began'
    else recording.waiting.push({ frame, tick })
  }

  #write(recording: Recording, frame: Buffer, tick: ControlTick): void {
    const { part } = recording
    if (recording.bytesOfParts + part.file.takenBytes + frame.length > this.#parts.settings().sampleBytes) recording.cutShort = `it reached ${this.#parts.settings().sampleBytes} bytes (journal.sampleBytes)`
    else if (part.file.trouble !== null) recording.cutShort = `the disk failed (${part.file.trouble})`
    if (recording.cutShort !== null) {
      this.#parts.log.warn(`the recording of samples ends early: ${recording.cutShort}`)
      return
    }
    part.file.append(frame)
    if (part.ticks === 0) part.fromWallMs = tick.nowWallMs
    part.toWallMs = tick.nowWallMs
    part.ticks++
    for (const batch of tick.samples) {
      part.rows += batch.words.length / SAMPLE_WORDS
      part.seen += batch.seen
    }
  }

  #nextPart(recording: Recording, nowWallMs: number): void {
    if (recording.cutShort !== null || !recording.begun) return
    const { part } = recording
    recording.bytesOfParts += part.file.takenBytes
    recording.part = this.#openPart(recording.id, part.number + 1, nowWallMs)
    this.#endPart(recording, part)
  }

  #end(cutShort: string | null): void {
    const recording = this.#recording!
    recording.cutShort ??= cutShort
    this.#recording = null
    this.#idleTicks = 0
    this.#blinding = new Blinding()
    this.#endPart(recording, recording.part)
    this.#later(async () => {
      if (recording.incidentId !== null) return
      for (const { file } of recording.unnamed) await unlink(join(this.#parts.folder, file))
    })
  }

  #endPart(recording: Recording, part: Part): void {
    this.#later(async () => {
      if (part.ticks === 0) {
        await part.file.remove()
        return
      }
      const sha256 = await part.file.end()
      if (part.file.bytes === 0) {
        this.#parts.log.warn(`samples could not be kept: ${part.file.trouble}`)
        return
      }
      if (part.file.trouble !== null) recording.cutShort ??= `the disk failed (${part.file.trouble})`
      const { name, number, fromWallMs, toWallMs, ticks, rows, seen } = part
      recording.unnamed.push({ file: name, recording: recording.id, part: number, sha256, bytes: part.file.bytes, fromWallMs, toWallMs, ticks, rows, seen, addresses: recording.whole ? 'whole' : 'blinded', cutShort: recording.cutShort })
      if (recording.incidentId !== null) this.#nameParts(recording)
    })
  }

  #nameParts(recording: Recording): void {
    const incidentId = recording.incidentId!
    for (const part of recording.unnamed.splice(0)) {
      const data: SamplePart = { incidentId, ...part }
      void this.#parts.scribe.write({
        kind: 'sample', who: 'polder', data,
        sentence: `samples of ${part.ticks} seconds kept for incident ${incidentId}: ${part.rows} of ${part.seen} requests, addresses ${part.addresses}${part.cutShort === null ? '' : `; the recording ends here: ${part.cutShort}`}`,
      })
    }
  }

  #later(run: () => Promise<void>): void {
    this.#ending = this.#ending.then(run).catch((error: Error) => this.#parts.log.warn(`samples: ${error.message}`))
  }

  /** What is too old or too much, oldest first; and once, what an earlier life left behind unnamed. */
  #sweep(): void {
    this.#later(async () => {
      const { samplesKeepBytes, keepMs } = this.#parts.settings()
      const names = await readdir(this.#parts.folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [] as string[]
        throw error
      })
      let left = names.filter((name) => NAME.test(name) && Number(name.slice(0, 13)) !== this.#recording?.id).sort()
      if (!this.#swept) {
        this.#swept = true
        const named = new Set<string>()
        for await (const entry of this.#parts.scribe.entries(1)) if (entry.kind === 'sample') named.add((entry.data as Partial<SamplePart>).file ?? '')
        for (const name of left.filter((one) => !named.has(one))) await unlink(join(this.#parts.folder, name))
        left = left.filter((one) => named.has(one))
      }
      const sizes = new Map<string, number>()
      for (const name of left) sizes.set(name, (await stat(join(this.#parts.folder, name))).size)
      let total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
      const before = this.#parts.clock.wallMs() - keepMs
      for (const [name, size] of sizes) {
        if (total <= samplesKeepBytes && Number(name.slice(0, 13)) >= before) continue
        await unlink(join(this.#parts.folder, name))
        total -= size
        this.#parts.log.info(`samples ${name} are deleted by retention`)
      }
    })
  }
}
