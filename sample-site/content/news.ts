import { addDays, longDay } from './calendar.ts';
import type { Day } from './calendar.ts';
import { NEWS_STORIES } from './news-stories.ts';
import type { NewsStory } from './news-stories.ts';
import type { Chronicle, Sitting } from './sittings.ts';
import type { Vote } from './votes.ts';

export interface NewsItem {
  readonly slug: string;
  readonly date: Day;
  readonly clock: string;
  readonly section: string;
  readonly title: string;
  readonly lead: string;
  readonly paragraphs: readonly string[];
  readonly picture?: NewsStory['picture'];
  readonly voteId?: number;
  readonly documentId?: number;
}

/** Written stories and one short report per past sitting, newest first. */
export function newsItems(today: Day, house: Chronicle): readonly NewsItem[] {
  const contested = house.votes[house.contestedVoteId - 1];
  const tonight = house.sittings.find((sitting) => sitting.date === today)?.items.find((item) => item.kind === 'vote');
  const written = NEWS_STORIES.map((story, index): NewsItem => {
    const base = {
      slug: story.slug, date: addDays(today, -story.daysAgo), clock: story.clock, section: story.section, title: story.title,
      lead: withFigures(story.lead, contested), paragraphs: story.paragraphs.map((text) => withFigures(text, contested)),
      picture: story.picture,
    };
    if (story.contested) return { ...base, voteId: contested.id, documentId: contested.documentId };
    return index === 0 ? { ...base, documentId: tonight?.documentId } : base;
  });
  const reports = house.sittings
    .filter((sitting) => sitting.date < addDays(today, -1))
    .map((sitting) => sittingReport(sitting, house.votes));
  return [...written, ...reports].sort((left, right) => `${right.date}${right.clock}`.localeCompare(`${left.date}${left.clock}`));
}

function sittingReport(sitting: Sitting, votes: readonly Vote[]): NewsItem {
  const taken = sitting.items.flatMap((item) => (item.voteId === undefined ? [] : [votes[item.voteId - 1]]));
  const adopted = taken.filter((vote) => vote.adopted).length;
  const closest = taken.reduce((best, vote) => (margin(vote) < margin(best) ? vote : best), taken[0]);
  const question = sitting.items.find((item) => item.kind === 'questions');
  return {
    slug: `sitting-of-${sitting.date}`, date: sitting.date, clock: '20:40', section: 'Plenary',
    title: `Sitting of ${longDay(sitting.date)}: ${count(taken.length)} votes, ${adopted === taken.length ? 'all adopted' : `${count(adopted)} adopted`}`,
    lead: `The closest result: “${closest.title}”, with ${closest.totals.yes} votes to ${closest.totals.no}.`,
    paragraphs: [
      `The sitting opened at two o’clock with ${question?.title.replace('Questions', 'questions') ?? 'questions'}.`,
      ...taken.map((vote) => `${vote.title}: ${vote.adopted ? 'adopted' : 'rejected'} at ${vote.clock} by ${vote.totals.yes} votes to ${vote.totals.no}, with ${vote.totals.abstain} abstentions.`),
      'The roll calls and the papers are in the register of votes. The verbatim record follows within two working days.',
    ],
    voteId: closest.id,
  };
}

function margin(vote: Vote): number {
  return Math.abs(vote.totals.yes - vote.totals.no);
}

function count(number: number): string {
  return ['no', 'one', 'two', 'three', 'four', 'five'][number] ?? String(number);
}

function withFigures(text: string, vote: Vote): string {
  return text
    .replace('{yes}', String(vote.totals.yes))
    .replace('{no}', String(vote.totals.no))
    .replace('{abstain}', String(vote.totals.abstain));
}
