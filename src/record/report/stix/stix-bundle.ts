/**
 * An incident as a STIX 2.1 bundle (OASIS Standard, 10 June 2021). Evidence, claims and judgements stay apart: what Polder saw is observed-data and sightings; what
 * others say is a note that quotes them; a hypothesis is a note, and an opinion only where people gave a verdict. Nobody is accused: there is no threat-actor,
 * no attribution. Addresses appear only while a person keeps them as evidence. The same facts give the same ids, so that a second export updates the first.
 */
import type { Hypothesis, Incident } from '../../../contract/incident.ts'
import { POLDER_NAMESPACE, nameUuid } from '../name-uuid.ts'
import type { Facts } from '../compose-report.ts'
import { entriesText, figureText } from '../figure-text.ts'
import type { CourseRule } from '../measured-course.ts'
import { oneLine, plainText } from '../plain-text.ts'
import { type PatternOutcome, rulePattern } from './rule-pattern.ts'
import { observableId } from './observables.ts'
import { tlpMarking } from './tlp-markings.ts'

export interface StixObject {
  readonly type: string
  readonly id: string
  readonly [property: string]: unknown
}

export interface StixBundle {
  readonly type: 'bundle'
  readonly id: string
  readonly objects: readonly StixObject[]
}

/** observed-data:number_observed and sighting:count (STIX 2.1, 4.14 and 5.2). */
const MOST_COUNTED = 999_999_999
const MOST_INDICATORS = 100
/** Admiralty credibility to confidence (STIX 2.1, appendix A). 6 cannot be judged: no confidence is given. */
const confidenceOf: Readonly<Record<number, number>> = Object.freeze({ 1: 90, 2: 70, 3: 50, 4: 30, 5: 10 })
/** Only a verdict that people gave; "not known" is none. */
const opinionOf: Readonly<Partial<Record<Hypothesis['verdict'], string>>> = Object.freeze({ refuted: 'strongly-disagree', unlikely: 'disagree', possible: 'neutral', likely: 'agree', confirmed: 'strongly-agree' })

