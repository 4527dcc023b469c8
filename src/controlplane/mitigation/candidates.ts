/**
 * Which single conditions may become parts of a rule: the heavy values of the suspicious excess, told apart by what they say.
 * C: what the client is. B: how it behaves. K: what it asks for. N: where it is. Only C and B can justify acting; K and N make a rule narrower.
 * Content alone describes a vote-night crowd as well as a flood (algorithms, section 0.1).
 */
import type { Condition, FeatureAttribute } from '../../contract/plan.ts'
import { sampleFlags } from '../../contract/sample.ts'
import { addBits, countCommonBits, hasBit, markEqual, setBit } from '../../kernel/bitset.ts'
import { type HeavyRange, type HeavyValue, type ItemField, PAGE_ONLY_PAGES, type RequestRows, type WindowRows, fieldIndex } from '../evidence.ts'
import { estimateShare } from './collateral.ts'
import { markMatches, type TextOf } from './match-rows.ts'

export type ItemGroup = 'C' | 'B' | 'K' | 'N'

export interface Item {
  readonly group: ItemGroup
  readonly condition: Condition
  /** A query with a shape of its own: the one content item that may stand beside a C item. */
  readonly isQueryShape: boolean
  /** Only good enough for the back of the queue. */
  readonly soft: boolean
  readonly text: string
  /** Window rows it holds for; for behaviour as known by now. */
  readonly bits: Uint32Array
  /** Window rows it held for when they came: what the data plane would have matched. */
  readonly arrivalBits: Uint32Array
  /** Baseline rows it holds for. */
  readonly normalBits: Uint32Array
}

const groupOf: Readonly<Record<ItemField, ItemGroup>> = Object.freeze({
  userAgent: 'C',
  userAgentShape: 'C',
  headerOrder: 'C',
  acceptCombo: 'C',
  httpVersion: 'C',
  tlsFingerprint: 'C',
  pathTemplate: 'K',
  queryShape: 'K',
  refererClass: 'K',
  method: 'K',
})

/** Support that makes a value worth a thought (algorithms: 5 % of the excess). */
const MIN_SHARE = 0.05
/** Items per group: 17 in all make at most 833 patterns of up to three, a millisecond of bit work. Quotas, because a flood's many content values would crowd out the one fingerprint. */
const MOST: Readonly<Record<ItemGroup, number>> = Object.freeze({ C: 6, B: 2, K: 5, N: 4 })

/** `suspicious`: rows to explain, `suspiciousWeight`: the requests they stand for. The most telling items first, at most 17. */
export function selectItems(window: WindowRows, baseline: RequestRows, values: readonly HeavyValue[], ranges: readonly HeavyRange[], textOf: TextOf): Item[] {
  const suspiciousWeight = window.weigh(window.suspicious)
  if (suspiciousWeight <= 0) return []
  const items = [behaviourItem(window, baseline, PAGE_ONLY_PAGES, window.pageOnly), behaviourItem(window, baseline, 1, window.onePageOnly), ...values.map((value) => valueItem(window, baseline, value, textOf)), ...ranges.map((range) => rangeItem(window, baseline, range, textOf))]
  const scored = items
    .filter((item): item is Item => item !== null)
    .map((item) => ({ item, share: window.weighCommon(item.bits, window.suspicious) / suspiciousWeight }))
    .filter(({ share }) => share >= MIN_SHARE)
    .map(({ item, share }) => ({ item, share, normal: estimateShare(item.normalBits, baseline) }))
    .sort((a, b) => b.share * (1 - b.normal) - a.share * (1 - a.normal))
  const kept: Array<{ item: Item; normal: number }> = []
  const room = { ...MOST }
  for (const { item, normal } of scored) {
    if (room[item.group] === 0 || kept.some((other) => other.normal <= normal && sameRows(item, other.item, window))) continue
    room[item.group]--
    kept.push({ item, normal })
  }
  return kept.map(({ item }) => item)
}

/** Of two items that mark the same suspicious rows the one rarer in normal traffic is enough. */
function sameRows(a: Item, b: Item, window: WindowRows): boolean {
  if (a.group !== b.group) return false
  const common = countCommonBits(a.bits, b.bits)
  return common === countCommonBits(a.bits, window.present) && common === countCommonBits(b.bits, window.present)
}

