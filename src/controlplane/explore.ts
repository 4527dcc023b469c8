/**
 * Answers a person who looks around in the newest samples: what they are made of by one attribute, beside normal times, and whom a rule made of a selection would
 * have touched. It only reads: it decides nothing, learns nothing, and its bounds of harm are those of mitigation/collateral.ts, measured on held-out samples.
 * One answer costs one pass over at most 10,240 rows and one over 21,504; it is asked between two ticks.
 */
import { type ExploreAnswer, type ExploreAttribute, exploreAttributes, type ExploreFilter, type ExploreHarm, type ExploreQuestion, type ExploreReply, type ExploreRow, type KeptTop } from '../contract/explore.ts'
import type { Condition, FeatureAttribute } from '../contract/plan.ts'
import { routeClasses } from '../contract/route-class.ts'
import { sampleFlags } from '../contract/sample.ts'
import { countBits, hasBit, setBit } from '../kernel/bitset.ts'
import type { Baseline } from './detection/baseline.ts'
import { prefixText } from './detection/sketch/prefix-hierarchy.ts'
import { type RequestRows, type SampleField, type WindowRows, behavesLikeVisitor, fieldIndex } from './evidence.ts'
import { boundHarm } from './mitigation/collateral.ts'
import { markMatches, type TextOf } from './mitigation/match-rows.ts'
import type { NetworkLookup } from './network-data/network-data.ts'

const MOST_ROWS = 50
const TOP_ROWS = 6

export interface ExploreSight {
  readonly window: WindowRows
  readonly baseline: Baseline
  readonly textOf: TextOf
  /** null: the operator gave no files of countries and networks. */
  readonly networks: NetworkLookup | null
}

class CannotAnswer extends Error {}

export function explore(question: ExploreQuestion, sight: ExploreSight): ExploreReply {
  try {
    return { ok: true, answer: question.kind === 'rows' ? rowsBy(question.by, question.where, sight) : question.kind === 'harm' ? harmOf(question.where, sight) : tops(sight) }
  } catch (error) {
    if (error instanceof CannotAnswer) return { ok: false, sentence: error.message }
    throw error
  }
}

/** What a row is counted under, and how that is written. */
interface Grouping {
  /** A number that is the same for rows that belong together, or -1 for none. */
  keyOf(rows: RequestRows): (row: number) => number
  valueOf(key: number): string
  labelOf(key: number): string
}

function rowsBy(by: ExploreAttribute, where: readonly ExploreFilter[], sight: ExploreSight): ExploreAnswer {
  const { window, baseline } = sight
  const grouping = groupingOf(by, sight)
  const chosen = choose(window, where, sight)
  const normal = choose(baseline, where, sight)
  const [sampled, normalSampled] = [countBits(chosen), countBits(normal)]
  const total = window.weigh(chosen)
  const counts = countBy(window, chosen, grouping, window.proven)
  const usual = countBy(baseline, normal, grouping, null)
  const rows = heaviest(counts, MOST_ROWS).map(([key, { count, positive }]): ExploreRow => ({
    value: grouping.valueOf(key), label: grouping.labelOf(key),
    requests: (count / Math.max(1, sampled)) * total, share: count / Math.max(1, sampled),
    normalShare: normalSampled === 0 ? -1 : (usual.get(key)?.count ?? 0) / normalSampled,
    positiveShare: positive / count,
  }))
  const normalKnown = baseline.rowsHeld
  const sentence = sampled === 0 ? 'no sampled request of the last ten seconds is like that' : sampled < 100 ? `only ${sampled} sampled requests: shares are rough` : normalKnown < 1_000 ? `only ${normalKnown} requests of normal times are known: what is usual is rough` : ''
  return { rows, total, sampled, seconds: window.seconds(), normalSampled, normalKnown, sentence }
}

function tops(sight: ExploreSight): readonly KeptTop[] {
  const { window, baseline } = sight
  const sampled = countBits(window.present)
  if (sampled === 0) return []
  const total = window.weigh(window.present)
  return exploreAttributes.flatMap((attribute) => {
    if (attribute === 'outcome' || ((attribute === 'country' || attribute === 'asn') && sight.networks === null)) return []
    const grouping = groupingOf(attribute, sight)
    const counts = countBy(window, window.present, grouping, window.proven)
    const usual = (key: number): number => (attribute in fieldIndex && baseline.rowsHeld > 0 ? baseline.countEqual(fieldIndex[attribute as SampleField], key) / baseline.rowsHeld : -1)
    return [{
      attribute,
      rows: heaviest(counts, TOP_ROWS).map(([key, { count, positive }]) => ({ value: grouping.valueOf(key), label: grouping.labelOf(key), requests: (count / sampled) * total, share: count / sampled, normalShare: usual(key), positiveShare: positive / count })),
    }]
  })
}