export function stixBundle(facts: Facts): StixBundle {
  const { incident, settings, nowWallMs } = facts
  const marking = tlpMarking(incident.tlp)
  const key = `${settings.institution}\n${incident.id}`
  const idOf = (type: string, name: string): string => `${type}--${nameUuid(POLDER_NAMESPACE, `${type}\n${key}\n${name}`)}`
  const identityId = `identity--${nameUuid(POLDER_NAMESPACE, `identity\n${settings.institution}`)}`
  const common = (type: string, name: string, createdWallMs: number): StixObject => ({
    type, spec_version: '2.1', id: idOf(type, name), created_by_ref: identityId,
    created: stixTime(Math.min(createdWallMs, nowWallMs)), modified: stixTime(nowWallMs), object_marking_refs: [marking.id],
  })
  const written = settings.language === 'en' ? {} : { lang: settings.language }

  const identity: StixObject = {
    type: 'identity', spec_version: '2.1', id: identityId, created: stixTime(Math.min(incident.openedAtWallMs, nowWallMs)), modified: stixTime(nowWallMs), object_marking_refs: [marking.id],
    name: nameOr(settings.institution, 'institution: not set'), identity_class: 'organization', sectors: ['government'],
    ...(settings.contact === '' ? {} : { contact_information: oneLine(settings.contact) }),
  }
  const incidentObject: StixObject = { ...common('incident', '', incident.openedAtWallMs), ...written, name: nameOr(oneLine(incident.title, 300), incident.id), description: description(incident, settings.timeZone), external_references: [{ source_name: 'Polder', external_id: incident.id }] }
  const objects: StixObject[] = [identity, incidentObject]
  const observables = new Map<string, StixObject>()
  const addresses = incident.addressEvidence !== null && nowWallMs <= incident.addressEvidence.untilWallMs

  const rules = facts.course.rules().filter((rule) => rule.matched > 0)
  const withheld: string[] = []
  for (const rule of rules) {
    const outcome = rulePattern(rule.when, addresses)
    if (!('pattern' in outcome) || objects.length > 3 * MOST_INDICATORS) withheld.push(`${oneLine(rule.id, 100)} (${'pattern' in outcome ? 'beyond the bound' : withheldWords[outcome.withheld]})`)
    else objects.push(...indicatorObjects(rule, outcome, facts, { common, identityId, observables }))
  }
  if (withheld.length > 0) objects.push(note(common, incidentObject.id, 'rules-without-indicator', incident.openedAtWallMs, 'Rules without an indicator', `No indicator was made of these rules: ${withheld.slice(0, 200).join(', ')}.`))
  objects.push(...wholeObservation(facts, common, observables))

  for (const claim of incident.claims) {
    objects.push({
      ...note(common, incidentObject.id, `claim\n${claim.id}`, claim.atWallMs, 'Claim, quoted; not checked by the reporter', `${oneLine(claim.saidBy, 200)} said${claim.saidAtWallMs === null ? '' : `, at ${stixTime(claim.saidAtWallMs)},`} in ${oneLine(claim.where, 500)}: "${plainText(claim.text, 2_000)}" Rated ${claim.reliability}${claim.credibility} (Admiralty scale) by people.`),
      ...written, ...(confidenceOf[claim.credibility] === undefined ? {} : { confidence: confidenceOf[claim.credibility] }), authors: [nameOr(oneLine(claim.who, 100), 'not known')],
    })
  }
  for (const one of incident.hypotheses) {
    const sides = (['supports', 'against'] as const).flatMap((side) => one[side].map((argument) => `${side === 'supports' ? 'For' : 'Against'}: ${oneLine(argument.text, 1_000)}${argument.reference === '' ? '' : ` (${oneLine(argument.reference, 50)})`}`))
    const asNote: StixObject = { ...note(common, incidentObject.id, `hypothesis\n${one.id}`, one.atWallMs, `Hypothesis; verdict of people: ${one.verdict}`, [plainText(one.text, 2_000), ...sides].join('\n')), ...written, authors: [nameOr(oneLine(one.who, 100), 'not known')] }
    objects.push(asNote)
    const opinion = opinionOf[one.verdict]
    if (opinion !== undefined) objects.push({ ...common('opinion', one.id, one.atWallMs), opinion, explanation: `Verdict of people of the institution: ${one.verdict}.`, authors: [nameOr(oneLine(one.who, 100), 'not known')], object_refs: [asNote.id] })
  }
  objects.push(...observables.values())
  objects.push({
    ...common('report', '', incident.openedAtWallMs), ...written, name: `Incident ${incident.id}: ${oneLine(incident.title, 300)}`, report_types: ['observed-data', 'indicator'],
    published: stixTime(nowWallMs), object_refs: objects.map((one) => one.id), description: 'Drawn up by Polder from its journal. A draft until people send it.',
  })
  return { type: 'bundle', id: `bundle--${nameUuid(POLDER_NAMESPACE, `bundle\n${key}\n${nowWallMs}`)}`, objects: [marking as StixObject, ...objects] }
}

const withheldWords: Readonly<Record<Extract<PatternOutcome, { withheld: string }>['withheld'], string>> = Object.freeze({
  addresses: 'it names addresses, and none are kept as evidence',
  'no-words': 'STIX has no words for one of its conditions',
  'not-known': 'the journal does not hold its conditions',
})

type Common = (type: string, name: string, createdWallMs: number) => StixObject

function indicatorObjects(rule: CourseRule, outcome: Extract<PatternOutcome, { pattern: string }>, facts: Facts, { common, identityId, observables }: { readonly common: Common; readonly identityId: string; readonly observables: Map<string, StixObject> }): StixObject[] {
  const spares = outcome.spares ? ' In Polder it spared clients that had shown the behaviour of visitors, which this pattern cannot say.' : ''
  const indicator: StixObject = {
    ...common('indicator', rule.id, rule.firstWallMs), name: `Rule ${oneLine(rule.id, 100)}`, indicator_types: ['anomalous-activity'],
    description: `${oneLine(rule.sentence, 1_000)} Action: ${rule.action}, ${rule.origin === 'automatic' ? 'written by Polder' : 'written by people'}; ${rule.positive} of ${rule.matched} matched requests came from clients that behave like visitors.${spares} Journal entries ${entriesText([rule.from])}.`,
    pattern: outcome.pattern, pattern_type: 'stix', pattern_version: '2.1', valid_from: stixTime(rule.firstWallMs), ...(rule.lastWallMs > rule.firstWallMs ? { valid_until: stixTime(rule.lastWallMs) } : {}),
  }
  const traffic = trafficObservable(facts, rule.firstWallMs, rule.lastWallMs, observables)
  const seen: StixObject | null = traffic === null ? null : {
    ...common('observed-data', rule.id, rule.firstWallMs), first_observed: stixTime(rule.firstWallMs), last_observed: stixTime(rule.lastWallMs), number_observed: Math.min(Math.max(rule.matched, 1), MOST_COUNTED), object_refs: [traffic],
  }
  const sighting: StixObject = {
    ...common('sighting', rule.id, rule.firstWallMs), first_seen: stixTime(rule.firstWallMs), last_seen: stixTime(rule.lastWallMs), count: Math.min(rule.matched, MOST_COUNTED),
    sighting_of_ref: indicator.id, where_sighted_refs: [identityId], ...(seen === null ? {} : { observed_data_refs: [seen.id] }),
  }
  return seen === null ? [indicator, sighting] : [indicator, seen, sighting]
}