function behaviourItem(window: WindowRows, baseline: RequestRows, pages: number, byNow: Uint32Array): Item | null {
  const text = pages === 1 ? 'clients that took a page and nothing that belongs to it' : `clients that took ${pages} pages or more and nothing that belongs to them`
  const found = item('B', { attribute: 'page-only', pages }, text, window, baseline, () => '', byNow)
  return found === null ? null : { ...found, soft: pages < PAGE_ONLY_PAGES }
}

function rangeItem(window: WindowRows, baseline: RequestRows, range: HeavyRange, textOf: TextOf): Item | null {
  return item('N', { attribute: 'prefix', cidrs: [range.cidr] }, `addresses in ${range.cidr}`, window, baseline, textOf)
}

function valueItem(window: WindowRows, baseline: RequestRows, { field, value }: HeavyValue, textOf: TextOf): Item | null {
  if (field === 'tlsFingerprint' && value === 0) return null
  const text = textOf(value)
  if (field === 'method') return text === '' ? null : item('K', { attribute: 'method', oneOf: [text] }, `method ${text}`, window, baseline, textOf)
  const condition: Condition = { attribute: field as FeatureAttribute, equals: value, ...(text === '' ? {} : { text }) }
  return fieldItem(groupOf[field], field, condition, value, describe(field, value, text), window, baseline)
}

/** Like `item`, but one compare per row: most items are of this kind. */
function fieldItem(group: ItemGroup, field: ItemField, condition: Condition, value: number, text: string, window: WindowRows, baseline: RequestRows): Item {
  const bits = mark(window, field, value)
  const normalBits = mark(baseline, field, value)
  // A log does not say these: as long as such rows are in the baseline, each of them may be anyone's, and none counts as spared.
  if (field === 'headerOrder' || field === 'acceptCombo' || field === 'tlsFingerprint') addLogRows(normalBits, baseline)
  // Nor does a baseline learned before edge.tlsFingerprint was on: a browser's fingerprint, new to it, would look as if it were nobody's.
  if (field === 'tlsFingerprint') addBits(normalBits, mark(baseline, field, 0))
  return { group, condition, isQueryShape: field === 'queryShape' && value !== 0, soft: false, text, bits, arrivalBits: bits, normalBits }
}

function item(group: ItemGroup, condition: Condition, text: string, window: WindowRows, baseline: RequestRows, textOf: TextOf, byNow?: Uint32Array): Item | null {
  const arrivalBits = markMatches(window, [condition], textOf)
  const normalBits = markMatches(baseline, [condition], textOf)
  if (arrivalBits === null || normalBits === null) return null
  return { group, condition, isQueryShape: false, soft: false, text, bits: byNow ?? arrivalBits, arrivalBits, normalBits }
}

function mark(rows: RequestRows, field: ItemField, value: number): Uint32Array {
  return markEqual(new Uint32Array(rows.present.length), rows.columns[fieldIndex[field]], value, rows.present)
}

function addLogRows(bits: Uint32Array, baseline: RequestRows): void {
  const flags = baseline.columns[fieldIndex.flags]
  for (let row = 0; row < baseline.capacity; row++) if ((flags[row] & sampleFlags.fromLog) !== 0 && hasBit(baseline.present, row)) setBit(bits, row)
}

function describe(field: ItemField, value: number, text: string): string {
  const named = text === '' ? `#${value.toString(16).padStart(8, '0')}` : `"${text}"`
  switch (field) {
    case 'userAgent':
      return `user agent ${named}`
    case 'userAgentShape':
      return `kind of user agent ${named}`
    case 'headerOrder':
      return `order of headers ${named}`
    case 'acceptCombo':
      return `language and encoding ${named}`
    case 'httpVersion':
      return `HTTP/${value === 10 ? '1.0' : value === 11 ? '1.1' : '2'}`
    case 'tlsFingerprint':
      return `TLS fingerprint ${named}`
    case 'pathTemplate':
      return `path like ${named}`
    case 'queryShape':
      return value === 0 ? 'no query' : `query of the shape ${named}`
    case 'refererClass':
      return ['no referer', 'referer of this site', 'referer of another site'][value] ?? `referer class ${value}`
    case 'method':
      return `method ${named}`
  }
}
