import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Statement, StatusBoard } from '../../contract/statement.ts'
import { componentNames, componentStates } from '../../contract/statement.ts'
import { pageWordsOf, templatesIn } from './page-words.ts'
import { LARGEST_PAGE_BYTES, statusFiles } from './status-files.ts'
import { statusLanguageCodes } from './words/languages.ts'

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

test('with all languages listed every page keeps its bound, in the letters that take the most bytes', () => {
  const long = 'Пояснение. '.repeat(178)
  const all = statusFiles(board(Array.from({ length: 9 }, (_, i) => statement(`s${i}`, long.slice(0, 190), long, 'bg')), statusLanguageCodes), site, now)
  const sizes = [...all].filter(([name]) => name.endsWith('.html')).map(([, { body }]) => Buffer.byteLength(body))
  assert.ok(sizes.length > 24 && Math.max(...sizes) <= LARGEST_PAGE_BYTES, `${Math.max(...sizes)}`)
  for (const language of statusLanguageCodes) {
    assert.match(all.get(`${language}.html`)!.body, new RegExp(`<html lang="${language}">`))
    assert.ok(Buffer.byteLength(statusFiles(board([], statusLanguageCodes), site, now).get(`${language}.html`)!.body) <= 6_000, `the frame in ${language}`)
  }
})

test('nothing that people write becomes markup, in HTML or in the feed', () => {
  const hostile = '</article><script>alert(1)</script>&"\'<!--]]>'
  for (const [name, { body }] of statusFiles(board([statement('s1', hostile, hostile)]), { name: hostile, contact: hostile, timeZone: 'Europe/Brussels' }, now)) {
    if (name.endsWith('.json')) assert.doesNotThrow(() => JSON.parse(body))
    else assert.doesNotMatch(body, /<script>|<!--/, name)
  }
})

test('a statement that is not in the language of the page is marked with its own', () => {
  const files = statusFiles(board([statement('s1', 'Hallo', 'x', 'de')], ['fr', 'tr']), site, now)
  assert.match(files.get('index.html')!.body, /<html lang="fr">[\s\S]*<h3 lang="de">Hallo<\/h3>[\s\S]*n’est pas disponible en français/)
  assert.match(files.get('tr.html')!.body, /<html lang="en">/)
})

test('the words and beginnings are whole in all 24 official languages, each in its own words, with the same gaps for a person to fill', () => {
  assert.equal(statusLanguageCodes.join(' '), 'bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv')
  const gaps = (template: object): number => Object.values(template).join(' ').match(/\[[^\]\n]{1,80}\]/g)?.length ?? 0
  const { words: english } = pageWordsOf('en')
  for (const language of statusLanguageCodes) {
    const { words } = pageWordsOf(language)
    assert.deepEqual([Object.keys(words), Object.keys(words.components), Object.keys(words.states)], [Object.keys(english), [...componentNames], [...componentStates]])
    assert.deepEqual(templatesIn(language).map(({ name, ...said }) => [name, gaps(said)]), templatesIn('en').map(({ name, ...said }) => [name, gaps(said)]), language)
    for (const template of templatesIn(language)) for (const part of Object.values(template)) assert.ok(part.length > 2)
    if (language === 'en') continue
    // A sentence left in English would be a copy's mistake; single words (Kontakt, Service) may well be the same.
    for (const [name, said] of Object.entries({ ...words, ...Object.assign({}, ...templatesIn(language)) })) {
      if (typeof said === 'string' && said.includes(' ')) assert.ok(!JSON.stringify(english).includes(said), `${language} ${name}: ${said}`)
    }
  }
  assert.equal(pageWordsOf('constructor').language, 'en')
  assert.equal(templatesIn('__proto__'), templatesIn('en'))
})
