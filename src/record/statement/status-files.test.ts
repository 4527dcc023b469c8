import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Statement, StatusBoard } from '../../contract/statement.ts'
import { componentNames, componentStates } from '../../contract/statement.ts'
import { pageLanguages, pageWordsOf } from './page-words.ts'
import { LARGEST_PAGE_BYTES, statusFiles } from './status-files.ts'
import { templateLanguages, templatesIn } from './templates.ts'

const now = Date.UTC(2026, 10, 23, 22)
const statement = (id: string, title: string, part = 'x', language = 'en'): Statement => ({
  id, incidentId: null, texts: [{ language, title, know: part, notKnown: part, doing: part, next: part }], stage: 'published', draftedBy: 'a', writers: ['a'], approvedBy: 'b', publishedBy: 'c', createdAtWallMs: now, publishedAtWallMs: now,
})
const board = (statements: readonly Statement[], languages: readonly string[] = ['en']): StatusBoard => ({
  components: componentNames.map((name) => ({ name, state: 'works' as const, automatic: true, sinceWallMs: 0 })), statements, automaticState: true, fourEyes: false, languages, exportedAtWallMs: null, exportFolder: '', trouble: '', listen: '',
})
const site = { name: 'Parliament', contact: 'press@example', timeZone: 'UTC' }

test('every page is at most 30 kB, whatever is said, and every statement can be reached by links', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 900 })), { maxLength: 40 }), (said) => {
    const files = statusFiles(board(said.map(([title, part], i) => statement(`s${i}`, title, part))), site, now)
    for (const [name, { body }] of files) if (name.endsWith('.html')) assert.ok(Buffer.byteLength(body) <= LARGEST_PAGE_BYTES, `${name}: ${Buffer.byteLength(body)}`)
    const seen = new Set<string>()
    for (let page = 'index.html'; page !== undefined && !seen.has(page);) {
      seen.add(page)
      const { body } = files.get(page)!
      for (const [, target] of body.matchAll(/href="([^"#]+)/g)) assert.ok(files.has(target!), target)
      for (const [, id] of body.matchAll(/<article id="s-(s\d+)"/g)) seen.add(id!)
      page = /href="([^"]+)" rel="next"/.exec(body)?.[1] as string
    }
    for (let i = 0; i < said.length; i++) assert.ok(seen.has(`s${i}`))
  }), { numRuns: 60 })
})

test('nothing that people write becomes markup, in HTML or in the feed', () => {
  const hostile = '</article><script>alert(1)</script>&"\'<!--]]>'
  for (const [name, { body }] of statusFiles(board([statement('s1', hostile, hostile)]), { name: hostile, contact: hostile, timeZone: 'Europe/Brussels' }, now)) {
    if (name.endsWith('.json')) assert.doesNotThrow(() => JSON.parse(body))
    else assert.doesNotMatch(body, /<script>|<!--/, name)
  }
})

test('a statement that is not in the language of the page is marked with its own', () => {
  const files = statusFiles(board([statement('s1', 'Hallo', 'x', 'de')], ['fr', 'fi']), site, now)
  assert.match(files.get('index.html')!.body, /<html lang="fr">[\s\S]*<h3 lang="de">Hallo<\/h3>[\s\S]*n’est pas disponible en français/)
  assert.match(files.get('fi.html')!.body, /<html lang="en">/)
})

test('words and templates are whole in every language that has them', () => {
  const { words: english } = pageWordsOf('en')
  for (const language of pageLanguages) {
    const { words } = pageWordsOf(language)
    assert.deepEqual([Object.keys(words), Object.keys(words.components), Object.keys(words.states)], [Object.keys(english), [...componentNames], [...componentStates]])
  }
  for (const language of templateLanguages) {
    assert.deepEqual(templatesIn(language).map((one) => one.name), templatesIn('en').map((one) => one.name))
    for (const template of templatesIn(language)) for (const part of Object.values(template)) assert.ok(part.length > 2)
  }
  assert.equal(pageWordsOf('constructor').language, 'en')
  assert.equal(templatesIn('__proto__'), templatesIn('en'))
})
