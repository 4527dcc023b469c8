import { addDays, weekdayOf } from './calendar.ts';
import type { Day } from './calendar.ts';
import type { ParliamentDocument } from './compose-document.ts';
import type { Member } from './members.ts';
import { SeededRandom } from './seeded-random.ts';
import { contestedVote, ordinaryVote } from './votes.ts';
import type { Vote } from './votes.ts';

interface AgendaItem {
  readonly clock: string;
  readonly kind: 'opening' | 'questions' | 'statement' | 'debate' | 'vote' | 'close';
  readonly title: string;
  readonly documentId?: number;
  readonly voteId?: number;
}

export interface Sitting {
  readonly date: Day;
  readonly extraordinary: boolean;
  readonly items: readonly AgendaItem[];
}

export interface Chronicle {
  /** Oldest first. */
  readonly sittings: readonly Sitting[];
  readonly votes: readonly Vote[];
  readonly contestedVoteId: number;
}

const PAST_WEEKS = 60;
const FUTURE_DAYS = 35;
const TUESDAY = 2;
const THURSDAY = 4;
const VOTE_CLOCKS = ['17:30', '18:05', '18:40', '19:20'];
const DEPARTMENTS = [
  'Foreign Affairs', 'Finance', 'Transport', 'Health', 'the Interior', 'Education', 'Housing', 'Agriculture', 'Justice',
];
const STATEMENTS = [
  'Statement by the prime minister', 'Tribute to a former member', 'Presentation of the annual report of the ombudsman',
  'Address by the president of the court of audit', 'Statement by the minister on winter sailings',
];

/**
 * Sittings of the past sixty weeks and the coming five, with the votes of the past ones. Yesterday and today always
 * have a sitting, whatever the weekday: yesterday took the contested vote, tonight votes on the bill that follows it.
 * `documents` is in order of date; its last two are the contested resolution and tonight's bill.
 */
export function chronicle(
  seed: number, today: Day, documents: readonly ParliamentDocument[], members: readonly Member[],
): Chronicle {
  const random = new SeededRandom(seed, 'sittings');
  const yesterday = addDays(today, -1);
  const resolution = documents[documents.length - 2];
  const bill = documents[documents.length - 1];
  const votable = documents.filter((paper) => (paper.kind === 'bill' || paper.kind === 'resolution') && paper.id < resolution.id);
  const debatable = documents.filter((paper) => paper.kind === 'report' || paper.kind === 'bill' || paper.kind === 'petition');
  const votes: Vote[] = [];
  const sittings: Sitting[] = [];
  for (let offset = -PAST_WEEKS * 7; offset <= FUTURE_DAYS; offset += 1) {
    const date = addDays(today, offset);
    const regular = weekdayOf(date) === TUESDAY || weekdayOf(date) === THURSDAY;
    if (date === yesterday) {
      const vote = contestedVote(seed, votes.length + 1, date, '21:40', resolution, members);
      votes.push(vote);
      sittings.push({ date, extraordinary: !regular, items: contestedDay(resolution, vote) });
    } else if (date === today) {
      sittings.push({ date, extraordinary: !regular, items: tonight(bill, random, debatable) });
    } else if (regular && !isRecess(date)) {
      sittings.push({ date, extraordinary: false, items: ordinaryDay(random, date, offset < 0, votable, debatable, votes, members) });
    }
  }
  return { sittings, votes, contestedVoteId: votes.length };
}

/** The house does not sit in August and in the days around the new year. */
function isRecess(date: Day): boolean {
  const monthDay = date.slice(5);
  return monthDay.startsWith('08') || monthDay >= '12-20' || monthDay <= '01-06';
}

function contestedDay(resolution: ParliamentDocument, vote: Vote): AgendaItem[] {
  return [
    { clock: '14:00', kind: 'opening', title: 'Opening of the sitting' },
    { clock: '14:10', kind: 'questions', title: 'Questions to the Minister of Foreign Affairs' },
    { clock: '15:00', kind: 'debate', title: resolution.title, documentId: resolution.id },
    { clock: vote.clock, kind: 'vote', title: resolution.title, documentId: resolution.id, voteId: vote.id },
    { clock: '22:00', kind: 'close', title: 'Close of the sitting' },
  ];
}

function tonight(bill: ParliamentDocument, random: SeededRandom, debatable: readonly ParliamentDocument[]): AgendaItem[] {
  const report = random.pick(debatable.slice(-120));
  return [
    { clock: '14:00', kind: 'opening', title: 'Opening of the sitting' },
    { clock: '14:10', kind: 'questions', title: 'Questions to the Minister of Transport' },
    { clock: '15:00', kind: 'debate', title: report.title, documentId: report.id },
    { clock: '16:30', kind: 'debate', title: bill.title, documentId: bill.id },
    { clock: '19:30', kind: 'vote', title: `Final vote: ${bill.title}`, documentId: bill.id },
    { clock: '21:00', kind: 'close', title: 'Close of the sitting' },
  ];
}

function ordinaryDay(
  random: SeededRandom, date: Day, past: boolean, votable: readonly ParliamentDocument[],
  debatable: readonly ParliamentDocument[], votes: Vote[], members: readonly Member[],
): AgendaItem[] {
  const items: AgendaItem[] = [
    { clock: '14:00', kind: 'opening', title: 'Opening of the sitting' },
    { clock: '14:10', kind: 'questions', title: `Questions to the Minister of ${random.pick(DEPARTMENTS)}` },
  ];
  if (random.chance(0.3)) items.push({ clock: '14:50', kind: 'statement', title: random.pick(STATEMENTS) });
  for (const [index, paper] of random.sample(recentTo(debatable, date), 2).entries()) {
    items.push({ clock: index === 0 ? '15:10' : '16:20', kind: 'debate', title: paper.title, documentId: paper.id });
  }
  for (const [index, paper] of random.sample(recentTo(votable, date), random.between(2, 4)).entries()) {
    const clock = VOTE_CLOCKS[index];
    if (!past) {
      items.push({ clock, kind: 'vote', title: paper.title, documentId: paper.id });
      continue;
    }
    const vote = ordinaryVote(random, votes.length + 1, date, clock, paper, members);
    votes.push(vote);
    items.push({ clock, kind: 'vote', title: paper.title, documentId: paper.id, voteId: vote.id });
  }
  items.push({ clock: '20:15', kind: 'close', title: 'Close of the sitting' });
  return items;
}

/** The last forty papers dated on or before the day: what such a sitting would have had before it. */
function recentTo(papers: readonly ParliamentDocument[], date: Day): readonly ParliamentDocument[] {
  let end = papers.length;
  while (end > 0 && papers[end - 1].date > date) end -= 1;
  return papers.slice(Math.max(0, end - 40), end);
}
