import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MonotonicMs } from '../../kernel/clock.ts'
import { Request, type ClientAddress, type Reply } from '../request.ts'
import { classOf, RouteTable, type RouteWish } from './route-table.ts'

const client: ClientAddress = { family: 4, text: '192.0.2.1', high: 1, low: 0, key: 7 }

function ask(target: string, method = 'GET', upgrade = ''): Request {
  return new Request(method, target, 'a.example', 'http', 11, [], client, null, null, null as unknown as Reply, 0 as MonotonicMs, upgrade)
}

function wish(path: string, more: Partial<RouteWish> = {}): RouteWish {
  return { path, class: null, cache: null, maxBodyBytes: null, timeoutMs: null, upgrade: false, exempt: false, ...more }
}

test('without a word from the operator the class is guessed as most sites are built', () => {
  const table = new RouteTable([])
  const guess = (target: string, method?: string, upgrade?: string): string => {
    const request = ask(target, method, upgrade)
    return classOf(request, table.find(request))
  }
  assert.equal(guess('/news/42'), 'page')
  assert.equal(guess('/assets/site.CSS?v=1'), 'static')
  assert.equal(guess('/rss.xml'), 'feed')
  assert.equal(guess('/sitemap.xml'), 'page')
  assert.equal(guess('/api/v1/votes'), 'api')
  assert.equal(guess('/search?q=x'), 'search')
  assert.equal(guess('/contact', 'POST'), 'write')
  assert.equal(guess('/live', 'GET', 'websocket'), 'stream')
  assert.equal(guess('/v1.2/about'), 'page')
})

test('the first matching route of the operator decides', () => {
  const table = new RouteTable([wish('/api/search*', { class: 'search' }), wish('/api/*', { class: 'api', exempt: true })])
  const expensive = ask('/api/search?q=1')
  assert.equal(classOf(expensive, table.find(expensive)), 'search')
  const plain = ask('/api/members')
  assert.equal(table.find(plain).exempt, true)
})