/** The attack as a whole: what was turned away, towards the site, from which networks. */
function wholeObservation(facts: Facts, common: Common, observables: Map<string, StixObject>): StixObject[] {
  const { incident, nowWallMs } = facts
  const refused = incident.figures.find((one) => one.code === 'refused')?.value ?? null
  const from = incident.figures.find((one) => one.code === 'start')?.value ?? incident.openedAtWallMs
  const to = Math.max(from, incident.figures.find((one) => one.code === 'ended')?.value ?? incident.closedAtWallMs ?? nowWallMs)
  if (refused === null || refused < 1) return []
  const refs: string[] = []
  const traffic = trafficObservable(facts, from, to, observables)
  if (traffic !== null) refs.push(traffic)
  for (const figure of incident.figures) {
    const found = figure.code === 'network-share' && figure.of !== undefined ? /^AS(\d{1,10})\b\s*(.*)$/.exec(figure.of) : null
    if (found === null) continue
    const number = Number(found[1])
    const id = observableId('autonomous-system', { number })
    observables.set(id, { type: 'autonomous-system', spec_version: '2.1', id, number, ...(found[2] === '' ? {} : { name: oneLine(found[2]!, 200) }) })
    refs.push(id)
  }
  return refs.length === 0 ? [] : [{ ...common('observed-data', 'whole', from), first_observed: stixTime(from), last_observed: stixTime(to), number_observed: Math.min(Math.round(refused), MOST_COUNTED), object_refs: refs }]
}

function trafficObservable({ settings }: Facts, fromWallMs: number, toWallMs: number, observables: Map<string, StixObject>): string | null {
  if (settings.site === '') return null
  const value = settings.site.toLowerCase()
  const domain = observableId('domain-name', { value })
  observables.set(domain, { type: 'domain-name', spec_version: '2.1', id: domain, value })
  const times = toWallMs > fromWallMs ? { start: stixTime(fromWallMs), end: stixTime(toWallMs) } : { start: stixTime(fromWallMs) }
  const protocols = ['tcp', 'http']
  const id = observableId('network-traffic', { ...times, dst_ref: domain, protocols })
  observables.set(id, { type: 'network-traffic', spec_version: '2.1', id, ...times, ...('end' in times ? { is_active: false } : {}), dst_ref: domain, protocols })
  return id
}

function note(common: Common, about: string, name: string, atWallMs: number, abstract: string, content: string): StixObject {
  return { ...common('note', name, atWallMs), abstract, content, object_refs: [about] }
}

function description(incident: Incident, timeZone: string): string {
  const figures = incident.figures.filter((one) => one.value !== null).slice(0, 60).map((one) => `${oneLine(one.name, 200)}${one.of === undefined ? '' : ` (${oneLine(one.of, 300)})`}: ${figureText(one, timeZone)} [${one.kind}${one.from.length === 0 ? '' : `, journal ${entriesText(one.from)}`}]`)
  return [`Flood of requests against a public website, as recorded by Polder. State: ${incident.closedAtWallMs === null ? 'still going on' : `closed ${stixTime(incident.closedAtWallMs)}`}. Who did it, and why: see the notes; Polder attributes nothing.`, ...figures].join('\n')
}

function nameOr(name: string, instead: string): string {
  return name.trim() === '' ? instead : name
}

function stixTime(atWallMs: number): string {
  return new Date(atWallMs).toISOString()
}
