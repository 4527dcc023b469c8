/** What people do with an incident from the command line; each is kept in the journal with their name. */
import { credibilities, hypothesisVerdicts, type Incident, type IncidentExchanges, sourceReliabilities, tlpMarkings } from '../../contract/incident.ts'
import { printable } from './colour.ts'
import { exitCodes, jsonFlag, textOf, type CliParts, type CommandFlag, type CommandSpec } from './command.ts'
import { parseWhen } from './parse-when.ts'
import { askRecord, recordFlags } from './reach-shield.ts'
import { UsageError } from './rule-orders.ts'

export type Given = Readonly<Record<string, unknown>>

export const idWord = ['<id>', 'the incident, as polder incident list shows it; "open" or "last" also do'] as const
const orderFlags: readonly CommandFlag[] = [...recordFlags, jsonFlag]

/** Asks, and says in one line what came of it. Wrong words are said with their mend. */
export async function order<S, Q extends keyof IncidentExchanges & string>(given: Given, parts: CliParts<S>, question: Q, make: () => IncidentExchanges[Q]['asks']): Promise<number> {
  let asks: IncidentExchanges[Q]['asks']
  try {
    asks = make()
  } catch (error) {
    return wrongUse(error, parts)
  }
  const incident = (await askRecord(given, parts, 'incident', question, asks as never)) as Incident | null
  if (incident === null) return exitCodes.refused
  tellDone(given, parts, incident)
  return exitCodes.ok
}

export function tellDone<S>(given: Given, parts: CliParts<S>, incident: Incident): void {
  if (given['json'] === true) {
    parts.out.write(`${JSON.stringify(incident, null, 2)}\n`)
    return
  }
  const done = incident.timeline.filter((item) => item.sentence.startsWith('incident ')).reduce((newest, item) => (newest === null || item.seq > newest.seq ? item : newest), null as Incident['timeline'][number] | null)
  parts.out.write(`${printable(done?.sentence ?? `incident ${incident.id}: done`)}\n`)
}

/** Exit code 2 for what a person mistyped; anything else is thrown on. */
export function wrongUse<S>(error: unknown, parts: CliParts<S>): number {
  if (!(error instanceof UsageError)) throw error
  parts.error.write(`polder: ${printable(error.message)}\n`)
  return exitCodes.usage
}

function must(given: Given, flag: string, name: string, mend: string): string {
  const text = textOf(given, name)
  if (text === null || text.trim() === '') throw new UsageError(`${flag} is missing: ${mend}`)
  return text
}

function rest(words: readonly string[], what: string): string {
  const text = words.join(' ').trim()
  if (text === '') throw new UsageError(`${what} is missing: write it after the id, in quotation marks`)
  return text
}

export function whenOf<S>(given: Given, parts: CliParts<S>, flag: string, name: string, direction: 'ago' | 'ahead'): number | null {
  const text = textOf(given, name)
  if (text === null) return null
  const wallMs = parseWhen(text, parts.clock.wallMs(), direction)
  if (wallMs === null) throw new UsageError(`${flag} "${text}" is no time; write "2026-11-23 14:05" or 14:05 (UTC), 2026-11-23T15:05+01:00, or ${direction === 'ago' ? '20m for twenty minutes ago' : '24h for in a day'}`)
  return wallMs
}

function oneOf<C extends string | number>(text: string, choices: readonly C[], flag: string, meaning: string): C {
  const found = choices.find((choice) => String(choice).toLowerCase() === text.trim().toLowerCase())
  if (found === undefined) throw new UsageError(`${flag} "${text}" is none of ${choices.join(', ')}${meaning}`)
  return found
}

