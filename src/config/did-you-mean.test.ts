import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestWord } from './did-you-mean.ts'

const known = ['listen', 'origin', 'headerDeadlineMs', 'headerDeadlineCrowdedMs', 'memoryBytes', 'off']

test('a slip, another case, another separator or a forgotten unit leads to the word meant', () => {
  for (const [word, meant] of [['lisen', 'listen'], ['lsiten', 'listen'], ['LISTEN', 'listen'], ['orgin', 'origin'], ['header-deadline-ms', 'headerDeadlineMs'], ['headerDeadline', 'headerDeadlineMs'], ['headerDeadlineSeconds', 'headerDeadlineMs'], ['memoryMB', 'memoryBytes'], ['of', 'off']] as const) {
    assert.equal(nearestWord(word, known), meant, word)
  }
})

test('a word that resembles nothing gets no guess', () => {
  for (const word of ['', 'colour', 'x', 'toString', 'deadline', 'a'.repeat(5_000)]) assert.equal(nearestWord(word, known), '', word)
})
