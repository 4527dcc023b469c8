import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseLanguage, RefusalPages, statusOf } from './refusal-page.ts'
import { firstValue } from '../../kernel/header-list.ts'

test('the page speaks the language the visitor prefers among those we have', () => {
  assert.equal(chooseLanguage('de-AT,de;q=0.9,en;q=0.8'), 'de')
  assert.equal(chooseLanguage('xx, fr;q=0.3, en;q=0.2'), 'fr')
  assert.equal(chooseLanguage('en;q=0.1, fr;q=nonsense'), 'en')
  assert.equal(chooseLanguage(''), 'en')
})

test('a shed answer says when to come back, is never stored and never indexed', () => {
  const answer = new RefusalPages().find('limit-shed', 'fr', 7, 0)
  assert.equal(answer.status, 503)
  assert.equal(firstValue(answer.headers, 'retry-after'), '7')
  assert.equal(firstValue(answer.headers, 'cache-control'), 'no-store')
  assert.equal(firstValue(answer.headers, 'x-robots-tag'), 'noindex')
  assert.match(Buffer.from(answer.body!).toString(), /lang="fr"[\s\S]*limit-shed/)
})

test('the same refusal is prepared once a second, so that a flood of them is one write each', () => {
  const pages = new RefusalPages()
  assert.equal(pages.find('rule-block', '', 0, 5_000), pages.find('rule-block', '', 0, 5_999))
  assert.notEqual(pages.find('rule-block', '', 0, 5_000), pages.find('rule-block', '', 0, 6_000))
})

test('a block is 403, an overload is 503, a slow origin is 504', () => {
  assert.equal(statusOf('rule-block'), 403)
  assert.equal(statusOf('queue-full'), 503)
  assert.equal(statusOf('origin-timeout'), 504)
})