function harmOf(where: readonly ExploreFilter[], sight: ExploreSight): ExploreHarm {
  const { window, baseline } = sight
  const chosen = choose(window, where, sight)
  const seconds = Math.max(window.seconds(), 1e-9)
  const now = { perSecond: window.weigh(chosen) / seconds, share: window.seen() === 0 ? 0 : window.weigh(chosen) / window.seen(), positiveShare: countBits(chosen) === 0 ? 0 : window.weighCommon(chosen, window.proven) / Math.max(1e-9, window.weigh(chosen)) }
  const nothing = (sentence: string): ExploreHarm => ({ hits: 0, sampled: 0, upperShare: 1, sentence, when: [], now })
  if (where.length === 0) return nothing('choose something first: a rule without conditions would match everybody')
  const when: Condition[] = []
  for (const filter of where) {
    const condition = conditionOf(filter, sight)
    if (typeof condition === 'string') return nothing(condition)
    when.push(condition)
  }
  const harm = boundHarm(mayMatch(baseline, where, when, sight), baseline)
  const percent = `${(harm.upperShare * 100).toFixed(harm.upperShare < 0.01 ? 2 : 1)} %`
  const bound = harm.sampled < 100 ? `only ${harm.sampled} normal requests are known to test it on: nothing can be promised` : `it would have touched at most ${percent} of normal requests (${harm.hits} of ${harm.sampled} held-out samples)`
  const onlyContent = when.every((one) => content.has(one.attribute))
  return { hits: harm.hits, sampled: harm.sampled, upperShare: harm.upperShare, sentence: onlyContent ? `${bound}; it names only what is asked for or from where, and a crowd on the same page looks the same` : bound, when, now }
}

const content: ReadonlySet<string> = new Set(['path', 'pathTemplate', 'queryShape', 'referer', 'refererClass', 'method', 'prefix'])

/** Rows of normal times that the rule might touch: what a log did not say may have been anything. */
function mayMatch(baseline: Baseline, where: readonly ExploreFilter[], when: readonly Condition[], sight: ExploreSight): Uint32Array {
  let bits: Uint32Array = baseline.present.slice()
  const flags = baseline.columns[fieldIndex.flags]
  where.forEach((filter, i) => {
    const marked = markMatches(baseline, [when[i]!], sight.textOf, bits) ?? choose(baseline, [filter], sight, bits)
    const unsaid = filter.attribute === 'headerOrder' || filter.attribute === 'acceptCombo' || filter.attribute === 'tlsFingerprint'
    if (unsaid) {
      const tls = filter.attribute === 'tlsFingerprint' ? baseline.columns[fieldIndex.tlsFingerprint] : null
      eachRow(bits, (row) => {
        if ((flags[row] & sampleFlags.fromLog) !== 0 || tls?.[row] === 0) setBit(marked, row)
      })
    }
    bits = marked
  })
  return bits
}

/** The condition of a rule, or why there is none. */
function conditionOf({ attribute, value }: ExploreFilter, { textOf }: ExploreSight): Condition | string {
  switch (attribute) {
    case 'country':
    case 'asn':
      return 'a rule cannot name a country or a network operator: choose prefixes, or better what the clients are'
    case 'pathClass':
      return 'a rule cannot name a kind of path: choose a path, or what the clients are'
    case 'outcome':
      return 'how a request ended is not known before it ends'
    case 'behaviour':
      return value === 'visitor' ? 'those who behave like visitors are never the ones to act on' : { attribute: 'unproven' }
    case 'prefix':
      return { attribute: 'prefix', cidrs: [value] }
    case 'path': {
      const text = textOf(numberOf(value))
      return text === '' || text.includes('*') ? 'the words of this path are not known any more: choose it again' : { attribute: 'path', glob: text }
    }
    case 'method': {
      const text = textOf(numberOf(value))
      return text === '' ? 'the name of this method is not known any more: choose it again' : { attribute: 'method', oneOf: [text] }
    }
    default: {
      const number = numberOf(value)
      if (attribute === 'tlsFingerprint' && number === 0) return 'no TLS fingerprint is known of these: a rule cannot name what is missing'
      const text = textOf(number)
      return { attribute: attribute as FeatureAttribute, equals: number, ...(text === '' ? {} : { text: text.slice(0, 200) }) }
    }
  }
}

