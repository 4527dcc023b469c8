import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateConditions, rangeStillValid } from './conditions.ts';

const MODIFIED = new Date('2026-03-10T09:00:00.400Z');
const SAME = 'Tue, 10 Mar 2026 09:00:00 GMT';
const EARLIER = 'Mon, 09 Mar 2026 09:00:00 GMT';

test('a known tag needs no new body, weak or not', () => {
  assert.equal(evaluateConditions({ 'if-none-match': '"x", W/"a"' }, '"a"', undefined, true), 'not-modified');
  assert.equal(evaluateConditions({ 'if-none-match': '*' }, '"a"', undefined, true), 'not-modified');
  assert.equal(evaluateConditions({ 'if-none-match': '"b"' }, '"a"', undefined, true), 'send');
});

test('the tag decides, not the date', () => {
  assert.equal(evaluateConditions({ 'if-none-match': '"b"', 'if-modified-since': SAME }, '"a"', MODIFIED, true), 'send');
});

test('dates compare by the second', () => {
  assert.equal(evaluateConditions({ 'if-modified-since': SAME }, undefined, MODIFIED, true), 'not-modified');
  assert.equal(evaluateConditions({ 'if-modified-since': EARLIER }, undefined, MODIFIED, true), 'send');
  assert.equal(evaluateConditions({ 'if-modified-since': 'yesterday' }, undefined, MODIFIED, true), 'send');
});

test('a condition on the old version fails when it is gone', () => {
  assert.equal(evaluateConditions({ 'if-match': '"b"' }, '"a"', undefined, true), 'failed');
  assert.equal(evaluateConditions({ 'if-match': 'W/"a"' }, '"a"', undefined, true), 'failed');
  assert.equal(evaluateConditions({ 'if-match': '"a"' }, '"a"', undefined, true), 'send');
  assert.equal(evaluateConditions({ 'if-unmodified-since': EARLIER }, undefined, MODIFIED, true), 'failed');
});

test('a part is sent only of the version that was asked for', () => {
  assert.equal(rangeStillValid(undefined, '"a"', undefined), true);
  assert.equal(rangeStillValid('"a"', '"a"', undefined), true);
  assert.equal(rangeStillValid('"b"', '"a"', undefined), false);
  assert.equal(rangeStillValid('W/"a"', 'W/"a"', undefined), false);
  assert.equal(rangeStillValid(SAME, undefined, MODIFIED), true);
  assert.equal(rangeStillValid(EARLIER, undefined, MODIFIED), false);
});
