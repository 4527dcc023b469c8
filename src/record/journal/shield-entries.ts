/**
 * What of a shield's second becomes entries of the journal, and with which facts beside the sentence. Pure. Of where suspicious requests come from, networks only: the
 * journal is kept for a year, and whole addresses need a person's order (docs/operator/incident.md).
 */
import type { ControlEvent, ControlView } from '../../contract/control.ts'
import type { JournalDraft } from '../../contract/journal.ts'
import type { ShieldSecond } from '../../contract/record.ts'

/** The data of each is the event, with what led to it: for a state the signs and the evidence, for a rule all that is known of it. */
export function draftsOf(second: ShieldSecond): JournalDraft[] {
  return second.events.map((event) => draftOf(event, second.view))
}

function draftOf(event: ControlEvent, view: ControlView | null): JournalDraft {
  if (event.to !== undefined) return { kind: 'state', who: 'polder', sentence: event.sentence, data: { ...event, ...(view === null ? {} : { because: because(view) }) } }
  if (event.ruleId !== undefined) {
    const rule = view?.rules.find((one) => one.id === event.ruleId)
    return { kind: 'rule', who: 'polder', sentence: event.sentence, data: { ...event, ...(rule === undefined ? {} : { rule: { ...rule, history: undefined } }) } }
  }
  return { kind: 'control', who: 'polder', sentence: event.sentence, data: event }
}

function because(view: ControlView): object {
  const { ratePerSecond, expectation, z, health, excess, evidence, logLikelihood, networks } = view
  return { ratePerSecond, expectedPerSecond: expectation.ratePerSecond, z, signs: health.signs, strained: health.strained, critical: health.critical, excess, evidence, logLikelihood, ...(networks === undefined ? {} : { networks: { ...networks, prefixes: networks.prefixes.filter(({ cidr }) => !isOneHousehold(cidr)) } }) }
}

/** An IPv4 address, or what one line of IPv6 is given. */
function isOneHousehold(cidr: string): boolean {
  const bits = Number(cidr.slice(cidr.lastIndexOf('/') + 1))
  return cidr.includes(':') ? bits > 48 : bits > 24
}
