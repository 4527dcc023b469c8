/**
 * What people ordered, in the form that outlives this thread: rules of theirs, automatic rules they pinned, extended or put in dry-run, vetoes, dry-runs.
 * Written as JSON of a fixed form. Reading trusts nothing: a field that is not what it should be refuses the whole file, because half of a person's
 * orders may be worse than none. What has run out is dropped; so is a rule on hashes that were made with another key.
 */
import { type Condition, type RuleAction, ruleActions } from '../../contract/plan.ts'
import { cidrProblem } from '../../kernel/cidr-set.ts'
import { type GateCode, type RuleEvidence, type Rung, ladder } from '../evidence.ts'

export const KEPT_FORMAT = 1
/** More than any person orders: 256 rules of a few conditions are a tenth of it. */
export const MOST_KEPT_BYTES = 2_097_152
const MOST_ROWS = 512
const LONGEST_TEXT = 4_000
const MOST_CONDITIONS = 8
const MOST_PREFIXES = 1_000

export interface KeptVeto {
  readonly ruleId: string
  /** null: until undone. */
  readonly untilWallMs: number | null
}

export interface KeptRule {
  readonly id: string
  readonly origin: 'operator' | 'automatic'
  readonly when: readonly Condition[]
  readonly sentence: string
  readonly action: RuleAction
  readonly peak: Rung
  readonly limitPerSecond: number | null
  readonly dryRun: boolean
  readonly pinned: boolean
  readonly pinnedUntilWallMs: number | null
  /** null: nothing holds it. Files of before have no such field. */
  readonly heldUntilWallMs: number | null
  readonly ttlMs: number | null
  readonly expiresAtWallMs: number | null
  readonly bornAtWallMs: number
  readonly who: string
  readonly why: string
  readonly evidence: RuleEvidence | null
}

export interface KeptOrders {
  readonly dryRunAll: boolean
  readonly dryRunSteps: readonly RuleAction[]
  readonly vetoes: readonly KeptVeto[]
  readonly rules: readonly KeptRule[]
}

export const noOrders: KeptOrders = Object.freeze({ dryRunAll: false, dryRunSteps: Object.freeze([]), vetoes: Object.freeze([]), rules: Object.freeze([]) })

/** '' when there is nothing to keep. */
export function writeOrders(orders: KeptOrders, featureKey: number): string {
  if (!orders.dryRunAll && orders.dryRunSteps.length + orders.vetoes.length + orders.rules.length === 0) return ''
  return `${JSON.stringify({ format: KEPT_FORMAT, featureKey, ...orders })}\n`
}

/** @throws Error with what is wrong. */
export function readOrders(text: string, featureKey: number, nowWallMs: number): KeptOrders {
  const raw: unknown = JSON.parse(text)
  const file = fields(raw, 'the file')
  if (file['format'] !== KEPT_FORMAT) throw new Error('it has another format')
  const sameKey = file['featureKey'] === featureKey
  const living = (untilWallMs: number | null): boolean => untilWallMs === null || untilWallMs > nowWallMs
  const rules = list(file['rules'], 'rules').map(ruleOf)
  return {
    dryRunAll: flag(file['dryRunAll'], 'dryRunAll'),
    dryRunSteps: list(file['dryRunSteps'], 'dryRunSteps').map(actionOf),
    vetoes: list(file['vetoes'], 'vetoes').map(vetoOf).filter((veto) => living(veto.untilWallMs)),
    rules: rules.filter((rule) => ((rule.pinned && living(rule.pinnedUntilWallMs)) || living(rule.expiresAtWallMs)) && (sameKey || !rule.when.some((condition) => 'equals' in condition))),
  }
}

function vetoOf(raw: unknown): KeptVeto {
  const veto = fields(raw, 'a veto')
  return { ruleId: text(veto['ruleId'], 'ruleId'), untilWallMs: timeOrNull(veto['untilWallMs'], 'untilWallMs') }
}

function ruleOf(raw: unknown): KeptRule {
  const rule = fields(raw, 'a rule')
  const { origin, peak } = rule
  if (origin !== 'operator' && origin !== 'automatic') throw new Error('origin is neither operator nor automatic')
  if (!ladder.includes(peak as Rung)) throw new Error('peak is no step')
  const when = list(rule['when'], 'when').map(conditionOf)
  if (when.length === 0 || when.length > MOST_CONDITIONS) throw new Error('a rule needs one to eight conditions')
  const expiresAtWallMs = timeOrNull(rule['expiresAtWallMs'], 'expiresAtWallMs')
  const pinned = flag(rule['pinned'], 'pinned')
  // Invariant 3: an automatic rule always has an end, unless a person pinned it.
  if (origin === 'automatic' && expiresAtWallMs === null) throw new Error('an automatic rule without an end')
  return {
    id: text(rule['id'], 'id'), origin, when, expiresAtWallMs, pinned,
    sentence: text(rule['sentence'], 'sentence'),
    action: actionOf(rule['action']),
    peak: peak as Rung,
    limitPerSecond: rule['limitPerSecond'] === null ? null : number(rule['limitPerSecond'], 'limitPerSecond'),
    dryRun: flag(rule['dryRun'], 'dryRun'),
    pinnedUntilWallMs: timeOrNull(rule['pinnedUntilWallMs'], 'pinnedUntilWallMs'),
    heldUntilWallMs: rule['heldUntilWallMs'] === undefined ? null : timeOrNull(rule['heldUntilWallMs'], 'heldUntilWallMs'),
    ttlMs: timeOrNull(rule['ttlMs'], 'ttlMs'),
    bornAtWallMs: number(rule['bornAtWallMs'], 'bornAtWallMs'),
    who: text(rule['who'], 'who'),
    why: text(rule['why'], 'why'),
    evidence: rule['evidence'] === null ? null : evidenceOf(rule['evidence']),
  }
}

