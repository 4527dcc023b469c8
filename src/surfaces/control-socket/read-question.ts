/** Reads one line of the control socket. Whatever is in it, the answer is a question that can be trusted field by field, or a sentence about what is wrong. */
import { isIP } from 'node:net'
import { exploreAttributes, type ExploreQuestion } from '../../contract/explore.ts'
import { CONTROL_FORMAT, type ControlQuestion, type ControlRefusal, LONGEST_ASKS_BYTES } from '../../contract/control-socket.ts'
import type { ActOnRule, OperatorAct } from '../../contract/operator-act.ts'
import { type Condition, type FeatureAttribute, type RuleAction, ruleActions } from '../../contract/plan.ts'
import { type RecordQuestion, roomNames } from '../../contract/record.ts'
import { cidrProblem } from '../../kernel/cidr-set.ts'

export interface Refused {
  readonly code: ControlRefusal
  readonly message: string
}

const LONGEST_TEXT = 500
const MOST_PREFIXES = 1_000
/** An end further away than this is a slip of the hand. */
const LONGEST_ACT_MS = 366 * 86_400_000

type Fields = Readonly<Record<string, unknown>>

class Wrong extends Error {}

/** What only some who ask may: `foundConditions`, conditions on hashes, as the shield found them (console: explore). */
export interface Allowed {
  readonly foundConditions?: boolean
}

export function readQuestion(line: string, nowWallMs: number, allowed: Allowed = {}): { readonly question: ControlQuestion } | { readonly refused: Refused } {
  let raw: unknown
  try {
    raw = JSON.parse(line)
  } catch {
    return refusal('not-json', 'the line is not JSON')
  }
  if (!isFields(raw)) return refusal('bad-question', 'a question is one JSON object')
  if (raw['format'] !== CONTROL_FORMAT) return refusal('other-format', `this Polder speaks format ${CONTROL_FORMAT}; the question says ${JSON.stringify(raw['format'])}: use the polder command of the version that runs`)
  try {
    switch (raw['ask']) {
      case 'hello':
      case 'status':
        return { question: { ask: raw['ask'] } }
      case 'address': {
        const address = text(raw, 'address')
        if (isIP(address) === 0) throw new Wrong('address is not an IP address')
        return { question: { ask: 'address', address } }
      }
      case 'act':
        if (!isFields(raw['act'])) throw new Wrong('act must be an object')
        return { question: { ask: 'act', act: actOf(raw['act'], nowWallMs, allowed) } }
      case 'record':
        if (!isFields(raw['question'])) throw new Wrong('question must be an object')
        return { question: { ask: 'record', question: recordQuestionOf(raw['question']) } }
      case 'lifeline':
        if (raw['order'] !== 'crawl' && raw['order'] !== 'state') throw new Wrong('order must be crawl or state')
        return { question: { ask: 'lifeline', order: raw['order'] } }
      case 'explore':
        if (!isFields(raw['question'])) throw new Wrong('question must be an object')
        return { question: { ask: 'explore', question: exploreOf(raw['question']) } }
      default:
        return refusal('unknown-question', `there is no question ${JSON.stringify(raw['ask'])?.slice(0, 50)}`)
    }
  } catch (error) {
    if (error instanceof Wrong) return refusal('bad-question', error.message)
    throw error
  }
}

const takenBack: ReadonlyArray<ActOnRule['kind']> = ['pin', 'unpin', 'veto', 'extend', 'step-down', 'expire']

function actOf(raw: Fields, nowWallMs: number, allowed: Allowed): OperatorAct {
  const signed = { who: text(raw, 'who'), why: text(raw, 'why') }
  switch (raw['kind']) {
    case 'pin':
    case 'veto':
      return { ...signed, kind: raw['kind'], ruleId: ruleId(raw['ruleId']), untilWallMs: until(raw, nowWallMs) }
    case 'unpin':
    case 'step-down':
    case 'expire':
      return { ...signed, kind: raw['kind'], ruleId: ruleId(raw['ruleId']), untilWallMs: null }
    case 'extend': {
      const end = until(raw, nowWallMs)
      if (end === null) throw new Wrong('extend needs an end')
      return { ...signed, kind: 'extend', ruleId: ruleId(raw['ruleId']), untilWallMs: end }
    }
    case 'take-back': {
      const of = takenBack.find((kind) => kind === raw['of'])
      if (of === undefined) throw new Wrong(`of must be one of ${takenBack.join(', ')}`)
      const at = raw['actAtWallMs'] ?? null
      if (at !== null && !(typeof at === 'number' && Number.isFinite(at) && at >= 0)) throw new Wrong('actAtWallMs must be a time or null')
      return { ...signed, kind: 'take-back', ruleId: ruleId(raw['ruleId']), of, actAtWallMs: at as number | null }
    }
    case 'add':
      return addOf(raw, signed, nowWallMs, allowed)
    case 'dry-run': {
      if (typeof raw['on'] !== 'boolean') throw new Wrong('on must be true or false')
      const of = raw['of']
      if (of === 'all') return { ...signed, kind: 'dry-run', of: 'all', on: raw['on'] }
      if (isFields(of) && 'rule' in of) return { ...signed, kind: 'dry-run', of: { rule: ruleId(of['rule']) }, on: raw['on'] }
      if (isFields(of) && 'step' in of) return { ...signed, kind: 'dry-run', of: { step: step(of['step']) }, on: raw['on'] }
      throw new Wrong('of must name a rule, a step, or be "all"')
    }
    default:
      throw new Wrong(`there is no act ${JSON.stringify(raw['kind'])?.slice(0, 50)}`)
  }
}

