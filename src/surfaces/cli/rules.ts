import { coloursFor, paint, printable } from './colour.ts'
import { exitCodes, jsonFlag, type CommandSpec } from './command.ts'
import { askRunning, socketFlags } from './reach-shield.ts'
import { addRuleCommand } from './rule-add.ts'
import { listRules, recordOfSettingsRule, ruleLines } from './rule-lines.ts'
import { dryRunCommand, ruleOrders, takeBackCommand } from './rule-orders.ts'

export const rulesCommand: CommandSpec = {
  name: 'rules',
  summary: 'the rules of the running shield, and orders about them',
  description: 'Lists every rule: those of the settings file, those people added, and those Polder wrote, with evidence, promised and measured harm, and expiry. The commands below give orders; each is kept with who gave it and why, acts within two seconds, and does not outlive a restart of the control plane: what must stay belongs in the settings file.',
  flags: [...socketFlags, jsonFlag],
  children: [...ruleOrders, takeBackCommand, dryRunCommand, addRuleCommand],
  examples: [
    ['polder rules', 'all rules'],
    ['polder rules veto r-1a2b --for 1h --why "our app"', 'Polder was wrong'],
    ['polder rules add --path "/search*" --action limit --limit 5 --for 2h --why flood', 'a rule by hand'],
    ['polder rules dry-run on --all --why "election night"', 'Polder\'s own rules only count'],
  ],
  async act(given, parts) {
    const status = await askRunning(given, parts, { ask: 'status' })
    if (status === null) return exitCodes.refused
    if (given['json'] === true) {
      const rules = [...status.settingsRules.map((rule) => recordOfSettingsRule(rule, status.ruleMatches[rule.id])), ...(status.control.view?.rules ?? [])]
      parts.out.write(`${JSON.stringify({ atWallMs: status.atWallMs, controlAlive: status.control.alive, rules, candidates: status.control.view?.candidates ?? [] }, null, 2)}\n`)
      return exitCodes.ok
    }
    const colours = coloursFor(parts.out, parts.noColor)
    const { acting, asleep, vetoed } = listRules(status)
    const lines: string[] = []
    for (const [title, list] of [['In force', acting], ['Asleep: wake when their flood returns', asleep], ['Vetoed', vetoed]] as const) {
      if (list.length > 0) lines.push(paint(colours, 'bold', title), ...list.flatMap((rule) => ruleLines(rule, status.atWallMs, colours)))
    }
    const candidates = (status.control.view?.candidates ?? []).filter((one) => one.evidence.gates.some((gate) => !gate.passed))
    if (candidates.length > 0) {
      lines.push(paint(colours, 'bold', 'Thought of, not made'))
      for (const one of candidates) lines.push(`  ${one.id}  ${one.sentence}`, ...one.evidence.gates.filter((gate) => !gate.passed).map((gate) => `      ${gate.gate}: ${gate.sentence}`))
    }
    if (!status.control.alive) lines.push('The control plane does not answer: this is its last word, and what the data plane still holds.')
    parts.out.write(`${printable(lines.length === 0 ? 'There are no rules.' : lines.join('\n'))}\n`)
    return exitCodes.ok
  },
}
