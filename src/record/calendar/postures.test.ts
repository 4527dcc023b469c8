import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaultsOf } from '../../kernel/option.ts'
import { HOUR_MS } from '../../kernel/units.ts'
import { calendarOptions, readSource } from './options.ts'
import { inForce, posturesOf, strictest, WordList } from './postures.ts'

const settings = { ...defaultsOf(calendarOptions), alertWords: ['vote*', 'state budget'], watchWords: ['plenary'] }
const noon = Date.UTC(2026, 10, 23, 12)
const event = (title: string, categories: readonly string[] = [], fromWallMs = noon, toWallMs = noon + HOUR_MS) => ({ title, categories, fromWallMs, toWallMs })

test('words are found whole, in any case, in title and categories, with * for any ending', () => {
  const words = new WordList(settings.alertWords)
  for (const title of ['Vote on it', 'the VOTES', 'Debate (voting)', 'State  budget, first reading']) assert.equal(words.finds(event(title)), title !== 'Debate (voting)', title)
  assert.equal(words.finds(event('Sitting', ['Votes'])), true)
  assert.equal(words.finds(event('Devoted to art')), false)
  assert.equal(new WordList(['ψηφοφορία']).finds(event('Τελική Ψηφοφορία')), true)
  assert.equal(new WordList(['c++', '(a)']).finds(event('On C++ and (a) list')), true)
})

test('alert holds from six hours before to twelve hours after, and wins over watch', () => {
  const postures = posturesOf('plenary', [event('Plenary: vote'), event('Plenary')], settings)
  assert.deepEqual(postures.map((one) => [one.name, (one.fromWallMs - noon) / HOUR_MS, (one.untilWallMs - noon) / HOUR_MS]), [['alert', -6, 13], ['watch', -6, 13]])
  assert.equal(inForce(postures, noon - 6 * HOUR_MS - 1).length, 0)
  assert.equal(inForce(postures, noon - 6 * HOUR_MS).length, 2)
  assert.equal(inForce(postures, noon + 13 * HOUR_MS).length, 0)
  assert.deepEqual(strictest(postures), { sensitivity: 0.5, rehearseChallenge: true, refreshLifeline: true, tell: true })
  assert.equal(strictest([]).sensitivity, 1)
})

test('an event that no word names changes nothing', () => {
  assert.deepEqual(posturesOf('plenary', [event('School visit')], settings), [])
  assert.deepEqual(posturesOf('plenary', [event('Vote')], defaultsOf(calendarOptions)), [])
})

test('any phrase that the settings take finds itself, and never throws', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.string({ maxLength: 60 }), (phrase, title) => {
    if (calendarOptions.alertWords.check(phrase) !== null || /\*/.test(phrase)) return
    const words = new WordList([phrase])
    words.finds(event(title))
    assert.equal(words.finds(event(phrase)), true)
  }))
})

test('sources are a name and a file or a web address', () => {
  assert.deepEqual(readSource('plenary=webcal://www.example/a.ics'), { name: 'plenary', from: 'https://www.example/a.ics' })
  assert.deepEqual(readSource('own=/etc/polder/own.ics'), { name: 'own', from: '/etc/polder/own.ics' })
  for (const bad of ['plenary', 'a b=x', '=x', 'x=', 'x=ftp://host/a', 'x=file:///etc/passwd', '../x=a']) assert.equal(readSource(bad), null, bad)
})
