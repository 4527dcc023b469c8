import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { foundParliament } from '../content/parliament.ts';
import { searchDocuments, searchWords } from './search-documents.ts';

const { archive } = foundParliament(5, '2026-03-10', 300);
after(() => archive.close());

test('papers that hold every word are found, the best first', () => {
  const { hits, total, byKind } = searchDocuments(archive, 'Vostmark ferries', 1, 1, 20);
  assert.equal(hits[0].title, 'Resolution on the detention of ferry crews by the authorities of Vostmark');
  assert.equal(byKind.reduce((sum, { count }) => sum + count, 0), total);
  for (const hit of hits) assert.match(archive.document(hit.id)?.body ?? '', /vostmark/i);
  assert.ok(hits.every((hit, index) => index === 0 || hits[index - 1].score >= hit.score));
});

test('more spellings find at least as much, titles alone at most as much', () => {
  const titles = searchDocuments(archive, 'permits', 0, 1, 5).total;
  const typed = searchDocuments(archive, 'permits', 1, 1, 5).total;
  const spelled = searchDocuments(archive, 'permits', 4, 1, 5).total;
  assert.ok(titles <= typed && typed <= spelled, `${titles} ${typed} ${spelled}`);
});

test('pages of the results follow each other', () => {
  const all = searchDocuments(archive, 'committee', 1, 1, 10).hits.map((hit) => hit.id);
  const second = searchDocuments(archive, 'committee', 1, 2, 5).hits.map((hit) => hit.id);
  assert.deepEqual(second, all.slice(5));
});

test('no query breaks the search', () => {
  fc.assert(
    fc.property(fc.string(), (query) => {
      const { words, total, hits } = searchDocuments(archive, query, 1, 1, 3);
      assert.deepEqual(words, searchWords(query));
      assert.ok(hits.length <= total);
    }),
    { numRuns: 30 },
  );
});
