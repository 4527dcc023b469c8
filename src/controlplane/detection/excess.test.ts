import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExcessPicture } from '../../contract/control.ts'
import { routeClasses } from '../../contract/route-class.ts'
import { SAMPLE_WORDS } from '../../contract/sample.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { type SampleField, fieldIndex } from '../evidence.ts'
import { Baseline } from './baseline.ts'
import type { BaselineShares } from './baseline-shares.ts'
import { ClientFacts } from './client-facts.ts'
import { measureExcess } from './excess.ts'
import { RequestWindow } from './request-window.ts'
import { SeenNetworks } from './seen-networks.ts'

const normal: BaselineShares = { rows: 20_000, protected: 0, proven: 0.9, judged: 0.01, echoing: 0.7, failing: 0 }

function pictureOf(requests: ReadonlyArray<Partial<Record<SampleField, number>>>, expectedPerSecond = 0, echoing = 0.7): ExcessPicture {
  const window = new RequestWindow(10, 1_024)
  const facts = new ClientFacts(4_096)
  window.begin(1, 1, requests.length)
  for (const fields of requests) {
    const words = new Uint32Array(SAMPLE_WORDS)
    for (const [name, value] of Object.entries(fields)) words[fieldIndex[name as SampleField]] = value
    window.add(words, 0)
    facts.see(words[fieldIndex.clientKey], 1, words[fieldIndex.clientRequests], words[fieldIndex.clientPages], words[fieldIndex.clientStatics], words[fieldIndex.clientEchoes], false)
  }
  window.judge(facts, 1)
  return measureExcess(window, new Baseline(new SeededRandom(1)), { ...normal, echoing }, expectedPerSecond, [], new SeenNetworks())
}

/** A page and its four parts; the cookie of the page's script comes with the next page, if there is one. */
function visit(client: number, pages: number): Array<Partial<Record<SampleField, number>>> {
  const requests: Array<Partial<Record<SampleField, number>>> = []
  for (let page = 0; page < pages; page++) {
    const before = requests.length
    const echoes = page === 0 ? 0 : (page - 1) * 5
    requests.push({ clientKey: client, clientRequests: before + 1, clientPages: page, clientStatics: page * 4, clientEchoes: page === 0 ? 0 : echoes + 1, pathClass: routeClasses.indexOf('page') })
    for (let part = 1; part <= 4; part++) {
      requests.push({ clientKey: client, clientRequests: before + 1 + part, clientPages: page + 1, clientStatics: page * 4 + part, clientEchoes: page === 0 ? 0 : echoes + 1 + part, pathClass: routeClasses.indexOf('static') })
    }
  }
  return requests
}

test('a crowd that reads one page with its parts is not reproached with cookies it was never asked for', () => {
  const picture = pictureOf(Array.from({ length: 150 }, (_, client) => visit(client + 1, 1)).flat())
  assert.equal(picture.requests, 750)
  assert.equal(picture.echoRows, 0)
})

test('visitors who come back with their cookie are counted for it', () => {
  const picture = pictureOf(Array.from({ length: 100 }, (_, client) => visit(client + 1, 2)).flat())
  assert.ok(picture.echoRows >= 400)
  assert.equal(picture.echoShare, 1)
})

test('machines that come back without a cookie and without parts are', () => {
  const picture = pictureOf(Array.from({ length: 150 }, (_, client) => [1, 2, 3, 4].map((n) => ({ clientKey: client + 1, clientRequests: n, clientPages: n - 1, pathClass: routeClasses.indexOf('page') }))).flat())
  assert.ok(picture.echoRows >= 400)
  assert.equal(picture.echoShare, 0)
})

test('normal traffic at its normal rate has no returning clients to reproach, however many return', () => {
  const everyday = Array.from({ length: 100 }, (_, client) => visit(client + 1, 2)).flat()
  const echoing = everyday.filter((one) => (one.clientEchoes ?? 0) > 0).length / everyday.length
  assert.ok(pictureOf(everyday, everyday.length, echoing).echoRows < 1)
})
