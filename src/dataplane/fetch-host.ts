import type { Reason } from '../contract/reason.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Admission } from './admission/admission.ts'
import type { Cache } from './cache/cache.ts'
import type { LastGoodDesk } from './last-good-desk.ts'
import type { Origin } from './origin/origin.ts'
import type { PreparedAnswer, Request } from './request.ts'
import type { SlowReaders } from './slow-readers.ts'
import type { Tally } from './telemetry/tally.ts'
import type { GatherBudget } from './upload/gathered-body.ts'
import type { WaitingDoor } from './waiting-door.ts'

/** What an origin fetch needs of the pipeline it belongs to. */
export interface FetchHost {
  readonly clock: Clock
  readonly cache: Cache
  readonly admission: Admission
  readonly gatherBudget: GatherBudget
  readonly slowReaders: SlowReaders
  readonly tally: Tally
  readonly lastGood: LastGoodDesk
  readonly waitingRoom: WaitingDoor
  /** The origin of the settings now in force. */
  readonly origin: Origin
  /** Sends a whole answer and counts the request as ended. */
  send(request: Request, answer: PreparedAnswer, reason: Reason): void
  refuse(request: Request, reason: Reason, retryAfterSeconds: number): void
  /** Ends the request with the waiting room's page when the origin is full and a person would see it; else as `refuse`. */
  turnAway(request: Request, reason: Reason, retryAfterSeconds: number): void
  /** Counts a request as ended, once. */
  ended(request: Request, reason: Reason): void
  /** A mistake of ours: logged, the visitor answered, the request counted. */
  fault(request: Request, error: unknown): void
}
