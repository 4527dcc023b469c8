/** `polder rules add`: a rule by hand, at once, without touching the settings file. */
import { type Condition, type RuleAction, ruleActions } from '../../contract/plan.ts'
import { cidrProblem } from '../../kernel/cidr-set.ts'
import { textOf, type CommandSpec } from './command.ts'
import { socketFlags } from './reach-shield.ts'
import { endOf, forFlag, give, UsageError, whyFlag } from './rule-orders.ts'

type Given = Readonly<Record<string, unknown>>

export const addRuleCommand: CommandSpec = {
  name: 'add',
  summary: 'add a rule by hand',
  description: 'Adds a rule that acts within two seconds. All conditions given must hold. `allow` wins over every other rule. It is forgotten when the control plane restarts: what must stay belongs in the settings file.',
  flags: [
    { flags: '--action <step>', sentence: `allow, ${ruleActions.join(', ')}` },
    { flags: '--path <glob>', sentence: '`*` stands for any characters: "/search*"' },
    { flags: '--host <glob>', sentence: 'host name' },
    { flags: '--prefix <list>', sentence: 'addresses or prefixes, separated by commas' },
    { flags: '--method <list>', sentence: 'methods, separated by commas' },
    { flags: '--query', sentence: 'only requests with a query (?…)' },
    { flags: '--page-only <pages>', sentence: 'clients that had so many pages and no picture, script, style or cookie' },
    { flags: '--unproven', sentence: 'spare clients that behave like visitors' },
    { flags: '--limit <per-second>', sentence: 'for --action limit: requests let through per second, over all matches' },
    { flags: '--id <name>', sentence: 'its name (else by-hand-TIME)' },
    forFlag, whyFlag, ...socketFlags,
  ],
  examples: [
    ['polder rules add --prefix 192.0.2.0/24 --action block --for 1h --why "scan"', 'refuse a network for an hour'],
    ['polder rules add --path "/search*" --unproven --action limit --limit 5 --why "search flood"', 'slow down, sparing visitors'],
    ['polder rules add --prefix 198.51.100.7 --action allow --why "press agency"', 'always let in'],
  ],
  act: (given, parts) =>
    give(given, parts, (signed) => {
      const action = textOf(given, 'action')
      if (action === null) throw new UsageError('--action is missing: what happens to matching requests')
      if (action !== 'allow' && !(ruleActions as readonly string[]).includes(action)) throw new UsageError(`there is no step "${action}"; steps: allow, ${ruleActions.join(', ')}`)
      const when = conditionsOf(given)
      if (when.length === 0) throw new UsageError('a rule without conditions would match everything: give --path, --prefix, --host, --method, --query, --page-only or --unproven')
      const limit = textOf(given, 'limit')
      const limitPerSecond = Number(limit)
      if ((action === 'limit') !== (limit !== null)) throw new UsageError(action === 'limit' ? '--limit is missing: how many per second may pass' : '--limit belongs to --action limit')
      if (limit !== null && !(limitPerSecond > 0 && limitPerSecond <= 1e6)) throw new UsageError(`--limit "${limit}" is no rate; write a number above 0`)
      return {
        ...signed, kind: 'add', when,
        ruleId: textOf(given, 'id') ?? `by-hand-${parts.clock.wallMs().toString(36)}`,
        action: action as RuleAction,
        ...(limit === null ? {} : { limitPerSecond }),
        untilWallMs: endOf(given, parts),
      }
    }),
}

/** The flags as conditions, in a fixed order. @throws UsageError naming the flag that is wrong. */
function conditionsOf(given: Given): Condition[] {
  const when: Condition[] = []
  const path = textOf(given, 'path')
  if (path !== null) {
    if (!path.startsWith('/') && !path.startsWith('*')) throw new UsageError(`--path "${path}" must begin with / or *; did you mean "/${path}"?`)
    when.push({ attribute: 'path', glob: path })
  }
  const host = textOf(given, 'host')
  if (host !== null) when.push({ attribute: 'host', glob: host.toLowerCase() })
  const prefix = textOf(given, 'prefix')
  if (prefix !== null) {
    const cidrs = listOf(prefix)
    for (const cidr of cidrs) {
      const problem = cidrProblem(cidr)
      if (problem !== null) throw new UsageError(`--prefix: ${problem}`)
    }
    when.push({ attribute: 'prefix', cidrs })
  }
  const method = textOf(given, 'method')
  if (method !== null) when.push({ attribute: 'method', oneOf: listOf(method).map((one) => one.toUpperCase()) })
  if (given['query'] === true) when.push({ attribute: 'query-present' })
  const pages = textOf(given, 'pageOnly')
  if (pages !== null) {
    if (!/^[1-9]\d{0,2}$/.test(pages)) throw new UsageError(`--page-only "${pages}": a whole number from 1 to 999`)
    when.push({ attribute: 'page-only', pages: Number(pages) })
  }
  if (given['unproven'] === true) when.push({ attribute: 'unproven' })
  return when
}

function listOf(text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '')
}
