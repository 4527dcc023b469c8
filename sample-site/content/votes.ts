import type { Day } from './calendar.ts';
import type { ParliamentDocument } from './compose-document.ts';
import { GROUPS } from './groups.ts';
import type { Member } from './members.ts';
import { SeededRandom } from './seeded-random.ts';

export type Cast = 'yes' | 'no' | 'abstain' | 'absent';
export const CASTS: readonly Cast[] = ['yes', 'no', 'abstain', 'absent'];

export interface Vote {
  readonly id: number;
  readonly date: Day;
  readonly clock: string;
  readonly title: string;
  readonly documentId: number;
  /** One entry per seat, in seat order. */
  readonly casts: readonly Cast[];
  readonly totals: Readonly<Record<Cast, number>>;
  readonly adopted: boolean;
}

/** Shares of a group that vote yes, no and abstain among those present. */
type Leaning = readonly [yes: number, no: number, abstain: number];

const FOR: Leaning = [0.95, 0.02, 0.03];
const AGAINST: Leaning = [0.02, 0.95, 0.03];
const SPLIT: Leaning = [0.45, 0.42, 0.13];
const ABSTAINING: Leaning = [0.1, 0.08, 0.82];
/** Share of members who miss an ordinary roll call, and the one everybody came for. */
const ABSENT_SHARE = 0.09;
const ABSENT_SHARE_CONTESTED = 0.02;

const COALITION = new Set(['labour-solidarity', 'liberal-alliance']);

const CONTESTED_LEANINGS: Readonly<Record<string, Leaning>> = {
  'green-commons': [0.97, 0, 0.03],
  'labour-solidarity': [0.95, 0.02, 0.03],
  'liberal-alliance': [0.94, 0.03, 0.03],
  independents: SPLIT,
  'farmers-islands': [0.2, 0.66, 0.14],
  'civic-union': [0.1, 0.8, 0.1],
  'national-heritage': AGAINST,
};

/** What the written news says of members by name. */
const CONTESTED_CASTS: Readonly<Record<string, Cast>> = {
  'Petra Lindqvist': 'yes', 'Tomas Brekke': 'yes', 'Amina Okonjo': 'yes', 'Noor Castellan': 'yes',
  'Henrik Sable': 'no', 'Josip Haldane': 'no', 'Walter Greve': 'no', 'Ilse Vandermoor': 'abstain',
};

export function contestedVote(
  seed: number, id: number, date: Day, clock: string, document: ParliamentDocument, members: readonly Member[],
): Vote {
  const random = new SeededRandom(seed, 'contested vote');
  return countVote(random, { id, date, clock, document }, members, (group) => CONTESTED_LEANINGS[group], ABSENT_SHARE_CONTESTED, CONTESTED_CASTS);
}

/** A roll call like most others: the coalition together, the rest by taste. */
export function ordinaryVote(
  random: SeededRandom, id: number, date: Day, clock: string, document: ParliamentDocument, members: readonly Member[],
): Vote {
  const coalition = random.chance(0.8) ? FOR : AGAINST;
  const unanimous = random.chance(0.15);
  const leanings = new Map<string, Leaning>();
  for (const group of GROUPS) {
    if (unanimous) leanings.set(group.id, FOR);
    else if (COALITION.has(group.id)) leanings.set(group.id, coalition);
    else if (group.id === 'independents') leanings.set(group.id, SPLIT);
    else leanings.set(group.id, random.pick([FOR, AGAINST, AGAINST, SPLIT, ABSTAINING]));
  }
  return countVote(random, { id, date, clock, document }, members, (group) => leanings.get(group) ?? SPLIT, ABSENT_SHARE);
}

/** Totals of one group in a vote. */
export function groupTotals(vote: Vote, members: readonly Member[], groupId: string): Record<Cast, number> {
  const totals = emptyTotals();
  for (const member of members) {
    if (member.group.id === groupId) totals[vote.casts[member.seat]] += 1;
  }
  return totals;
}

function countVote(
  random: SeededRandom,
  about: { id: number; date: Day; clock: string; document: ParliamentDocument },
  members: readonly Member[],
  leaningOf: (groupId: string) => Leaning,
  absentShare: number,
  known: Readonly<Record<string, Cast>> = {},
): Vote {
  const totals = emptyTotals();
  const casts = members.map((member) => {
    const cast = known[member.name] ?? drawCast(random, leaningOf(member.group.id), absentShare);
    totals[cast] += 1;
    return cast;
  });
  return {
    id: about.id, date: about.date, clock: about.clock, title: about.document.title, documentId: about.document.id,
    casts, totals, adopted: totals.yes > totals.no,
  };
}

function drawCast(random: SeededRandom, [yes, no]: Leaning, absentShare: number): Cast {
  if (random.chance(absentShare)) return 'absent';
  const draw = random.next();
  if (draw < yes) return 'yes';
  return draw < yes + no ? 'no' : 'abstain';
}

function emptyTotals(): Record<Cast, number> {
  return { yes: 0, no: 0, abstain: 0, absent: 0 };
}