function addOf(raw: Fields, signed: { who: string; why: string }, nowWallMs: number, allowed: Allowed): OperatorAct {
  const when = raw['when']
  if (!Array.isArray(when) || when.length === 0 || when.length > 8) throw new Wrong('when must be a list of one to eight conditions')
  const action = step(raw['action'])
  const limit = raw['limitPerSecond']
  if (action === 'limit' ? !(typeof limit === 'number' && limit > 0 && limit <= 1e6) : limit !== undefined) {
    throw new Wrong(action === 'limit' ? 'a limit needs limitPerSecond, above 0 and at most a million' : 'limitPerSecond belongs to a limit')
  }
  return {
    ...signed,
    kind: 'add',
    ruleId: ruleId(raw['ruleId']),
    when: when.map((one) => (allowed.foundConditions === true ? foundConditionOf(one) : null) ?? conditionOf(one)),
    action,
    ...(typeof limit === 'number' ? { limitPerSecond: limit } : {}),
    untilWallMs: until(raw, nowWallMs),
  }
}

/** Conditions a person writes. Those on hashes come from the shield itself and are not taken here. */
function conditionOf(raw: unknown): Condition {
  if (!isFields(raw)) throw new Wrong('a condition must be an object')
  switch (raw['attribute']) {
    case 'path': {
      const glob = text(raw, 'glob')
      if (!glob.startsWith('/') && !glob.startsWith('*')) throw new Wrong('a path begins with / or *')
      return { attribute: 'path', glob }
    }
    case 'host':
      return { attribute: 'host', glob: text(raw, 'glob').toLowerCase() }
    case 'method':
      return { attribute: 'method', oneOf: texts(raw['oneOf'], 'oneOf', 32).map((method) => method.toUpperCase()) }
    case 'prefix': {
      const cidrs = texts(raw['cidrs'], 'cidrs', MOST_PREFIXES)
      for (const cidr of cidrs) {
        const problem = cidrProblem(cidr)
        if (problem !== null) throw new Wrong(problem)
      }
      return { attribute: 'prefix', cidrs }
    }
    case 'query-present':
    case 'unproven':
      return { attribute: raw['attribute'] }
    case 'page-only': {
      const { pages } = raw
      if (!Number.isInteger(pages) || (pages as number) < 1 || (pages as number) > 1_000) throw new Wrong('pages must be a whole number from 1 to 1000')
      return { attribute: 'page-only', pages: pages as number }
    }
    default:
      throw new Wrong(`there is no condition on ${JSON.stringify(raw['attribute'])?.slice(0, 50)} that a person can write`)
  }
}

const foundAttributes: ReadonlySet<unknown> = new Set<FeatureAttribute>(['userAgent', 'userAgentShape', 'headerOrder', 'acceptCombo', 'httpVersion', 'tlsFingerprint', 'pathTemplate', 'queryShape', 'referer', 'refererClass'])

/** null: not a condition of this kind. */
function foundConditionOf(raw: unknown): Condition | null {
  if (!isFields(raw) || !foundAttributes.has(raw['attribute'])) return null
  const { equals } = raw
  if (typeof equals !== 'number' || !Number.isInteger(equals) || equals < 0 || equals > 0xffffffff) throw new Wrong('equals must be a whole number of 32 bits')
  return { attribute: raw['attribute'] as FeatureAttribute, equals, ...(raw['text'] === undefined ? {} : { text: text(raw, 'text') }) }
}

function exploreOf(raw: Fields): ExploreQuestion {
  if (raw['kind'] === 'tops') return { kind: 'tops' }
  const where = raw['where']
  if (!Array.isArray(where) || where.length > 8) throw new Wrong('where must be a list of at most eight')
  const filters = where.map((one: unknown) => {
    if (!isFields(one)) throw new Wrong('each of where must be an object')
    const value = one['value']
    if (typeof value !== 'string' || value.length > LONGEST_TEXT) throw new Wrong('value must be text')
    return { attribute: exploreAttribute(one['attribute']), value }
  })
  if (raw['kind'] === 'harm') return { kind: 'harm', where: filters }
  if (raw['kind'] === 'rows') return { kind: 'rows', by: exploreAttribute(raw['by']), where: filters }
  throw new Wrong('kind must be rows, harm or tops')
}

