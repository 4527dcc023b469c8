import { addDays, weekdayOf, yearOf } from './calendar.ts';
import type { Day } from './calendar.ts';
import type { Member } from './members.ts';
import { DISTRICTS, PLACES } from './places.ts';
import { SeededRandom } from './seeded-random.ts';
import * as stock from './sentences.ts';
import { TOPICS } from './topics.ts';
import type { Topic } from './topic.ts';

export const DOCUMENT_KINDS = [
  'bill', 'report', 'resolution', 'question', 'petition', 'opinion', 'briefing', 'minutes',
] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** Body text: paragraphs parted by an empty line; a paragraph that starts with "## " is a heading. */
export interface ParliamentDocument {
  readonly id: number;
  readonly reference: string;
  readonly kind: DocumentKind;
  readonly topicId: string;
  readonly title: string;
  readonly date: Day;
  readonly authorSlug: string;
  readonly summary: string;
  readonly body: string;
}

const KIND_WEIGHTS: readonly DocumentKind[] = [
  'question', 'question', 'question', 'question', 'report', 'report', 'report', 'bill', 'bill', 'resolution',
  'resolution', 'petition', 'opinion', 'briefing', 'minutes',
];
const PREFIX: Record<DocumentKind, string> = {
  bill: 'B', report: 'R', resolution: 'RES', question: 'Q', petition: 'P', opinion: 'OP', briefing: 'BR', minutes: 'M',
};
const MONTH_NAMES = [
  'January', 'February', 'March', 'April', 'May', 'June', 'September', 'October', 'November', 'December',
];
/** Years of papers in the archive. */
const ARCHIVE_YEARS = 6;

/** `count` papers in order of date, the last one dated `today` or shortly before. Same seed, same papers. */
export function composeDocuments(
  seed: number, today: Day, count: number, members: readonly Member[],
): ParliamentDocument[] {
  const random = new SeededRandom(seed, 'documents');
  const numbering = new Map<string, number>();
  const papers: ParliamentDocument[] = [];
  for (let index = 0; index < count; index += 1) {
    const age = Math.floor(((count - 1 - index) / count) * ARCHIVE_YEARS * 365);
    const date = workday(addDays(today, -age));
    const kind = random.pick(KIND_WEIGHTS);
    const series = `${PREFIX[kind]} ${yearOf(date)}`;
    const number = (numbering.get(series) ?? 0) + 1;
    numbering.set(series, number);
    papers.push(compose(random, index + 1, kind, date, `${series}/${String(number).padStart(4, '0')}`, members));
  }
  return papers;
}

function workday(day: Day): Day {
  const weekday = weekdayOf(day);
  if (weekday === 0) return addDays(day, -2);
  return weekday === 6 ? addDays(day, -1) : day;
}

function compose(
  random: SeededRandom, id: number, kind: DocumentKind, date: Day, reference: string, members: readonly Member[],
): ParliamentDocument {
  const topic = random.pick(TOPICS);
  const subject = random.pick(topic.subjects);
  const place = random.pick(PLACES);
  const author = random.pick(members);
  const context: Context = {
    random, topic, subject, place, date, members,
    decks: { actor: deck(random, topic.actors), measure: deck(random, topic.measures), problem: deck(random, topic.problems) },
  };
  const fill = (template: string): string => fillSlots(template, context);
  const draw = (templates: readonly string[], count: number): string =>
    random.sample(templates, count).map(fill).join(' ');
  const body = [...BODY[kind](draw, random, topic), ...debate(random, fill, members), ...annex(fill)];
  const first = body[1];
  const stop = first.indexOf('. ', 90);
  return {
    id, reference, kind, topicId: topic.id, date, authorSlug: author.slug,
    title: titleOf(random, kind, subject, place, topic, date),
    summary: stop > 0 ? first.slice(0, stop + 1) : first,
    body: body.join('\n\n'),
  };
}

