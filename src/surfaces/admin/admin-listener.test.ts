import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type AdminListener, openAdminListener } from './admin-listener.ts'

let listener: AdminListener
let unhealthy: string | null = null
let unready: string | null = 'an edge worker is starting'

before(async () => {
  listener = await openAdminListener('127.0.0.1', 0, { metrics: () => ({ type: 'text/plain', text: 'x 1\n' }), unhealthy: () => unhealthy, unready: () => unready })
})
after(() => listener.close())

test('metrics are given as they are, never stored', async () => {
  const response = await fetch(`${listener.url}/metrics`)
  assert.equal(await response.text(), 'x 1\n')
  assert.equal(response.headers.get('cache-control'), 'no-store')
})

test('health and readiness are 200 or 503 with the reason in words', async () => {
  assert.equal((await fetch(`${listener.url}/healthz`)).status, 200)
  const starting = await fetch(`${listener.url}/readyz`)
  assert.equal(starting.status, 503)
  assert.equal(await starting.text(), 'an edge worker is starting\n')
  unready = null
  unhealthy = 'no edge worker is running'
  assert.equal((await fetch(`${listener.url}/readyz`)).status, 200)
  assert.equal((await fetch(`${listener.url}/healthz`)).status, 503)
})

test('it has no acts: anything but reading is refused', async () => {
  for (const method of ['POST', 'PUT', 'DELETE']) assert.equal((await fetch(`${listener.url}/metrics`, { method })).status, 405)
  assert.equal((await fetch(`${listener.url}/secrets`)).status, 404)
})
