/** `polder incident`: the attack as an incident to be led. What people say goes to the record with their name; what Polder knows comes from the journal. */
import { coloursFor } from './colour.ts'
import { exitCodes, jsonFlag, type CliParts, type CommandSpec } from './command.ts'
import { evidenceCommand } from './incident-evidence.ts'
import { exportCommand } from './incident-export.ts'
import { type Given, idWord, incidentOrders } from './incident-orders.ts'
import { incidentList, incidentPage } from './incident-page.ts'
import { clocksCommand, reportCommand, reportedCommand } from './incident-report.ts'
import { askRecord, socketFlags } from './reach-shield.ts'

async function list<S>(given: Given, parts: CliParts<S>): Promise<number> {
  const incidents = await askRecord(given, parts, 'incident', 'list', {})
  if (incidents === null) return exitCodes.refused
  parts.out.write(given['json'] === true ? `${JSON.stringify(incidents, null, 2)}\n` : incidentList(incidents, parts.clock.wallMs(), coloursFor(parts.out, parts.noColor)))
  return exitCodes.ok
}

const listCommand: CommandSpec = {
  name: 'list', summary: 'all incidents, newest first', description: 'All incidents that are still kept, newest first, with their state, the worst state of the shield, and open tasks.',
  flags: [...socketFlags, jsonFlag],
  examples: [['polder incident list', 'is one open?'], ['polder incident list --json | jq ".[0].id"', 'for scripts']],
  act: list,
}

const showCommand: CommandSpec = {
  name: 'show', summary: 'one incident: what is known, how, and what to do', description: 'One page: figures with how each is known (exact, sampled, estimated, or not known), deadlines, tasks, questions with their verdict, claims, evidence, timeline. --all shows every line and the journal entries each figure comes from.',
  words: [['[id]', 'the incident (else the open one, or the newest)']],
  flags: [{ flags: '--all', sentence: 'every line, and where each figure comes from' }, ...socketFlags, jsonFlag],
  examples: [['polder incident show', 'the open one, or the newest'], ['polder incident show 2026-11-23-1 --all', 'everything']],
  async act(given, parts, [id]) {
    let wanted = id
    if (wanted === undefined) {
      const incidents = await askRecord(given, parts, 'incident', 'list', {})
      if (incidents === null) return exitCodes.refused
      wanted = incidents.some((one) => one.closedAtWallMs === null) ? 'open' : 'last'
    }
    const incident = await askRecord(given, parts, 'incident', 'show', { id: wanted })
    if (incident === null) return exitCodes.refused
    if (given['json'] === true) {
      parts.out.write(`${JSON.stringify(incident, null, 2)}\n`)
      return exitCodes.ok
    }
    // Deadlines come from the reports; a page without them is better than none.
    const quiet = { ...parts, error: { write: () => true } }
    const clocks = await askRecord(given, quiet, 'report', 'clocks', { id: incident.id })
    parts.out.write(incidentPage(incident, clocks, parts.clock.wallMs(), given['all'] === true, coloursFor(parts.out, parts.noColor)))
    return exitCodes.ok
  },
}

export const incidentCommand: CommandSpec = {
  name: 'incident',
  summary: 'lead an incident: what is known, who says what, what to do',
  description: 'An attack opens an incident by itself. Here people add what only they know: since when they were aware, claims, questions and verdicts, evidence, tasks, answers for the reports. Every word is kept in the journal with a name. docs/operator/incident.md leads through it.',
  flags: [...socketFlags, jsonFlag],
  children: [listCommand, showCommand, ...incidentOrders, evidenceCommand, reportCommand, clocksCommand, reportedCommand, exportCommand],
  examples: [
    ['polder incident show', 'what is known now'],
    ['polder incident aware open', 'we know of it: legal clocks start'],
    [`polder incident note ${idWord[0]} "provider called"`, 'write it down'],
    ['polder incident hypothesis open "link to the vote"', 'a question; the answer is "not known" until a person judges'],
  ],
  act: list,
}
