/** Threads of one shield, as they name each other: `edge-0` … `edge-n`, `store`, `control`, `record`, `lifeline`, `console`. */
export type ThreadName = `edge-${number}` | 'store' | 'control' | 'record' | 'lifeline' | 'console'

/** A thread that dies again and again. */
export interface ThreadTrouble {
  readonly thread: ThreadName
  /** Since it last ran for long. */
  readonly deaths: number
  /** What it died of; '' when it did not say. */
  readonly reason: string
  /** 0: it is being started. */
  readonly startsAgainInMs: number
}
