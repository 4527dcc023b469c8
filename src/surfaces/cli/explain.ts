/** `polder explain`: everything that is known about one rule, one reason code or one address, in words. It says what it cannot know. */
import { isIP } from 'node:net'
import type { Candidate, RuleRecord } from '../../contract/control.ts'
import type { AddressFacts, ShieldStatus } from '../../contract/control-socket.ts'
import { reasons } from '../../contract/reason.ts'
import { coloursFor, paint, printable, type Colours } from './colour.ts'
import { exitCodes, jsonFlag, type CliParts, type CommandSpec } from './command.ts'
import { networkLines } from './network-lines.ts'
import { actionInWords, clockTime, conditionInWords, count, percent, span } from './plain-words.ts'
import { askRunning, socketFlags } from './reach-shield.ts'
import { endText, harmSoFar, recordOfSettingsRule } from './rule-lines.ts'

export const explainCommand: CommandSpec = {
  name: 'explain',
  summary: 'all about one rule, reason code or address',
  description: 'A rule: its conditions in words, its gates and evidence, the harm promised and measured, its history. A reason code: what it means and what to do (also without a running shield). An address: what the shield holds of it now and which rules name it.',
  words: [['<what>', 'id of a rule, a reason code such as rule-block, or an IP address']],
  flags: [...socketFlags, jsonFlag],
  examples: [
    ['polder explain r-1a2b', 'why does this rule act, and whom may it hurt?'],
    ['polder explain queue-timeout', 'the code a visitor reads to you'],
    ['polder explain 192.0.2.7', 'what is known of this address'],
  ],
  async act(given, parts, [what]) {
    if ((reasons as readonly string[]).includes(what)) return explainReason(what, given['json'] === true, parts)
    if (isIP(what) !== 0) {
      const facts = await askRunning(given, parts, { ask: 'address', address: what })
      if (facts === null) return exitCodes.refused
      parts.out.write(given['json'] === true ? `${JSON.stringify(facts, null, 2)}\n` : printable(addressText(facts)))
      return exitCodes.ok
    }
    const status = await askRunning(given, parts, { ask: 'status' })
    if (status === null) return exitCodes.refused
    const rule = findRule(status, what)
    const candidate = rule === null ? status.control.view?.candidates.find((one) => one.id === what) : undefined
    if (rule === null && candidate === undefined) {
      parts.error.write(printable(`polder: "${what}" is no rule of the running shield, no reason code and no address; polder rules lists the rules\n`))
      return exitCodes.refused
    }
    if (given['json'] === true) parts.out.write(`${JSON.stringify(rule ?? candidate, null, 2)}\n`)
    else parts.out.write(printable(rule === null ? candidateText(candidate!) : ruleText(rule, status, coloursFor(parts.out, parts.noColor))))
    return exitCodes.ok
  },
}

function findRule(status: ShieldStatus, id: string): RuleRecord | null {
  const own = status.settingsRules.find((rule) => rule.id === id)
  return status.control.view?.rules.find((rule) => rule.id === id) ?? (own === undefined ? null : recordOfSettingsRule(own, status.ruleMatches[id]))
}

export function ruleText(rule: RuleRecord, status: ShieldStatus, colours: Colours): string {
  const now = status.atWallMs
  const lines = [
    paint(colours, 'bold', `${rule.id}: requests are ${actionInWords(rule.action)}${rule.dryRun ? ' (dry run: in truth only counted)' : ''} when`),
    ...rule.when.map((condition, i) => `  ${i === 0 ? '   ' : 'and'} ${conditionInWords(condition)}`),
    '',
    rule.who === 'settings file'
      ? 'Written in the settings file.'
      : `${rule.origin === 'automatic' ? 'Written by Polder' : `Added by ${rule.who}: ${rule.why}`}, at ${clockTime(rule.bornAtWallMs, now)}, ${span(now - rule.bornAtWallMs)} ago.${rule.origin === 'automatic' && rule.who !== 'polder' ? ` Last order: ${rule.who}: ${rule.why}.` : ''}`,
    `It is ${rule.stage === 'dormant' ? 'asleep, and wakes when its flood returns within a day' : rule.stage}; ${endText(rule, now)}.`,
    `It matched ${count(rule.since.matched)} requests${rule.matchesPerSecond === undefined ? '' : `, ${count(rule.matchesPerSecond)} a second now`}; ${harmSoFar(rule.since)}.`,
  ]
  if (rule.evidence !== null) {
    const { harm, gates } = rule.evidence
    lines.push(
      '',
      paint(colours, 'bold', 'Evidence'),
      `  It matches ${count(rule.evidence.matchedPerSecond)} requests a second; normal traffic explains ${count(rule.evidence.expectedPerSecond)} of them. It explains ${percent(rule.evidence.excessShare)} of what is suspicious.`,
      paint(colours, 'bold', 'Harm'),
      `  Of ${count(harm.sampled)} normal requests held out for this test it matches ${count(harm.hits)}: with ${((1 - harm.level) * 100).toFixed(2)} % certainty it touches at most ${percent(harm.upperShare)} of normal requests.`,
      paint(colours, 'bold', 'Gates'),
      ...gates.map((gate) => `  ${gate.passed ? paint(colours, 'green', 'passes') : paint(colours, 'red', 'fails ')}  ${gate.gate.padEnd(18)}  ${gate.sentence}`),
    )
  }
  const from = networkLines(status.control.view?.networks)
  if (rule.origin === 'automatic' && from.length > 0) lines.push('', paint(colours, 'bold', 'Where the suspicious requests come from (all of them, not this rule\'s alone)'), ...from)
  if (rule.history.length > 0) lines.push('', paint(colours, 'bold', 'History'), ...rule.history.map((entry) => `  ${clockTime(entry.atWallMs, now)}  ${entry.sentence}`))
  if (!status.control.alive) lines.push('', 'The control plane does not answer: this is its last word.')
  return `${lines.join('\n')}\n`
}

