import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostTable } from './host-table.ts'

test('a known host is known with any port, an unknown one is not', () => {
  const table = new HostTable(['parliament.example', '*.city.example', '[::1]'])
  for (const host of ['parliament.example', 'parliament.example:8443', 'www.city.example', '[::1]:8080', '[::1]']) assert.ok(table.knows(host), host)
  for (const host of ['evil.example', 'city.example', 'xparliament.example', '', '127.0.0.1']) assert.ok(!table.knows(host), host)
})

test('without a list every host is served', () => {
  assert.ok(new HostTable([]).knows('anything'))
})
