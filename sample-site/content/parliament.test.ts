import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addDays, isDay } from './calendar.ts';
import { GROUPS } from './groups.ts';
import { CONTESTED_SLUG } from './news-stories.ts';
import { foundParliament } from './parliament.ts';

const TODAY = '2026-03-10';
const PAPERS = 300;

test('the same seed and day found the same parliament', () => {
  const one = foundParliament(5, TODAY, PAPERS);
  const two = foundParliament(5, TODAY, PAPERS);
  assert.deepEqual(one.members, two.members);
  assert.deepEqual(one.house, two.house);
  assert.deepEqual(one.news, two.news);
  assert.deepEqual(one.archive.document(150), two.archive.document(150));
  const other = foundParliament(6, TODAY, PAPERS);
  assert.notDeepEqual(one.archive.document(150), other.archive.document(150));
  for (const { archive } of [one, two, other]) archive.close();
});

test('on any day and with any seed, last night was contested and tonight there is a vote', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 4000 }), (seed, days) => {
      const today = addDays('2024-01-01', days);
      const { house, news, archive, members } = foundParliament(seed, today, 200);
      try {
        const vote = house.votes[house.contestedVoteId - 1];
        assert.equal(vote.date, addDays(today, -1));
        assert.ok(vote.adopted && vote.totals.no > 35, JSON.stringify(vote.totals));
        assert.ok(house.sittings.find((sitting) => sitting.date === today)?.items.some((item) => item.kind === 'vote' && item.voteId === undefined));
        assert.ok(house.sittings.some((sitting) => sitting.date > today));
        assert.match(news.find((item) => item.slug === CONTESTED_SLUG)?.lead ?? '', new RegExp(`${vote.totals.yes} votes to ${vote.totals.no}`));
        assert.equal(new Set(members.map((member) => member.slug)).size, 151);
        assert.equal(new Set(news.map((item) => item.slug)).size, news.length);
      } finally {
        archive.close();
      }
    }),
    { numRuns: 12 },
  );
});

test('every vote counts every seat once', () => {
  const { house, members, archive } = foundParliament(5, TODAY, PAPERS);
  archive.close();
  assert.equal(GROUPS.reduce((sum, group) => sum + group.seats, 0), members.length);
  for (const vote of house.votes) {
    assert.equal(vote.casts.length, members.length);
    assert.equal(vote.totals.yes + vote.totals.no + vote.totals.abstain + vote.totals.absent, members.length);
    assert.equal(vote.casts.filter((cast) => cast === 'yes').length, vote.totals.yes);
  }
});

test('papers come in order, are numbered once, and leave no slot unfilled', () => {
  const { archive } = foundParliament(5, TODAY, PAPERS);
  const papers = archive.allDates().map(({ id }) => archive.document(id));
  archive.close();
  assert.equal(papers.length, PAPERS);
  assert.equal(new Set(papers.map((paper) => paper?.reference)).size, PAPERS);
  for (const [index, paper] of papers.entries()) {
    assert.ok(paper !== undefined && isDay(paper.date) && paper.date <= TODAY);
    assert.ok(index === 0 || (papers[index - 1]?.date ?? '') <= paper.date);
    assert.doesNotMatch(`${paper.title}${paper.summary}${paper.body}`, /[{}]|undefined|NaN/);
  }
});

test('only real days are days', () => {
  assert.ok(isDay('2024-02-29'));
  for (const text of ['2026-02-29', '2026-13-01', '26-01-01', '2026-1-1', 'today', '']) assert.ok(!isDay(text), text);
});
