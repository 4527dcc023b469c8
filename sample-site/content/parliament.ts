import { Archive } from '../archive/archive.ts';
import { addDays, yearOf } from './calendar.ts';
import type { Day } from './calendar.ts';
import { composeDocuments } from './compose-document.ts';
import type { DocumentKind, ParliamentDocument } from './compose-document.ts';
import { CONTESTED_RESOLUTION, CROSSINGS_BILL } from './contested-resolution.ts';
import { generateMembers } from './members.ts';
import type { Member } from './members.ts';
import { newsItems } from './news.ts';
import type { NewsItem } from './news.ts';
import { chronicle } from './sittings.ts';
import type { Chronicle } from './sittings.ts';

/** Everything the site shows. A function of seed, day and number of papers, and of nothing else. */
export interface Parliament {
  readonly today: Day;
  readonly members: readonly Member[];
  readonly memberBySlug: ReadonlyMap<string, Member>;
  readonly house: Chronicle;
  readonly news: readonly NewsItem[];
  readonly archive: Archive;
}

/** @param documentCount whole number, at least 200: the votes need papers to be about. */
export function foundParliament(seed: number, today: Day, documentCount: number): Parliament {
  const members = generateMembers(seed, yearOf(today));
  const documents = composeDocuments(seed, addDays(today, -2), documentCount - 2, members);
  documents.push(
    written(documents, 'resolution', addDays(today, -1), CONTESTED_RESOLUTION, 'petra-lindqvist'),
    written(documents, 'bill', today, CROSSINGS_BILL, 'petra-lindqvist', 2),
  );
  const house = chronicle(seed, today, documents, members);
  return {
    today, members, house,
    memberBySlug: new Map(members.map((member) => [member.slug, member])),
    news: newsItems(today, house),
    archive: new Archive(documents),
  };
}

function written(
  before: readonly ParliamentDocument[], kind: DocumentKind, date: Day,
  text: { readonly title: string; readonly summary: string; readonly body: string }, authorSlug: string, place = 1,
): ParliamentDocument {
  const series = `${kind === 'bill' ? 'B' : 'RES'} ${yearOf(date)}/`;
  const number = before.filter((paper) => paper.reference.startsWith(series)).length + 1;
  return {
    id: before.length + place, kind, date, authorSlug, topicId: 'foreign', reference: series + String(number).padStart(4, '0'),
    title: text.title, summary: text.summary, body: text.body,
  };
}