/** Rows `among` (all present ones) for which all filters hold. */
function choose(rows: RequestRows, where: readonly ExploreFilter[], sight: ExploreSight, among: Uint32Array = rows.present): Uint32Array {
  let chosen: Uint32Array = among.slice()
  for (const { attribute, value } of where) {
    if (attribute === 'outcome') throw new CannotAnswer('samples are taken before a request ends: outcome cannot be a filter')
    if (attribute === 'prefix') {
      if (!/^[0-9a-f.:]+\/\d{1,3}$/i.test(value)) throw new CannotAnswer('a prefix is written like 192.0.2.0/24')
      chosen = markMatches(rows, [{ attribute: 'prefix', cidrs: [value] }], sight.textOf, chosen) ?? chosen
      continue
    }
    const grouping = groupingOf(attribute, sight)
    const keyOf = grouping.keyOf(rows)
    const key = keyFor(attribute, value)
    const next = new Uint32Array(chosen.length)
    eachRow(chosen, (row) => {
      if (keyOf(row) === key) setBit(next, row)
    })
    chosen = next
  }
  return chosen
}

const behaviours = Object.freeze(['visitor', 'tool', 'not-known'] as const)

function keyFor(attribute: ExploreAttribute, value: string): number {
  switch (attribute) {
    case 'country':
      if (!/^[A-Z]{2}$/.test(value)) throw new CannotAnswer('a country is two capital letters')
      return value.charCodeAt(0) * 256 + value.charCodeAt(1)
    case 'asn':
      if (!/^AS\d{1,10}$/.test(value)) throw new CannotAnswer('a network is written like AS64496')
      return Number(value.slice(2))
    case 'pathClass':
      return indexIn(routeClasses, value)
    case 'behaviour':
      return indexIn(behaviours, value)
    default:
      return numberOf(value)
  }
}

function indexIn(names: readonly string[], value: string): number {
  const at = names.indexOf(value)
  if (at === -1) throw new CannotAnswer(`must be one of ${names.join(', ')}`)
  return at
}

function numberOf(value: string): number {
  if (!/^\d{1,10}$/.test(value) || Number(value) > 0xffffffff) throw new CannotAnswer('this value did not come from a row of an answer')
  return Number(value)
}

