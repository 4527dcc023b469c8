/**
 * An incident as a MISP event (MISP core format). A draft for people to look at: not published, for your own organisation only, threat level undefined, nothing
 * marked for automatic blocking. Claims and hypotheses are comments that say so.
 */
import type { Condition } from '../../../contract/plan.ts'
import type { Facts } from '../compose-report.ts'
import { entriesText, figureText } from '../figure-text.ts'
import { POLDER_NAMESPACE, nameUuid } from '../name-uuid.ts'
import { oneLine, plainText } from '../plain-text.ts'

export interface MispAttribute {
  readonly uuid: string
  readonly type: string
  readonly category: string
  readonly value: string
  readonly comment: string
  readonly to_ids: boolean
  readonly distribution: string
  readonly timestamp: string
  readonly disable_correlation: boolean
  readonly Tag?: ReadonlyArray<{ readonly name: string }>
}

export interface MispEvent {
  readonly Event: Readonly<Record<string, unknown>> & { readonly Attribute: readonly MispAttribute[] }
}

/** "Inherit event" for attributes; "your organisation only" for the event (MISP core format, distribution). */
const INHERIT = '5'
const OWN_ORGANISATION = '0'
/** MISP core format, threat_level_id: 4 is "undefined": Polder judges no threat. */
const UNDEFINED_LEVEL = '4'
const MOST_RULES = 100

export function mispEvent(facts: Facts): MispEvent {
  const { incident, settings, nowWallMs, course } = facts
  const key = `misp\n${settings.institution}\n${incident.id}`
  const attributes: MispAttribute[] = []
  const add = (name: string, type: string, category: string, value: string, comment: string, tags: readonly string[] = []): void => {
    if (value.trim() === '') return
    attributes.push({
      uuid: nameUuid(POLDER_NAMESPACE, `${key}\n${name}`), type, category, value: value.trim(), comment, to_ids: false, distribution: INHERIT, timestamp: seconds(nowWallMs), disable_correlation: type !== 'AS' && type !== 'user-agent' && !type.startsWith('ip-'),
      ...(tags.length === 0 ? {} : { Tag: tags.map((tag) => ({ name: tag })) }),
    })
  }
  for (const [index, figure] of incident.figures.entries()) {
    if (figure.value === null) continue
    const of = figure.of === undefined ? '' : `: ${oneLine(figure.of, 300)}`
    const comment = `${oneLine(figure.name, 200)}${of} (${figure.kind}; journal ${figure.from.length === 0 ? 'entries not named' : entriesText(figure.from)})`
    const asNumber = /^AS(\d{1,10})\b/.exec(figure.code === 'network-share' ? figure.of ?? '' : '')
    if (asNumber !== null) add(`figure\n${index}`, 'AS', 'Network activity', asNumber[1]!, `${comment}: ${figureText(figure, settings.timeZone)}`)
    else if (figure.unit === 'time') add(`figure\n${index}`, 'datetime', 'Other', new Date(figure.value).toISOString(), comment)
    else add(`figure\n${index}`, 'text', 'Other', figureText(figure, settings.timeZone), comment)
  }
  const addresses = incident.addressEvidence !== null && nowWallMs <= incident.addressEvidence.untilWallMs
  for (const rule of course.rules().slice(0, MOST_RULES)) {
    if (rule.matched === 0) continue
    const comment = `Rule ${oneLine(rule.id, 100)}, ${rule.action}; ${rule.matched} requests matched, ${rule.positive} of them from clients that behave like visitors (journal ${entriesText([rule.from])})`
    add(`rule\n${rule.id}`, 'pattern-in-traffic', 'Network activity', oneLine(rule.sentence, 1_000), comment)
    // A single condition of several is no indicator by itself: only a rule of one condition gives one.
    const alone = rule.when?.filter((one) => one.attribute !== 'unproven') ?? []
    if (alone.length === 1) for (const [type, value] of indicatorsOf(alone[0]!, addresses)) add(`rule\n${rule.id}\n${type}\n${value}`, type, 'Network activity', value, comment)
  }
  for (const claim of incident.claims) {
    add(`claim\n${claim.id}`, 'comment', 'Other', `${oneLine(claim.saidBy, 200)} said in ${oneLine(claim.where, 500)}: "${plainText(claim.text, 2_000)}"`, 'Claim, quoted; not checked by the reporter', [
      `admiralty-scale:source-reliability="${claim.reliability.toLowerCase()}"`, `admiralty-scale:information-credibility="${claim.credibility}"`,
    ])
  }
  for (const one of incident.hypotheses) add(`hypothesis\n${one.id}`, 'comment', 'Other', plainText(one.text, 2_000), `Hypothesis; verdict of people: ${one.verdict}`)
  const organisation = { name: settings.institution === '' ? 'institution: not set' : oneLine(settings.institution), uuid: nameUuid(POLDER_NAMESPACE, `identity\n${settings.institution}`) }
  return {
    Event: {
      uuid: nameUuid(POLDER_NAMESPACE, key), info: `Incident ${incident.id}: ${oneLine(incident.title, 300)}`, date: new Date(incident.openedAtWallMs).toISOString().slice(0, 10),
      threat_level_id: UNDEFINED_LEVEL, analysis: incident.closedAtWallMs === null ? '1' : '2', distribution: OWN_ORGANISATION, published: false, timestamp: seconds(nowWallMs),
      attribute_count: String(attributes.length), Orgc: organisation, Tag: [{ name: `tlp:${incident.tlp}` }, { name: 'rsit:availability="ddos"' }], Attribute: attributes,
    },
  }
}

function indicatorsOf(condition: Condition, addresses: boolean): ReadonlyArray<readonly [type: string, value: string]> {
  if (condition.attribute === 'userAgent' && condition.text !== undefined) return [['user-agent', plainText(condition.text, 2_000)]]
  if (condition.attribute === 'prefix' && addresses) return condition.cidrs.map((cidr) => ['ip-src', cidr] as const)
  return []
}

function seconds(atWallMs: number): string {
  return String(Math.floor(atWallMs / 1_000))
}
