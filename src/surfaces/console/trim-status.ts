/** What of the whole status the console shows: the rest would be sent to every page every second for nobody. */
import type { ShieldStatus } from '../../contract/control-socket.ts'
import type { ControlEvent } from '../../contract/control.ts'

const MOST_HISTORY = 8
const MOST_CANDIDATES = 5
const MOST_RULES = 400

export function trimStatus(status: ShieldStatus): ShieldStatus {
  const { view } = status.control
  const known = status.control.alive && view !== null
  return {
    ...status,
    events: [],
    settingsRules: status.settingsRules.slice(0, MOST_RULES),
    plan: status.plan === null ? null : { ...status.plan, rules: known ? [] : status.plan.rules.slice(0, MOST_RULES) },
    control: view === null ? status.control : {
      ...status.control,
      view: { ...view, rules: view.rules.slice(0, MOST_RULES).map((rule) => (rule.history.length > MOST_HISTORY ? { ...rule, history: rule.history.slice(-MOST_HISTORY) } : rule)), candidates: view.candidates.slice(0, MOST_CANDIDATES) },
    },
  }
}

/** Tells which events were not in the second before: the status carries the newest two hundred each time. */
export class FreshEvents {
  #last = ''

  take(events: readonly ControlEvent[]): readonly ControlEvent[] {
    const keys = events.map((one) => `${one.atWallMs} ${one.code} ${one.sentence}`)
    const at = this.#last === '' ? -1 : keys.lastIndexOf(this.#last)
    this.#last = keys.at(-1) ?? this.#last
    return events.slice(at + 1)
  }
}
