/**
 * Gives the record what the control plane was given, second by second, so that an incident can be lived through again. The record says when it has taken a second;
 * when it is behind, seconds are left out rather than memory grown. It decides nothing, and the control plane never waits for it.
 */
import type { MessagePort } from 'node:worker_threads'
import type { ControlBeginning, ControlTick } from '../contract/control-tick.ts'
import type { LinkMessage } from '../contract/thread.ts'

const MOST_UNTAKEN = 8

export class RecordLine {
  readonly #beginning: () => ControlBeginning
  #port: MessagePort | null = null
  #untaken = 0

  constructor(beginning: () => ControlBeginning) {
    this.#beginning = beginning
  }

  /** A new line; one to an earlier record is forgotten. */
  join(port: MessagePort): void {
    this.#port = port
    this.#untaken = 0
    port.on('message', (message: LinkMessage) => {
      if (message.type === 'control-tick-taken') this.#untaken = Math.max(0, this.#untaken - 1)
      else if (message.type === 'control-beginning-wanted') port.postMessage({ type: 'control-beginning', beginning: this.#beginning() } satisfies LinkMessage)
    })
    port.on('close', () => {
      if (this.#port === port) this.#port = null
    })
    port.unref()
  }

  tell(tick: ControlTick): void {
    if (this.#port === null || this.#untaken >= MOST_UNTAKEN) return
    this.#untaken++
    this.#port.postMessage({ type: 'control-tick', tick } satisfies LinkMessage)
  }
}
