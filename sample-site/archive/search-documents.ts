/**
 * Why: the site's search is the request that hurts, as on many public sites: no full-text index, a LIKE scan over
 * every paper for each word, one more scan for each column of counts beside the results, and the ranking done in the
 * application. Nothing here sleeps or spins; the time goes into SQLite comparing text and into JavaScript counting words.
 *
 * Cost: a request of w words scans the whole text w x `spellings` times for the papers and w times for each of the two
 * counts, and scores what it found. `spellings` is the site's --search-cost: how many spellings of each word are tried.
 * 0 looks at titles only, which costs next to nothing.
 */
import type { Archive } from './archive.ts';

interface SearchHit {
  readonly id: number;
  readonly reference: string;
  readonly kind: string;
  readonly title: string;
  readonly date: string;
  readonly score: number;
  readonly extract: string;
}

interface SearchCount {
  readonly value: string;
  readonly count: number;
}

export interface SearchResult {
  readonly words: readonly string[];
  readonly byKind: readonly SearchCount[];
  readonly byYear: readonly SearchCount[];
  readonly total: number;
  readonly hits: readonly SearchHit[];
}

interface Row {
  readonly id: number;
  readonly reference: string;
  readonly kind: string;
  readonly title: string;
  readonly date: string;
  readonly body: string;
}

/** Words beyond this many are ignored, as they only multiply the scans. */
const MAX_WORDS = 4;
const MIN_WORD_LENGTH = 2;
const TITLE_WEIGHT = 12;
const EXTRACT_CHARACTERS = 220;
const ENDINGS = ['', 's', 'ing', 'ed', 'er', 'es', 'ment', 'al', 'ly', 'ion'];
export const MAX_SPELLINGS = ENDINGS.length;

/** The words of a query as the search understands them: lower case, letters and digits, at most four. */
export function searchWords(query: string): string[] {
  const words = query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return [...new Set(words.filter((word) => word.length >= MIN_WORD_LENGTH))].slice(0, MAX_WORDS);
}

/** Papers that contain every word, best first; `page` counts from 1. */
export function searchDocuments(
  archive: Archive, query: string, spellings: number, page: number, perPage: number,
): SearchResult {
  const words = searchWords(query);
  if (words.length === 0) return { words, total: 0, hits: [], byKind: [], byYear: [] };
  const columns = spellings === 0 ? 'lower(title)' : 'lower(title || char(10) || body)';
  const scan = archive.database.prepare(
    `SELECT id, reference, kind, title, date, body FROM document WHERE ${columns} LIKE ?`,
  );
  let scores: Map<number, { row: Row; score: number }> | undefined;
  for (const word of words) {
    const found = new Map<number, { row: Row; score: number }>();
    for (const spelling of spellingsOf(word, Math.max(1, spellings))) {
      for (const row of scan.all(`%${spelling}%`) as unknown as Row[]) {
        if (scores !== undefined && !scores.has(row.id)) continue;
        const before = found.get(row.id)?.score ?? scores?.get(row.id)?.score ?? 0;
        found.set(row.id, { row, score: before + scoreOf(row, spelling) });
      }
    }
    scores = found;
  }
  const ranked = [...(scores ?? new Map<number, { row: Row; score: number }>()).values()].sort(
    (left, right) => right.score - left.score || right.row.id - left.row.id,
  );
  return {
    words,
    byKind: countBy(archive, columns, 'kind', words),
    byYear: countBy(archive, columns, 'substr(date, 1, 4)', words),
    total: ranked.length,
    hits: ranked.slice((page - 1) * perPage, page * perPage).map(({ row, score }) => ({
      id: row.id, reference: row.reference, kind: row.kind, title: row.title, date: row.date, score, extract: extractOf(row.body, words),
    })),
  };
}

function countBy(archive: Archive, columns: string, value: string, words: readonly string[]): SearchCount[] {
  const where = words.map(() => `${columns} LIKE ?`).join(' AND ');
  return archive.database
    .prepare(`SELECT ${value} AS value, count(*) AS count FROM document WHERE ${where} GROUP BY 1 ORDER BY 2 DESC, 1 DESC`)
    .all(...words.map((word) => `%${word}%`)) as unknown as SearchCount[];
}

/** The word as typed, then its stem with other endings. */
function spellingsOf(word: string, count: number): string[] {
  const stem = word.replace(/(ies|ing|ed|es|s|er|ment|al|ly|ion)$/, '');
  const others = ENDINGS.map((ending) => stem + ending).filter((spelling) => spelling !== word && spelling.length > 1);
  return [word, ...others].slice(0, count);
}

/** Occurrences in text and title, worth less in long papers and more at the start. */
function scoreOf(row: Row, word: string): number {
  const body = row.body.toLowerCase();
  let occurrences = 0;
  let early = 0;
  for (let at = body.indexOf(word); at >= 0; at = body.indexOf(word, at + word.length)) {
    occurrences += 1;
    early += 1 - at / body.length;
  }
  const inTitle = row.title.toLowerCase().includes(word) ? TITLE_WEIGHT : 0;
  return inTitle + (occurrences + early) / Math.log2(16 + body.length);
}

function extractOf(body: string, words: readonly string[]): string {
  const text = body.replace(/^## .*$/gm, '').replace(/\s+/g, ' ').trim();
  const at = text.toLowerCase().indexOf(words[0]);
  const start = Math.max(0, at - 80);
  const from = start === 0 ? 0 : text.indexOf(' ', start) + 1;
  const cut = text.slice(from, from + EXTRACT_CHARACTERS);
  const end = text.length > from + EXTRACT_CHARACTERS ? cut.lastIndexOf(' ') : cut.length;
  return `${from > 0 ? '… ' : ''}${cut.slice(0, end)}${end < cut.length ? ' …' : ''}`;
}
