/** Orders about rules: pin, unpin, veto, extend, step-down, expire, take-back, dry-run. Every one says who and why; the shield keeps both with the rule. */
import type { ActOnRule, OperatorAct } from '../../contract/operator-act.ts'
import { type RuleAction, ruleActions } from '../../contract/plan.ts'
import { printable } from './colour.ts'
import { exitCodes, textOf, type CliParts, type CommandFlag, type CommandSpec } from './command.ts'
import { parseSpan } from './plain-words.ts'
import { askRunning, socketFlags } from './reach-shield.ts'

type Given = Readonly<Record<string, unknown>>

export const whyFlag: CommandFlag = { flags: '--why <reason>', sentence: 'why; kept with the rule and in the log (required)' }
export const forFlag: CommandFlag = { flags: '--for <time>', sentence: 'how long: 90s, 30m, 2h, 1d' }

/** `--for` as an end; null when it is not given. @throws UsageError for a time that is none. */
export function endOf<S>(given: Given, parts: CliParts<S>): number | null {
  const text = textOf(given, 'for')
  if (text === null) return null
  const ms = parseSpan(text)
  if (ms === null) throw new UsageError(`--for "${text}" is no time; write 90s, 30m, 2h or 1d`)
  return parts.clock.wallMs() + ms
}

export class UsageError extends Error {}

/** Sends the order and says what came of it. */
export async function give<S>(given: Given, parts: CliParts<S>, make: (signed: { who: string; why: string }) => OperatorAct): Promise<number> {
  let act: OperatorAct
  try {
    const why = textOf(given, 'why')
    if (why === null || why.trim() === '') throw new UsageError('--why is missing: say in a few words why, for those who read the log tomorrow')
    act = make({ who: parts.who, why })
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    parts.error.write(`polder: ${printable(error.message)}\n`)
    return exitCodes.usage
  }
  const outcome = await askRunning(given, parts, { ask: 'act', act })
  if (outcome === null) return exitCodes.refused
  const text = `${printable(outcome.sentence)}\n`
  if (outcome.done) parts.out.write(text)
  else parts.error.write(`polder: nothing changed: ${text}`)
  return outcome.done ? exitCodes.ok : exitCodes.refused
}

const ruleWord = ['<rule>', 'its id, as polder rules shows it'] as const

function order(kind: ActOnRule['kind'], summary: string, description: string, time: 'none' | 'may' | 'must', example: string): CommandSpec {
  return {
    name: kind, summary, description,
    words: [ruleWord],
    flags: [whyFlag, ...(time === 'none' ? [] : [forFlag]), ...socketFlags],
    examples: [[`polder rules ${kind} r-1a2b ${time === 'none' ? '' : '--for 1h '}--why "${example}"`, summary]],
    act: (given, parts, [ruleId]) =>
      give(given, parts, (signed) => {
        const untilWallMs = time === 'none' ? null : endOf(given, parts)
        if (time === 'must' && untilWallMs === null) throw new UsageError('--for is missing: how much longer, for example --for 1h')
        return { ...signed, kind, ruleId, untilWallMs }
      }),
  }
}

export const ruleOrders: readonly CommandSpec[] = [
  order('pin', 'keep a rule acting', 'Keeps a rule at its step, whatever its gates say later, until unpinned or for a time.', 'may', 'known botnet'),
  order('unpin', 'give a pinned rule back to its own life', 'From now on its gates, its harm and its expiry count again.', 'none', 'over'),
  order('veto', 'stop a rule and never make it again', 'Stops a rule at once. Polder does not make this pattern again until the veto ends; the id may also be one that was only thought of.', 'may', 'that is our own app'),
  order('extend', 'let a rule end later', 'Moves the end of a rule. A rule of Polder\'s own lives an hour ahead at most; pin it to keep it longer.', 'must', 'still coming'),
  order('step-down', 'let a rule do the next milder thing', 'One step down the ladder now: from block to limit, from limit to challenge, and so on. Its id, evidence and end stay. Polder does not raise it by itself for ten minutes; after that only on proof.', 'none', 'too hard on libraries'),
  order('expire', 'end a rule now', 'Ends a rule now. One of Polder\'s own may come back when it is needed again; use veto against that.', 'none', 'done'),
]

const takenBack: ReadonlySet<string> = new Set<ActOnRule['kind']>(ruleOrders.map(({ name }) => name as ActOnRule['kind']))

export const takeBackCommand: CommandSpec = {
  name: 'take-back',
  summary: 'undo the last act on a rule',
  description: 'Makes the rule as it was before the last act on it, exactly. Nothing changes when the rule has moved on since, after an hour, or when the control plane was started anew in between.',
  words: [ruleWord, ['<act>', `what is undone: ${[...takenBack].join(', ')}`]],
  flags: [whyFlag, ...socketFlags],
  examples: [['polder rules take-back r-1a2b extend --why "not needed"', 'the rule has the end it had before']],
  act: (given, parts, [ruleId, of]) =>
    give(given, parts, (signed) => {
      if (!takenBack.has(of)) throw new UsageError(`there is no act "${of}"; acts: ${[...takenBack].join(', ')}`)
      return { ...signed, kind: 'take-back', ruleId, of: of as ActOnRule['kind'], actAtWallMs: null }
    }),
}

const steps: ReadonlySet<string> = new Set(['allow', ...ruleActions])

export const dryRunCommand: CommandSpec = {
  name: 'dry-run',
  summary: 'let rules only count, or act again',
  description: 'With `on`, what is named only counts what it would have done and touches nobody: one rule, one step of the ladder, or with --all every rule that Polder writes. With `off` it acts again.',
  words: [['<on|off>', 'on: only count; off: act again'], ['[rule]', 'one rule']],
  flags: [{ flags: '--step <step>', sentence: `one step of the ladder: ${ruleActions.join(', ')}` }, { flags: '--all', sentence: 'every rule that Polder writes by itself' }, whyFlag, ...socketFlags],
  examples: [
    ['polder rules dry-run on r-1a2b --why "not sure"', 'one rule only counts'],
    ['polder rules dry-run on --step block --why "election night"', 'nothing is blocked'],
    ['polder rules dry-run off --all --why "all well"', 'Polder\'s own rules act again'],
  ],
  act: (given, parts, [on, rule]) =>
    give(given, parts, (signed) => {
      if (on !== 'on' && on !== 'off') throw new UsageError(`say on or off, not "${on}"`)
      const step = textOf(given, 'step')
      if ([rule !== undefined, step !== null, given['all'] === true].filter(Boolean).length !== 1) throw new UsageError('name one of: a rule, --step STEP, --all')
      if (step !== null && !steps.has(step)) throw new UsageError(`there is no step "${step}"; steps: ${ruleActions.join(', ')}`)
      return { ...signed, kind: 'dry-run', of: rule !== undefined ? { rule } : step !== null ? { step: step as RuleAction } : 'all', on: on === 'on' }
    }),
}
