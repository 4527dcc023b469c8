/**
 * The one thing the status page may say by itself: a part of the site is "being investigated". It says so when that part has failed one request in twenty
 * for half a minute, and takes it back after five minutes without. It never says more than that: what is the matter is for people to say.
 */
import type { ShieldSecond } from '../../contract/record.ts'
import type { RouteClass } from '../../contract/route-class.ts'
import { type ComponentName, componentNames } from '../../contract/statement.ts'
import { MINUTE_MS, SECOND_MS } from '../../kernel/units.ts'

const TROUBLED_FOR_MS = 30 * SECOND_MS
const WELL_FOR_MS = 5 * MINUTE_MS
const FAILING_SHARE = 0.05
/** Fewer requests in a second say nothing by themselves, but do not end a trouble either. */
const LEAST_REQUESTS = 3

const classesOf: Readonly<Record<ComponentName, readonly RouteClass[]>> = { reading: ['page', 'static'], search: ['search'], forms: ['page'], api: ['api', 'feed'] }

interface Sign {
  troubledSinceMs: number
  wellSinceMs: number
  shown: boolean
}

export class TroubleWatch {
  readonly #signs = new Map<ComponentName, Sign>(componentNames.map((name) => [name, { troubledSinceMs: Number.NaN, wellSinceMs: Number.NaN, shown: false }]))

  /** What is being investigated now. `second.traffic` tells what readers get, `second.origin` what the parts behind it do. */
  look(second: ShieldSecond): ReadonlySet<ComponentName> {
    for (const [name, sign] of this.#signs) {
      const failing = name === 'reading' ? readersFail(second) : partFails(second, classesOf[name])
      if (failing === null) continue
      if (failing) {
        sign.wellSinceMs = Number.NaN
        if (Number.isNaN(sign.troubledSinceMs)) sign.troubledSinceMs = second.atWallMs
        if (second.atWallMs - sign.troubledSinceMs >= TROUBLED_FOR_MS) sign.shown = true
      } else {
        if (Number.isNaN(sign.wellSinceMs)) sign.wellSinceMs = second.atWallMs
        if (!sign.shown || second.atWallMs - sign.wellSinceMs >= WELL_FOR_MS) {
          sign.troubledSinceMs = Number.NaN
          sign.shown = false
        }
      }
    }
    return new Set([...this.#signs].filter(([, sign]) => sign.shown).map(([name]) => name))
  }
}

/** Turned away or failed for want of an origin; what a rule refuses is not the reader's trouble. null: too little was asked. */
function readersFail({ traffic }: ShieldSecond): boolean | null {
  let failed = 0
  let all = 0
  for (const [reason, count] of Object.entries(traffic.ended)) {
    if (reason.startsWith('served-')) all += count
    else if (/^(?:limit-shed|queue-|origin-|waiting-room)/.test(reason)) {
      failed += count
      all += count
    }
  }
  return all < LEAST_REQUESTS ? null : failed / all > FAILING_SHARE
}

function partFails({ origin }: ShieldSecond, classes: readonly RouteClass[]): boolean | null {
  let failed = 0
  let all = 0
  for (const { routeClass, admission, answers } of origin) {
    if (!classes.includes(routeClass)) continue
    failed += (admission?.rejected ?? 0) + (answers === null ? 0 : answers.serverErrors + answers.timeouts + answers.connectFailures)
    all += (admission?.rejected ?? 0) + (admission?.admitted ?? 0)
  }
  return all < LEAST_REQUESTS ? null : failed / all > FAILING_SHARE
}
