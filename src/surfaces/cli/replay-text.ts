/** A replay in sentences. */
import type { ReplayResult } from '../../contract/replay.ts'
import { count, percent, span } from './plain-words.ts'

export function replaySentences(result: ReplayResult): string[] {
  const { totals, injected, replayed } = result
  const highest = [...result.states].map(({ state }) => state).sort((a, b) => order.indexOf(b) - order.indexOf(a))[0] ?? 'NORMAL'
  const sentences = [
    `${result.log}: learned from ${count(result.learned.requests)} requests, replayed ${count(replayed.requests)} over ${span(replayed.seconds * 1_000)}${replayed.badLines === 0 ? '' : ` (${count(replayed.badLines)} bad lines left out)`}, on an origin that can answer ${count(result.origin.capacityPerSecond)} pages a second${result.origin.auto ? ' (twice the busiest minute learned)' : ''}.`,
    injected === null ? 'Nothing was injected.' : `Injected: ${injected.name} (${injected.note}), ${count(injected.requests)} requests from ${count(injected.clients)} addresses at ${injected.times} times the log's rate.`,
    `Highest state: ${highest}.`,
    matchedText(result),
    `Of the log's own ${count(totals.own.requests)} requests rules refused ${count(totals.own.refused)} (${percent(totals.own.refused / totals.own.requests)}), from ${count(totals.own.refusedClients)} of ${count(totals.own.clients)} clients, and answered ${count(totals.own.challenged)} (${percent(totals.own.challenged / totals.own.requests)}) with a challenge, to ${count(totals.own.challengedClients)} clients; the full origin turned away ${count(totals.own.shed)}.`,
  ]
  return sentences
}

const order = ['NORMAL', 'WATCH', 'STRAIN', 'ATTACK', 'EMERGENCY']

export function matchedText(result: ReplayResult): string {
  const { totals, injected } = result
  if (injected === null) return totals.own.refused + totals.own.challenged === 0 ? 'No rule acted.' : 'Rules acted on the log\'s own requests.'
  if (totals.secondsToRule === null) return 'No rule acted on what was injected.'
  return `The first rule that refuses or challenges came after ${totals.secondsToRule} s; from then on rules stopped ${percent(totals.matchedShareOnceRuled ?? 0)} of what was injected (${percent((totals.injected.refused + totals.injected.challenged) / Math.max(1, totals.injected.requests))} over all).`
}