/** What members said: one paragraph each. */
function debate(random: SeededRandom, fill: (template: string) => string, members: readonly Member[]): string[] {
  const speakers = random.sample(members, random.between(4, 9));
  return [
    '## From the debate',
    ...speakers.map((speaker) => {
      const remarks = random.sample(stock.REMARKS, 3).map((template) => uncapitalised(fill(template)));
      const last = speaker.name.slice(speaker.name.indexOf(' ') + 1);
      return `${speaker.name} (${speaker.group.short}) ${remarks[0]} ${last} also ${remarks[1]} In closing, ${last} ${remarks[2]}`;
    }),
  ];
}

function annex(fill: (template: string) => string): string[] {
  return [
    '## Annex: figures by district',
    ...DISTRICTS.map((district, index) => `${district.name}: ${uncapitalised(fill(stock.DISTRICT_LINES[index % stock.DISTRICT_LINES.length]))}`),
  ];
}

function uncapitalised(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

type Draw = (templates: readonly string[], count: number) => string;

const BODY: Record<DocumentKind, (draw: Draw, random: SeededRandom, topic: Topic) => string[]> = {
  bill: (draw, random) => {
    const count = random.between(5, 8);
    const articles = Array.from({ length: count }, (_, index) =>
      index === count - 1
        ? `Article ${index + 1}. ${stock.ARTICLES[stock.ARTICLES.length - 1]}`
        : `Article ${index + 1}. ${draw(stock.ARTICLES.slice(0, -1), random.between(1, 2))}`);
    return [
      '## Explanatory statement', draw(stock.BACKGROUND, 5), draw(stock.FINDINGS, 5), '## Text of the bill', ...articles,
      '## Financial note', `${draw(stock.FINDINGS, 3)} ${draw(stock.PROPOSALS, 1)}`, '## Procedure', draw(stock.PROCEDURE, 4),
    ];
  },
  report: (draw) => [
    '## Background', draw(stock.BACKGROUND, 5), draw(stock.BACKGROUND, 4), '## Findings', draw(stock.FINDINGS, 5),
    draw(stock.FINDINGS, 6), draw(stock.FINDINGS, 4), '## Recommendations', draw(stock.PROPOSALS, 5), draw(stock.PROPOSALS, 4),
    '## Procedure', draw(stock.PROCEDURE, 5),
  ],
  resolution: (draw) => [
    '## Considerations', draw(stock.BACKGROUND, 4), draw(stock.FINDINGS, 4), draw(stock.BACKGROUND, 3), '## The house', draw(stock.PROPOSALS, 5),
    draw(stock.PROPOSALS, 3), '## Procedure', draw(stock.PROCEDURE, 4),
  ],
  question: (draw) => [
    '## Question', draw(stock.BACKGROUND, 3), draw(stock.QUESTIONS, 4), '## Answer of the minister', draw(stock.ANSWERS, 5),
    draw(stock.FINDINGS, 4), draw(stock.PROPOSALS, 2),
  ],
  petition: (draw) => [
    '## Summary of the petition', draw(stock.BACKGROUND, 4), draw(stock.FINDINGS, 4), '## Admissibility', draw(stock.PROCEDURE, 4),
    '## Decision', draw(stock.PROPOSALS, 4), draw(stock.ANSWERS, 3),
  ],
  opinion: (draw) => [
    '## Scope', draw(stock.BACKGROUND, 4), '## Assessment', draw(stock.FINDINGS, 6), draw(stock.FINDINGS, 4), '## Suggested amendments',
    draw(stock.PROPOSALS, 5), draw(stock.PROCEDURE, 3),
  ],
  briefing: (draw) => [
    '## Key points', draw(stock.FINDINGS, 5), '## Where things stand', draw(stock.BACKGROUND, 6), draw(stock.FINDINGS, 6),
    '## Options for the house', draw(stock.PROPOSALS, 5), '## Further reading', draw(stock.PROCEDURE, 3),
  ],
  minutes: (draw) => [
    '## Opening', `The chair opened the meeting at ten minutes past nine. ${draw(stock.PROCEDURE, 3)}`, '## Exchange of views',
    draw(stock.FINDINGS, 5), draw(stock.ANSWERS, 4), draw(stock.PROPOSALS, 3), '## Any other business', draw(stock.BACKGROUND, 3),
    draw(stock.PROCEDURE, 3),
  ],
};

function titleOf(
  random: SeededRandom, kind: DocumentKind, subject: string, place: string, topic: Topic, date: Day,
): string {
  const year = yearOf(date);
  switch (kind) {
    case 'bill':
      return random.pick([
        `Bill on ${subject}`, `Bill amending the rules on ${subject}`, `Bill on ${subject} (transitional measures)`,
        `Bill ${year} on the financing of ${subject}`,
      ]);
    case 'report':
      return random.pick([
        `Report on ${subject}`, `Report on ${subject} in ${place}`, `Follow-up report on ${subject}`,
        `Inquiry into ${subject}: final report`, `Annual report ${year - 1} on ${subject}`,
      ]);
    case 'resolution':
      return random.pick([`Resolution on ${subject}`, `Resolution on the state of ${subject} in ${place}`, `Resolution calling for action on ${subject}`]);
    case 'question':
      return random.pick([`Written question on ${subject}`, `Written question on ${subject} in ${place}`, `Oral question on ${subject}`, `Further question on ${subject} near ${place}`]);
    case 'petition':
      return random.pick([`Petition from residents of ${place} on ${subject}`, `Petition on ${subject}`]);
    case 'opinion':
      return `Opinion of the ${topic.committee} Committee on ${subject}`;
    case 'briefing':
      return random.pick([`Research briefing: ${subject}`, `Research briefing: ${subject} compared across districts`]);
    case 'minutes':
      return `Minutes of the ${topic.committee} Committee, item ${subject}`;
  }
}

interface Context {
  readonly random: SeededRandom;
  readonly topic: Topic;
  readonly subject: string;
  readonly place: string;
  readonly date: Day;
  readonly members: readonly Member[];
  readonly decks: Readonly<Record<'actor' | 'measure' | 'problem', () => string>>;
}

/** Draws all the words before it draws one again, so that a paper does not repeat itself at once. */
function deck(random: SeededRandom, words: readonly string[]): () => string {
  let rest: string[] = [];
  return () => {
    if (rest.length === 0) rest = random.sample(words, words.length);
    return rest.pop() ?? '';
  };
}

function fillSlots(template: string, context: Context): string {
  let text = '';
  let from = 0;
  for (;;) {
    const open = template.indexOf('{', from);
    if (open < 0) break;
    const close = template.indexOf('}', open);
    text += template.slice(from, open) + slot(template.slice(open + 1, close), context);
    from = close + 1;
  }
  text += template.slice(from);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function slot(name: string, { random, topic, subject, place, date, members, decks }: Context): string {
  switch (name) {
    case 'subject': return subject;
    case 'actor': return decks.actor();
    case 'measure': return decks.measure();
    case 'problem': return decks.problem();
    case 'committee': return topic.committee;
    case 'member': return random.pick(members).name;
    case 'place': return random.chance(0.4) ? place : random.pick(PLACES);
    case 'year': return String(yearOf(date) - random.between(1, 9));
    case 'future': return String(yearOf(date) + random.between(3, 15));
    case 'small': return SMALL_NUMBERS[random.between(0, SMALL_NUMBERS.length - 1)];
    case 'number': return (random.between(2, 96) * random.pick([10, 25, 50])).toLocaleString('en');
    case 'percent': return String(random.between(4, 71));
    case 'money': return `${random.between(2, 480)} million crowns`;
    case 'month': return random.pick(MONTH_NAMES);
    default: throw new Error(`unknown slot {${name}}`);
  }
}

const SMALL_NUMBERS = ['three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'];
