import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from './answer.ts';
import { Router } from './router.ts';

const handle = () => json({});
const router = new Router([
  { method: 'GET', path: '/documents/:id.pdf', handle },
  { method: 'GET', path: '/documents/:id', handle },
  { method: 'GET', path: '/contact', handle },
  { method: 'POST', path: '/contact', handle },
]);

test('a path finds its route and its parts', () => {
  const match = router.match('GET', '/documents/12.pdf');
  assert.ok(match.found === 'route');
  assert.deepEqual(match.params, { id: '12' });
  assert.equal(router.match('GET', '/documents/').found, 'nothing');
  assert.equal(router.match('GET', '/documents/.pdf').found, 'route', 'an empty name is no PDF, but a document called .pdf');
});

test('HEAD goes where GET goes, other methods learn what is allowed', () => {
  assert.equal(router.match('HEAD', '/contact').found, 'route');
  const match = router.match('DELETE', '/contact');
  assert.ok(match.found === 'other-method');
  assert.equal(match.allow, 'GET, HEAD, POST, OPTIONS');
});

test('a broken escape is no path of ours', () => {
  assert.equal(router.match('GET', '/documents/%E0%A4%A').found, 'nothing');
});
