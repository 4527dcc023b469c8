/** The record's rooms of the made-up shield: enough of each that every view and every act of the console has something to do. Development only. */
import type { Incident } from '../../src/contract/incident.ts'
import type { Posture } from '../../src/contract/calendar.ts'
import type { JournalEntry, JournalKind } from '../../src/contract/journal.ts'
import type { Statement, StatusBoard } from '../../src/contract/statement.ts'
import { hostile, type World } from './world.ts'

type Asks = Readonly<Record<string, any>>
export type Rooms = Readonly<Record<string, Readonly<Record<string, (asks: Asks, who: string) => unknown>>>>

const HOUR = 3_600_000

export function makeRooms(world: World, now: () => number): Rooms {
  const text = (plain: string): string => (world.hostile ? `${plain} ${hostile}` : plain)
  const at = world.floodAtWallMs
  let incident: Incident = {
    id: '2026-11-23-1', title: text('Flood on search and front page'), openedAtWallMs: at + 14_000, openedBy: 'polder', closedAtWallMs: null, closedBy: null, awareAtWallMs: at + 60_000, awareWho: 'anna', tlp: 'amber', significant: null, mergedInto: null,
    figures: [
      { code: 'start', name: 'Start', value: at, unit: 'time', kind: 'exact', from: [1] }, { code: 'duration-seconds', name: 'Duration', value: 1_260, unit: 'seconds', kind: 'exact', from: [1] }, { code: 'peak-requests-per-second', name: 'Highest rate', value: 2_140, unit: 'per-second', kind: 'exact', from: [[1, 20]] },
      { code: 'expected-requests-per-second', name: 'Usual rate', value: 41, unit: 'per-second', kind: 'estimated', from: [1] }, { code: 'refused', name: 'Refused', value: 1_870_233, unit: 'requests', kind: 'exact', from: [1] }, { code: 'collateral-share-bound', name: 'Visitors touched, at most', value: 0.0002, unit: 'share', kind: 'estimated', from: [1] },
      { code: 'network-share', name: 'From network', of: text('AS64496 Example Hosting'), value: 0.31, unit: 'share', kind: 'sampled', from: [1] }, { code: 'challenge-passed', name: 'Passed the challenge', value: null, unit: 'count', kind: 'not-known', from: [] },
    ],
    timeline: [
      { atWallMs: at, kind: 'state', sentence: 'More requests than usual: 9 times', who: 'polder', seq: 1 }, { atWallMs: at + 4_000, kind: 'origin', sentence: 'The origin takes 16 times as long as usual', who: 'polder', seq: 2 }, { atWallMs: at + 14_000, kind: 'rule', sentence: text('Rule r-1a2b: user agent “stress/2.1”'), who: 'polder', seq: 3 },
      { atWallMs: at + 60_000, kind: 'person', sentence: 'People know since now', who: 'anna', seq: 4 }, { atWallMs: at + 90_000, kind: 'claim', sentence: text('A group claims responsibility'), who: 'ben', seq: 5 },
    ],
    claims: [{ id: 'claim-1', saidBy: text('a group'), where: text('its channel'), saidAtWallMs: at + 80_000, text: text('We have stopped the parliament.'), reliability: 'E', credibility: 5, evidenceId: null, who: 'ben', atWallMs: at + 90_000 }],
    hypotheses: [{ id: 'hypothesis-1', text: text('Is it linked to the vote tonight?'), verdict: 'not known', supports: [{ text: 'It began as the vote began', reference: 'evidence-1', who: 'anna', atWallMs: at + 100_000 }], against: [], who: 'anna', atWallMs: at + 95_000 }],
    evidence: [{ id: 'evidence-1', name: text('channel.png'), provenance: 'saved by ben from the channel', bytes: 182_004, sha256: 'ab'.repeat(32), who: 'ben', atWallMs: at + 92_000 }],
    notes: [{ id: 'note-1', text: text('Provider called; filters upstream from 20:30.'), who: 'anna', atWallMs: at + 120_000 }],
    tasks: [{ id: 'task-1', text: text('Call the CSIRT'), assignee: 'ben', dueWallMs: at + 2 * HOUR, doneAtWallMs: null, who: 'anna', atWallMs: at + 110_000 }, { id: 'task-2', text: 'Tell the press office', assignee: 'anna', dueWallMs: null, doneAtWallMs: at + 130_000, who: 'anna', atWallMs: at + 110_000 }],
    reports: [], answers: {}, around: [{ title: 'Vote on the budget', fromWallMs: at - HOUR, toWallMs: at + 3 * HOUR, postures: ['vote-night'] }], addressEvidence: null,
  }
  let numbers = 10
  const change = (more: Partial<Incident>): Incident => (incident = { ...incident, ...more })
  const signed = (who: string): { who: string; atWallMs: number } => ({ who, atWallMs: now() })
  const summary = () => ({ id: incident.id, title: incident.title, openedAtWallMs: incident.openedAtWallMs, closedAtWallMs: incident.closedAtWallMs, awareAtWallMs: incident.awareAtWallMs, tlp: incident.tlp, worstState: 'ATTACK' as const, mergedInto: null, openTasks: incident.tasks.filter((task) => task.doneAtWallMs === null).length })

  const entries: JournalEntry[] = []
  const note = (kind: JournalKind, who: string, sentence: string, atWallMs: number): void => {
    entries.push({ seq: entries.length + 1, atWallMs, kind, who, sentence, data: null, previous: '', hash: 'c3'.repeat(32) })
  }
  note('start', 'polder', 'Polder 0.1.0 started', at - 7 * 86_400_000)
  note('login', 'anna', 'signed in to the console', at - 600_000)
  note('state', 'polder', 'Calm to watch: 9 times as many requests as usual', at + 1_000)
  note('rule', 'polder', text('Rule r-1a2b: user agent “stress/2.1”, pages only'), at + 14_000)
  note('alarm', 'polder', 'The journal could not be written for 2 seconds', at + 20_000)

  let statements: Statement[] = [{
    id: '2026-11-23-s1', incidentId: '2026-11-23-1', stage: 'draft', draftedBy: 'ben', writers: ['ben'], approvedBy: null, publishedBy: null, createdAtWallMs: at + 200_000, publishedAtWallMs: null,
    texts: [{ language: 'en', title: text('Our website is hard to reach'), know: 'Since 20:14 our website has been slow for some people. Pages can be read.', notKnown: 'We do not know who is behind it.', doing: 'We are holding back the requests that cause it.', next: 'We report again at [time].' }],
  }]
  const board = (): StatusBoard => ({
    components: components.map((one) => ({ ...one })), statements, automaticState: true, fourEyes: true, languages: ['en', 'fr', 'nl'], exportedAtWallMs: now() - 20_000, exportFolder: '/srv/status', trouble: '', listen: '127.0.0.1:8082',
  })
  let components: Array<StatusBoard['components'][number]> = (['reading', 'search', 'forms', 'api'] as const).map((name) => ({ name, state: name === 'search' ? 'investigating' : 'works', automatic: true, sinceWallMs: at }))
  const stage = (id: string, more: Partial<Statement>): Statement => {
    statements = statements.map((one) => (one.id === id ? { ...one, ...more } : one))
    return statements.find((one) => one.id === id)!
  }

  let postures: Posture[] = [
    { name: 'vote-night', because: text('Vote on the budget'), source: 'parliament.ics', fromWallMs: at - HOUR, untilWallMs: at + 4 * HOUR, event: { fromWallMs: at, untilWallMs: at + HOUR }, effects: { sensitivity: 0.5, rehearseChallenge: true, refreshLifeline: true, tell: true } },
    { name: 'watchful', because: 'Press day', source: 'by hand, anna', fromWallMs: at + 30 * HOUR, untilWallMs: at + 38 * HOUR, event: { fromWallMs: at, untilWallMs: at + HOUR }, effects: { sensitivity: 0.75, rehearseChallenge: false, refreshLifeline: true, tell: false } },
  ]
  let acknowledged: { who: string; atWallMs: number } | null = null
  const channels = [{ name: 'duty-mail', kind: 'mail', to: 'duty@example.org by mail.example.org:587', sent: 4, failed: 0, waiting: 0, lastSentAtWallMs: at + 15_000, trouble: null }, { name: 'chat', kind: 'webhook', to: 'https://chat.example.org/hooks/…', sent: 0, failed: 3, waiting: 1, lastSentAtWallMs: null, trouble: text('answered 403') }]

  return {
    incident: {
      list: () => [summary()],
      show: () => incident,
      open: ({ title }, who) => change({ title, openedBy: who }),
      close: (_asks, who) => change({ closedAtWallMs: now(), closedBy: who }),
      aware: ({ atWallMs }, who) => change({ awareAtWallMs: atWallMs, awareWho: who }),
      mark: ({ tlp = incident.tlp, significant = incident.significant, title = incident.title }) => change({ tlp, significant, title }),
      answer: ({ field, text: said }, who) => change({ answers: { ...incident.answers, [field]: { text: said, ...signed(who) } } }),
      note: ({ text: said }, who) => change({ notes: [...incident.notes, { id: `note-${numbers++}`, text: said, ...signed(who) }] }),
      task: ({ text: said, assignee, dueWallMs }, who) => change({ tasks: [...incident.tasks, { id: `task-${numbers++}`, text: said, assignee, dueWallMs, doneAtWallMs: null, ...signed(who) }] }),
      taskDone: ({ taskId }) => change({ tasks: incident.tasks.map((task) => (task.id === taskId ? { ...task, doneAtWallMs: now() } : task)) }),
      claim: (claim, who) => change({ claims: [...incident.claims, { ...claim, id: `claim-${numbers++}`, ...signed(who) } as Incident['claims'][number]] }),
      hypothesis: ({ text: said }, who) => change({ hypotheses: [...incident.hypotheses, { id: `hypothesis-${numbers++}`, text: said, verdict: 'not known', supports: [], against: [], ...signed(who) }] }),
      argue: ({ hypothesisId, side, text: said, reference }, who) => change({ hypotheses: incident.hypotheses.map((one) => (one.id === hypothesisId ? { ...one, [side]: [...one[side as 'supports'], { text: said, reference, ...signed(who) }] } : one)) }),
      judge: ({ hypothesisId, verdict }) => change({ hypotheses: incident.hypotheses.map((one) => (one.id === hypothesisId ? { ...one, verdict } : one)) }),
      sent: ({ kind, to, sha256 }, who) => change({ reports: [...incident.reports, { kind, to, sha256, who, sentAtWallMs: now() }] }),
    },
    report: {
      clocks: () => {
        const aware = incident.awareAtWallMs
        return [
          { kind: 'early-warning', law: 'NIS2 Article 23', dueWallMs: aware === null ? null : aware + 24 * HOUR, sentAtWallMs: null, state: 'running' },
          { kind: 'notification', law: 'NIS2 Article 23', dueWallMs: aware === null ? null : aware + 72 * HOUR, sentAtWallMs: null, state: 'running' },
          { kind: 'brief', law: 'own rule', dueWallMs: at + 30_000, sentAtWallMs: null, state: 'late' },
        ]
      },
      write: ({ kind, form }) => ({
        kind, form, fileName: `2026-11-23-1-${kind}.${form}`, contentType: 'text/plain', encoding: 'utf8', sha256: 'dd'.repeat(32), missing: incident.answers['cause'] === undefined ? [{ field: 'cause', question: 'What is the likely cause?', command: 'polder incident answer' }] : [],
        content: `# Early warning\n\n**Incident** 2026-11-23-1, TLP:AMBER\n\n## What happened\n\n${text('A flood of requests hit search and the front page')} from 20:14. Visitors were served.\n\n- Highest rate: 2,140 requests a second\n- Refused: 1,870,233 requests\n\n| Figure | Value |\n|---|---|\n| Start | 20:14 |\n| ${text('Network')} | 31 % |\n\n## Likely cause\n\n${incident.answers['cause']?.text ?? 'Not known yet.'}\n`,
      }),
    },
    journal: {
      list: ({ kinds, most }) => {
        const found = entries.filter((entry) => kinds === undefined || kinds.includes(entry.kind))
        return { entries: found.slice(-most), more: found.length > most }
      },
      verify: () => ({ entries: entries.length, firstSeq: 1, lastSeq: entries.length, lastHash: 'c3'.repeat(32), faults: [], tornBytes: 0 }),
      note: ({ sentence }, who) => note('act', who, sentence, now()),
    },
    statement: {
      board,
      templates: () => [{ name: 'first-word', title: 'First word', know: '', notKnown: '', doing: '', next: '' }, { name: 'over', title: 'It is over', know: '', notKnown: '', doing: '', next: '' }],
      draft: ({ id, texts }, who) => {
        if (id !== undefined) return stage(id, { texts, stage: 'draft', approvedBy: null })
        const made: Statement = { ...statements[0], id: `2026-11-23-s${numbers++}`, stage: 'draft', draftedBy: who, texts: texts ?? [{ language: 'en', title: 'First word', know: '[what]', notKnown: '', doing: '', next: '' }] }
        statements = [...statements, made]
        return made
      },
      approve: ({ id }, who) => stage(id, { stage: 'approved', approvedBy: who }),
      publish: ({ id }, who) => stage(id, { stage: 'published', publishedBy: who, publishedAtWallMs: now() }),
      withdraw: ({ id }) => stage(id, { stage: 'withdrawn' }),
      component: ({ name, state }) => {
        components = components.map((one) => (one.name === name ? { ...one, state, automatic: false, sinceWallMs: now() } : one))
        return board()
      },
    },
    alert: {
      open: () => (world.phase === 'calm' ? [] : [{ key: 'attack', severity: 'critical', title: text('Attack on www.example.org'), text: text('Since 20:14 an attack is under way. Visitors are served. Nothing must be done at once.'), atWallMs: at + 15_000, sinceWallMs: at + 14_000, incidentId: '2026-11-23-1', resolved: false, acknowledged, toldTo: ['duty-mail'] }]),
      channels: () => channels,
      test: ({ channel }) => [{ channel, ok: channel !== 'chat', sentence: channel === 'chat' ? text('answered 403') : 'delivered', ms: 220 }],
      acknowledge: (_asks, who) => {
        acknowledged = { who, atWallMs: now() }
        return { sentence: 'noted that you have seen it' }
      },
    },
    calendar: {
      show: () => ({ atWallMs: now(), now: postures.filter((one) => one.fromWallMs <= now() && one.untilWallMs > now()), next: postures.filter((one) => one.fromWallMs > now()), sources: [{ name: 'parliament.ics', from: 'https://calendar.example.org/parliament.ics', events: 41, readAtWallMs: now() - 900_000, trouble: null }] }),
      add: ({ posture, title, fromWallMs, untilWallMs }) => {
        const made: Posture = { name: posture, because: title, source: 'by hand, anna', fromWallMs, untilWallMs, event: { fromWallMs: at, untilWallMs: at + HOUR }, effects: { sensitivity: 0.5, rehearseChallenge: false, refreshLifeline: true, tell: true } }
        postures = [...postures, made].sort((a, b) => a.fromWallMs - b.fromWallMs)
        return made
      },
      remove: ({ title }) => {
        postures = postures.filter((one) => one.because !== title)
        return { sentence: `${title} is removed` }
      },
      refresh: () => [],
    },
  }
}
