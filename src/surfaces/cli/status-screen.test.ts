import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coloursFor } from './colour.ts'
import { attack } from './status-rig.ts'
import { statusScreen } from './status-screen.ts'

const plain = coloursFor({ isTTY: false, write: () => true }, true)

test('a thread that does not stay up is told with what it died of and when it is tried again', () => {
  assert.doesNotMatch(statusScreen(attack, plain), /stay up/)
  const screen = statusScreen({ ...attack, workers: { ...attack.workers, troubles: [{ thread: 'lifeline', deaths: 9, reason: 'unable to open database file', startsAgainInMs: 25_600 }, { thread: 'console', deaths: 3, reason: '', startsAgainInMs: 0 }] } }, plain)
  assert.match(screen, /lifeline does not stay up: it died 9 times in a row \(unable to open database file\); started again in 2[56] s/)
  assert.match(screen, /console does not stay up: it died 3 times in a row; started again now/)
})