function exploreAttribute(raw: unknown): (typeof exploreAttributes)[number] {
  const found = exploreAttributes.find((one) => one === raw)
  if (found === undefined) throw new Wrong(`there is no attribute ${JSON.stringify(raw)?.slice(0, 50)}; attributes: ${exploreAttributes.join(', ')}`)
  return found
}

/** Which questions a room has, and what their fields must be, is the room's own to judge; here everything in them is made harmless. */
function recordQuestionOf(raw: Fields): RecordQuestion {
  const room = roomNames.find((name) => name === raw['room'])
  if (room === undefined) throw new Wrong(`there is no room ${JSON.stringify(raw['room'])?.slice(0, 50)}; rooms: ${roomNames.join(', ')}`)
  const question = raw['question']
  if (typeof question !== 'string' || !/^[A-Za-z][A-Za-z-]{0,39}$/.test(question)) throw new Wrong('question must be a word')
  const asks = raw['asks']
  if (!isFields(asks)) throw new Wrong('asks must be an object')
  if (Buffer.byteLength(JSON.stringify(asks)) > LONGEST_ASKS_BYTES) throw new Wrong(`asks has more than ${LONGEST_ASKS_BYTES} bytes`)
  return { room, question, who: text(raw, 'who'), asks: harmless(asks, 0) as Fields }
}

const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
const DEEPEST_ASKS = 8

/** Texts keep their lines; whatever else steers a terminal or turns the direction of writing becomes a space. */
function harmless(value: unknown, depth: number): unknown {
  if (depth > DEEPEST_ASKS) throw new Wrong(`asks is nested more than ${DEEPEST_ASKS} deep`)
  // U+200C and U+200D join and part letters (Persian, emoji) and steer nothing.
  if (typeof value === 'string') return value.replaceAll(/\r\n?/g, '\n').replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (one) => (one === '\n' || one === '\u200C' || one === '\u200D' ? one : ' '))
  if (Array.isArray(value)) return value.map((one) => harmless(one, depth + 1))
  if (!isFields(value)) return value
  const clean: Record<string, unknown> = {}
  for (const [key, one] of Object.entries(value)) {
    if (forbiddenKeys.has(key) || !/^[\w.:+-]{1,100}$/.test(key)) throw new Wrong(`asks has a field named ${JSON.stringify(key).slice(0, 50)}`)
    clean[key] = harmless(one, depth + 1)
  }
  return clean
}

function until(raw: Fields, nowWallMs: number): number | null {
  const end = raw['untilWallMs']
  if (end === null || end === undefined) return null
  if (typeof end !== 'number' || !Number.isFinite(end)) throw new Wrong('untilWallMs must be a number or null')
  if (end <= nowWallMs) throw new Wrong('its end is in the past')
  if (end > nowWallMs + LONGEST_ACT_MS) throw new Wrong('its end is more than a year away; leave it out for no end')
  return end
}

function ruleId(raw: unknown): string {
  if (typeof raw !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/.test(raw)) throw new Wrong('a rule is named by letters, digits and . _ : - (64 at most)')
  return raw
}

function step(raw: unknown): RuleAction {
  if (raw === 'allow' || (ruleActions as readonly unknown[]).includes(raw)) return raw as RuleAction
  throw new Wrong(`there is no step ${JSON.stringify(raw)?.slice(0, 50)}; steps: allow, ${ruleActions.join(', ')}`)
}

function text(raw: Fields, name: string): string {
  const value = raw[name]
  if (typeof value !== 'string' || value.trim() === '') throw new Wrong(`${name} must be text`)
  if (value.length > LONGEST_TEXT) throw new Wrong(`${name} has ${value.length} characters; at most ${LONGEST_TEXT}`)
  // A line of a journal and of a terminal, nothing that steers either.
  return value.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').trim()
}

function texts(raw: unknown, name: string, most: number): string[] {
  if (!Array.isArray(raw) || raw.length === 0 || raw.length > most || !raw.every((one) => typeof one === 'string' && one.length > 0 && one.length <= LONGEST_TEXT)) {
    throw new Wrong(`${name} must be a list of 1 to ${most} texts`)
  }
  return raw as string[]
}

function isFields(raw: unknown): raw is Fields {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw)
}

function refusal(code: ControlRefusal, message: string): { readonly refused: Refused } {
  return { refused: { code, message } }
}