function groupingOf(by: ExploreAttribute, sight: ExploreSight): Grouping {
  const { textOf, networks } = sight
  const column = (rows: RequestRows, field: SampleField): Uint32Array => rows.columns[fieldIndex[field]]
  switch (by) {
    case 'outcome':
      throw new CannotAnswer('samples are taken before a request ends: outcome is counted elsewhere')
    case 'prefix':
      return {
        keyOf: (rows) => {
          const [families, highs, lows] = [column(rows, 'family'), column(rows, 'addressHigh'), column(rows, 'addressLow')]
          return (row) => (families[row] === 4 ? highs[row] >>> 8 : V6 + highs[row] * 65_536 + (lows[row] >>> 16))
        },
        valueOf: prefixOf,
        labelOf: (key) => {
          const facts = networks?.lookup(...addressOf(key))
          return facts === undefined ? prefixOf(key) : [prefixOf(key), facts.country, facts.name].filter((one) => one !== '').join(' ')
        },
      }
    case 'country':
    case 'asn': {
      if (networks === null) throw new CannotAnswer('there are no files of countries and networks: see networkData in the settings')
      const names = new Map<number, string>()
      return {
        keyOf: (rows) => {
          const [families, highs, lows] = [column(rows, 'family'), column(rows, 'addressHigh'), column(rows, 'addressLow')]
          return (row) => {
            const facts = networks.lookup(highs[row], lows[row], families[row])
            if (by === 'country') return facts.country === '' ? -1 : facts.country.charCodeAt(0) * 256 + facts.country.charCodeAt(1)
            if (facts.asn !== 0) names.set(facts.asn, facts.name)
            return facts.asn === 0 ? -1 : facts.asn
          }
        },
        valueOf: (key) => (by === 'country' ? String.fromCharCode(key >>> 8, key & 255) : `AS${key}`),
        labelOf: (key) => (by === 'country' ? String.fromCharCode(key >>> 8, key & 255) : `AS${key} ${names.get(key) ?? ''}`.trim()),
      }
    }
    case 'behaviour':
      return {
        keyOf: (rows) => {
          const columns = (['clientRequests', 'clientPages', 'clientStatics', 'clientEchoes'] as const).map((name) => column(rows, name)) as [Uint32Array, Uint32Array, Uint32Array, Uint32Array]
          const flags = column(rows, 'flags')
          const window = rows === sight.window ? sight.window : null
          return (row) => {
            if (window !== null) return hasBit(window.proven, row) || hasBit(window.protected, row) ? 0 : hasBit(window.suspicious, row) ? 1 : 2
            if ((flags[row] & (sampleFlags.provenLater | sampleFlags.validClearance)) !== 0) return 0
            return behavesLikeVisitor(columns[0][row], columns[1][row], columns[2][row], columns[3][row]) ? 0 : columns[1][row] >= 1 && columns[2][row] === 0 ? 1 : 2
          }
        },
        valueOf: (key) => behaviours[key] ?? '',
        labelOf: (key) => ['behave like visitors', 'got pages and nothing that belongs to them, or nothing at all', 'not known yet'][key] ?? '',
      }
    case 'pathClass':
      return { keyOf: (rows) => at(column(rows, 'pathClass')), valueOf: (key) => routeClasses[key] ?? '', labelOf: (key) => routeClasses[key] ?? '' }
    case 'httpVersion':
      return { keyOf: (rows) => at(column(rows, 'httpVersion')), valueOf: String, labelOf: (key) => `HTTP/${key === 10 ? '1.0' : key === 11 ? '1.1' : '2'}` }
    case 'refererClass':
      return { keyOf: (rows) => at(column(rows, 'refererClass')), valueOf: String, labelOf: (key) => ['no referer', 'referer of this site', 'referer of another site'][key] ?? String(key) }
    default:
      return {
        keyOf: (rows) => at(column(rows, by)),
        valueOf: String,
        labelOf: (key) => {
          if (key === 0 && (by === 'queryShape' || by === 'tlsFingerprint' || by === 'referer')) return by === 'queryShape' ? 'no query' : by === 'referer' ? 'no referer' : 'not known'
          const text = textOf(key)
          return text === '' ? `#${key.toString(16).padStart(8, '0')}` : text
        },
      }
  }
}

/** Keys of IPv6 prefixes lie above those of IPv4. */
const V6 = 2 ** 24

function addressOf(key: number): [high: number, low: number, family: 4 | 6] {
  if (key < V6) return [(key << 8) >>> 0, 0, 4]
  const rest = key - V6
  return [Math.floor(rest / 65_536), ((rest % 65_536) << 16) >>> 0, 6]
}

function prefixOf(key: number): string {
  const [high, low, family] = addressOf(key)
  return family === 4 ? prefixText(4, 24, high, 0) : `${[high >>> 16, high & 0xffff, low >>> 16].map((group) => group.toString(16)).join(':')}::/48`
}

function at(column: Uint32Array): (row: number) => number {
  return (row) => column[row]
}

function countBy(rows: RequestRows, chosen: Uint32Array, grouping: Grouping, positive: Uint32Array | null): Map<number, { count: number; positive: number }> {
  const keyOf = grouping.keyOf(rows)
  const counts = new Map<number, { count: number; positive: number }>()
  eachRow(chosen, (row) => {
    const key = keyOf(row)
    if (key === -1) return
    let one = counts.get(key)
    if (one === undefined) counts.set(key, (one = { count: 0, positive: 0 }))
    one.count++
    if (positive !== null && hasBit(positive, row)) one.positive++
  })
  return counts
}

function heaviest(counts: ReadonlyMap<number, { readonly count: number; readonly positive: number }>, most: number): ReadonlyArray<readonly [number, { readonly count: number; readonly positive: number }]> {
  return [...counts].sort((a, b) => b[1].count - a[1].count || a[0] - b[0]).slice(0, most)
}

function eachRow(bits: Uint32Array, take: (row: number) => void): void {
  for (let word = 0; word < bits.length; word++) for (let rest = bits[word]; rest !== 0; rest &= rest - 1) take(word * 32 + (31 - Math.clz32(rest & -rest)))
}