function candidateText(candidate: Candidate): string {
  return `${[
    `${candidate.id} is thought of and not made. It would act when`,
    ...candidate.when.map((condition, i) => `  ${i === 0 ? '   ' : 'and'} ${conditionInWords(condition)}`),
    ...candidate.evidence.gates.map((gate) => `  ${gate.passed ? 'passes' : 'fails '}  ${gate.gate.padEnd(18)}  ${gate.sentence}`),
  ].join('\n')}\n`
}

export function addressText(facts: AddressFacts): string {
  const { tracked } = facts
  const lines = [`${facts.address}${facts.countedAs === facts.address ? '' : `, counted as ${facts.countedAs}`}`]
  if (facts.trustedProxy) lines.push('  It is a trusted proxy: requests from it count as their visitors\' requests, not as its own.')
  if (tracked === null) lines.push('  The shield holds nothing of it: it has not been seen, or so long ago that it was forgotten.')
  else {
    lines.push(
      `  Last seen ${span(tracked.lastSeenMsAgo)} ago. Lately (counts halve about every two minutes): ${count(tracked.requests)} requests, ${count(tracked.pages)} pages, ${count(tracked.statics)} pictures, scripts and styles, ${count(tracked.errors)} answers 4xx, ${count(tracked.echoes)} with a cookie.`,
      `  It used ${span(tracked.originMs)} of the origin's time.${tracked.validatedTokens === 0 ? '' : ` ${tracked.validatedTokens} visitors behind it passed a challenge.`}`,
      tracked.behavesLikeVisitor ? '  It behaves like a visitor: it fetches what belongs to its pages, or echoes cookies.' : '  It has not behaved like a visitor yet (nothing fetched besides pages, no cookie). Feed readers and API clients look the same.',
    )
  }
  if (facts.kernelDropped) lines.push('  The kernel drops its packets now (mitigation.kernelDrop).')
  for (const rule of facts.matching) lines.push(`  Rule ${rule.ruleId} (${rule.action}) ${rule.whole ? 'matches it' : `names it, with ${rule.others} more condition${rule.others === 1 ? '' : 's'} that depend on the request`}.`)
  if (facts.matching.length === 0) lines.push('  No rule names its address.')
  if (facts.undecided > 0) lines.push(`  ${facts.undecided} rule${facts.undecided === 1 ? ' looks' : 's look'} at other things than the address: whether they match depends on the request.`)
  return `${lines.join('\n')}\n`
}

function explainReason<S>(code: string, json: boolean, parts: CliParts<S>): number {
  const row = reasonRow(parts.reasonManual(), code)
  if (json) parts.out.write(`${JSON.stringify(row ?? { reason: code }, null, 2)}\n`)
  else if (row === null) parts.out.write(`${code} is a reason code; its manual (docs/operator/errors.md) is not installed here.\n`)
  else {
    const lines = [`${code}: ${row.meaning}`]
    if (row.status !== '') lines.push(`  HTTP status  ${row.status}`)
    if (row.whose !== '') lines.push(`  whose fault  ${row.whose}`)
    if (row.todo !== '') lines.push(`  what to do   ${row.todo}`)
    parts.out.write(`${lines.join('\n')}\n`)
  }
  return exitCodes.ok
}

/** The row of docs/operator/errors.md. */
export function reasonRow(manual: string, code: string): { reason: string; status: string; whose: string; meaning: string; todo: string } | null {
  const lines = manual.split('\n')
  const at = lines.findIndex((one) => one.startsWith(`| \`${code}\` |`))
  if (at === -1) return null
  const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim().replaceAll('`', ''))
  const [, reason, status, whose, meaning] = cells(lines[at])
  let from = at
  while (from > 0 && cells(lines[from])[5] === 'As above.') from--
  const [, , , , , todo] = cells(lines[from])
  return { reason, status, whose, meaning, todo }
}