export const incidentOrders: readonly CommandSpec[] = [
  {
    name: 'open', summary: 'open one by hand', description: 'Opens an incident by hand: a threat was received, a claim was published, something else is wrong. It takes in an attack that follows, and only a person closes it.',
    words: [['<title...>', 'what it is, in a few words']], flags: orderFlags,
    examples: [['polder incident open "threat against the election night"', 'before anything happens']],
    act: (given, parts, words) => order(given, parts, 'open', () => ({ title: rest(words, 'the title') })),
  },
  {
    name: 'close', summary: 'close one by hand', description: 'Closes an incident. One that Polder opened is closed by itself after the calm (incident.closeAfterCalmMs). The same attack does not open another.',
    words: [idWord], flags: [{ flags: '--why <reason>', sentence: 'why (required)' }, ...orderFlags],
    examples: [['polder incident close open --why "test of the provider"', 'it was no attack']],
    act: (given, parts, [id]) => order(given, parts, 'close', () => ({ id, why: must(given, '--why', 'why', 'say in a few words why') })),
  },
  {
    name: 'merge', summary: 'make one of two', description: 'The first is merged into the second, which then covers the time of both and holds everything written in both. The first stays readable and says where it went.',
    words: [['<id>', 'goes into the other'], ['<into>', 'the one that stays']], flags: orderFlags,
    examples: [['polder incident merge 2026-11-23-2 2026-11-23-1', 'the second wave belongs to the first']],
    act: (given, parts, [id, into]) => order(given, parts, 'merge', () => ({ id, into })),
  },
  {
    name: 'split', summary: 'make two of one', description: 'What happened from the given time on becomes a new incident with its own figures. What people wrote stays with the first.',
    words: [idWord], flags: [{ flags: '--at <time>', sentence: 'the cut, UTC (required)' }, { flags: '--title <text>', sentence: 'of the new one (required)' }, ...orderFlags],
    examples: [['polder incident split last --at 15:30 --title "second wave"', 'they were two attacks']],
    act: (given, parts, [id]) => order(given, parts, 'split', () => {
      const atWallMs = whenOf(given, parts, '--at', 'at', 'ago')
      if (atWallMs === null) throw new UsageError('--at is missing: from when on it is another incident')
      return { id, atWallMs, title: must(given, '--title', 'title', 'what the new one is') }
    }),
  },
  {
    name: 'aware', summary: 'say since when people know: legal clocks start', description: 'The legal deadlines of reports count from the moment people became aware of the incident. Only a person can say when that was. Said again, it is corrected; the journal keeps both.',
    words: [idWord], flags: [{ flags: '--at <time>', sentence: 'since when (else now), UTC; 20m means twenty minutes ago' }, ...orderFlags],
    examples: [['polder incident aware open', 'we know it now'], ['polder incident aware open --at 13:40', 'the help desk knew at 13:40']],
    act: (given, parts, [id]) => order(given, parts, 'aware', () => ({ id, atWallMs: whenOf(given, parts, '--at', 'at', 'ago') ?? parts.clock.wallMs() })),
  },
  {
    name: 'mark', summary: 'TLP marking, significance, title', description: `Marks an incident: who may read its reports (TLP 2.0: ${tlpMarkings.join(', ')}), whether it is significant in the sense of the law (a person judges), its title.`,
    words: [idWord], flags: [{ flags: '--tlp <marking>', sentence: tlpMarkings.join(', ') }, { flags: '--significant <yes|no>', sentence: 'in the sense of the law' }, { flags: '--title <text>', sentence: 'new title' }, ...orderFlags],
    examples: [['polder incident mark open --tlp green --significant yes', 'two marks at once']],
    act: (given, parts, [id]) => order(given, parts, 'mark', () => {
      const tlp = textOf(given, 'tlp')
      const significant = textOf(given, 'significant')
      const title = textOf(given, 'title')
      if (tlp === null && significant === null && title === null) throw new UsageError('nothing to mark: give --tlp, --significant or --title')
      return {
        id,
        ...(tlp === null ? {} : { tlp: oneOf(tlp.replace(/^tlp:/i, ''), tlpMarkings, '--tlp', '') }),
        ...(significant === null ? {} : { significant: oneOf(significant, ['yes', 'no'], '--significant', '') === 'yes' }),
        ...(title === null ? {} : { title }),
      }
    }),
  },
  {
    name: 'answer', summary: 'answer what a report asks and Polder cannot know', description: 'Reports ask things that only people know: likely cause, effects across borders, a person to call. polder incident report lists the fields that are missing.',
    words: [idWord, ['<field>', 'the field, as the report names it'], ['<text...>', 'the answer']], flags: orderFlags,
    examples: [['polder incident answer open cause "suspected unlawful act"', 'for the early warning']],
    act: (given, parts, [id, field, ...words]) => order(given, parts, 'answer', () => ({ id, field, text: rest(words, 'the answer') })),
  },
  {
    name: 'note', summary: 'write something down', description: 'A note with your name and the time. Notes are not changed later: write another.',
    words: [idWord, ['<text...>', 'the note']], flags: orderFlags,
    examples: [['polder incident note open "provider called, filters from 14:30"', 'who did what, when']],
    act: (given, parts, [id, ...words]) => order(given, parts, 'note', () => ({ id, text: rest(words, 'the note') })),
  },
  {
    name: 'task', summary: 'give somebody something to do, or mark it done', description: 'A task with a name and a time, or --done for one that is finished.',
    words: [idWord, ['[text...]', 'what is to be done']],
    flags: [{ flags: '--for <name>', sentence: 'who does it' }, { flags: '--due <time>', sentence: 'until when, UTC; 2h means in two hours' }, { flags: '--done <task>', sentence: 'this one is done: task-1' }, ...orderFlags],
    examples: [['polder incident task open "call the CSIRT" --for ben --due 1h', 'somebody should'], ['polder incident task open --done task-1', 'and did']],
    act: (given, parts, [id, ...words]) => {
      const done = textOf(given, 'done')
      if (done !== null) return order(given, parts, 'taskDone', () => ({ id, taskId: done }))
      return order(given, parts, 'task', () => ({ id, text: rest(words, 'the task'), assignee: textOf(given, 'for') ?? '', dueWallMs: whenOf(given, parts, '--due', 'due', 'ahead') }))
    },
  },
  {
    name: 'claim', summary: 'what somebody says about it', description: 'Somebody says something: a group claims responsibility, a paper names a culprit. It is kept as what they say, judged on the Admiralty scale (--source A to F, F: cannot be judged; --credibility 1 to 6, 6: cannot be judged). Take a saved copy in first (polder incident evidence).',
    words: [idWord, ['<text...>', 'what they say, in their words']],
    flags: [
      { flags: '--by <who>', sentence: 'who says it (required)' }, { flags: '--where <place>', sentence: 'where: an address, a channel (required)' }, { flags: '--said-at <time>', sentence: 'when they said it, UTC' },
      { flags: '--source <A-F>', sentence: 'reliability of the source (else F)' }, { flags: '--credibility <1-6>', sentence: 'credibility of what is said (else 6)' }, { flags: '--copy <evidence>', sentence: 'the saved copy: evidence-1' }, ...orderFlags,
    ],
    examples: [['polder incident claim open "we stopped the parliament" --by "a group" --where "its channel" --source E --credibility 5 --copy evidence-1', 'a claim of responsibility']],
    act: (given, parts, [id, ...words]) => order(given, parts, 'claim', () => ({
      id,
      text: rest(words, 'the claim'),
      saidBy: must(given, '--by', 'by', 'who says it'),
      where: must(given, '--where', 'where', 'where it was said'),
      saidAtWallMs: whenOf(given, parts, '--said-at', 'saidAt', 'ago'),
      reliability: oneOf(textOf(given, 'source') ?? 'F', sourceReliabilities, '--source', ' (A completely reliable, F cannot be judged)'),
      credibility: oneOf(textOf(given, 'credibility') ?? '6', credibilities, '--credibility', ' (1 confirmed, 6 cannot be judged)'),
      evidenceId: textOf(given, 'copy'),
    })),
  },
  {
    name: 'hypothesis', summary: 'a question, what speaks for and against, a person\'s verdict', description: `A question about the incident that people want answered, such as its link to an event. It stands as "not known" until a person judges it: ${hypothesisVerdicts.join(', ')}. Polder never answers one.`,
    words: [idWord, ['[text...]', 'the question; with --for or --against, the argument']],
    flags: [
      { flags: '--for <hypothesis>', sentence: 'the text speaks for this one: hypothesis-1' }, { flags: '--against <hypothesis>', sentence: 'the text speaks against this one' }, { flags: '--reference <id>', sentence: 'the claim or evidence the argument rests on' },
      { flags: '--judge <hypothesis>', sentence: 'your verdict on this one, with --verdict' }, { flags: '--verdict <word>', sentence: hypothesisVerdicts.join(', ') }, ...orderFlags,
    ],
    examples: [
      ['polder incident hypothesis open "link to the vote"', 'ask: it is "not known"'],
      ['polder incident hypothesis open --against hypothesis-1 "the same network attacked others last week" --reference evidence-2', 'an argument'],
      ['polder incident hypothesis open --judge hypothesis-1 --verdict unlikely', 'your judgement, with your name'],
    ],
    act: (given, parts, [id, ...words]) => {
      const [supports, against, judge] = [textOf(given, 'for'), textOf(given, 'against'), textOf(given, 'judge')]
      if ([supports, against, judge].filter((one) => one !== null).length > 1) return Promise.resolve(wrongUse(new UsageError('one of --for, --against and --judge at a time'), parts))
      if (judge !== null) return order(given, parts, 'judge', () => ({ id, hypothesisId: judge, verdict: oneOf(must(given, '--verdict', 'verdict', `one of ${hypothesisVerdicts.join(', ')}`), hypothesisVerdicts, '--verdict', '') }))
      const hypothesisId = supports ?? against
      if (hypothesisId === null) return order(given, parts, 'hypothesis', () => ({ id, text: rest(words, 'the question') }))
      const side: 'supports' | 'against' = supports === null ? 'against' : 'supports'
      return order(given, parts, 'argue', () => ({ id, hypothesisId, side, text: rest(words, 'the argument'), reference: textOf(given, 'reference') ?? '' }))
    },
  },
  {
    name: 'addresses', summary: 'keep whole addresses as evidence, for a time', description: 'Samples of requests hold keyed hashes of addresses. For a complaint whole addresses may be needed: a named person orders it for one incident, with the legal ground and an end. It turns itself off; the journal keeps who, why and until when.',
    words: [idWord], flags: [{ flags: '--legal <ground>', sentence: 'the law or order, and who decided' }, { flags: '--until <time>', sentence: 'the end, UTC; 48h means in two days' }, { flags: '--off', sentence: 'end it now' }, ...orderFlags],
    examples: [['polder incident addresses open --legal "complaint to the police, decided by the DPO" --until 48h', 'on'], ['polder incident addresses open --off', 'off']],
    act: (given, parts, [id]) => order(given, parts, 'addressEvidence', () => {
      if (given['off'] === true) return { id, legalNote: textOf(given, 'legal') ?? '', untilWallMs: parts.clock.wallMs() - 1_000 }
      const untilWallMs = whenOf(given, parts, '--until', 'until', 'ahead')
      if (untilWallMs === null) throw new UsageError('--until is missing: when it ends, for example --until 48h')
      return { id, legalNote: must(given, '--legal', 'legal', 'the law or order, and who decided'), untilWallMs }
    }),
  },
]