const featureAttributes: ReadonlySet<unknown> = new Set(['userAgent', 'userAgentShape', 'headerOrder', 'acceptCombo', 'httpVersion', 'tlsFingerprint', 'pathTemplate', 'queryShape', 'referer', 'refererClass'])

function conditionOf(raw: unknown): Condition {
  const condition = fields(raw, 'a condition')
  const { attribute } = condition
  switch (attribute) {
    case 'path':
    case 'host':
      return { attribute, glob: text(condition['glob'], 'glob') }
    case 'method':
      return { attribute, oneOf: list(condition['oneOf'], 'oneOf').map((one) => text(one, 'oneOf')) }
    case 'prefix': {
      const cidrs = list(condition['cidrs'], 'cidrs', MOST_PREFIXES).map((one) => text(one, 'cidrs'))
      for (const cidr of cidrs) {
        const problem = cidrProblem(cidr)
        if (problem !== null) throw new Error(problem)
      }
      return { attribute, cidrs }
    }
    case 'page-only':
      return { attribute, pages: number(condition['pages'], 'pages') }
    case 'unproven':
    case 'query-present':
      return { attribute }
    default: {
      if (!featureAttributes.has(attribute)) throw new Error('a condition on something unknown')
      const named = condition['text'] === undefined ? {} : { text: text(condition['text'], 'text') }
      return { attribute: attribute as Extract<Condition, { equals: number }>['attribute'], equals: number(condition['equals'], 'equals'), ...named }
    }
  }
}

const gateCodes: ReadonlySet<unknown> = new Set<GateCode>(['G1-purity', 'G2-collateral', 'G3-coverage', 'G4-origin-strained', 'G5-visitors', 'G6-allow-list'])

function evidenceOf(raw: unknown): RuleEvidence {
  const evidence = fields(raw, 'evidence')
  const harm = fields(evidence['harm'], 'harm')
  return {
    gates: list(evidence['gates'], 'gates').map((one) => {
      const gate = fields(one, 'a gate')
      if (!gateCodes.has(gate['gate'])) throw new Error('a gate that is none')
      return { gate: gate['gate'] as GateCode, passed: flag(gate['passed'], 'passed'), value: number(gate['value'], 'value'), limit: number(gate['limit'], 'limit'), sentence: text(gate['sentence'], 'sentence') }
    }),
    harm: { hits: number(harm['hits'], 'hits'), sampled: number(harm['sampled'], 'sampled'), upperShare: number(harm['upperShare'], 'upperShare'), level: number(harm['level'], 'level') },
    expectedPerSecond: number(evidence['expectedPerSecond'], 'expectedPerSecond'),
    matchedPerSecond: number(evidence['matchedPerSecond'], 'matchedPerSecond'),
    excessShare: number(evidence['excessShare'], 'excessShare'),
  }
}

function actionOf(raw: unknown): RuleAction {
  if (raw !== 'allow' && !(ruleActions as readonly unknown[]).includes(raw)) throw new Error('an action that is none')
  return raw as RuleAction
}

function fields(raw: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new Error(`${what} is no object`)
  return raw as Record<string, unknown>
}

function list(raw: unknown, what: string, most = MOST_ROWS): readonly unknown[] {
  if (!Array.isArray(raw) || raw.length > most) throw new Error(`${what} is no list of at most ${most}`)
  return raw
}

function text(raw: unknown, what: string): string {
  if (typeof raw !== 'string' || raw.length > LONGEST_TEXT) throw new Error(`${what} is no text of at most ${LONGEST_TEXT} characters`)
  return raw
}

function flag(raw: unknown, what: string): boolean {
  if (typeof raw !== 'boolean') throw new Error(`${what} is neither true nor false`)
  return raw
}

/** Never negative: none of what is kept is. */
function number(raw: unknown, what: string): number {
  if (typeof raw !== 'number' || !Number.isFinite(raw) || raw < 0) throw new Error(`${what} is no number from 0 on`)
  return raw
}

function timeOrNull(raw: unknown, what: string): number | null {
  return raw === null ? null : number(raw, what)
}
