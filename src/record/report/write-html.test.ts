import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Parser } from 'htmlparser2'
import type { Incident } from '../../contract/incident.ts'
import { reportKinds } from '../../contract/report.ts'
import { composeReport } from './compose-report.ts'
import { factsOf, hostileText, richIncident, settingsFor } from './report.testing.ts'
import { writeHtml } from './write-html.ts'

interface Shape {
  readonly tags: string[]
  text: string
}

/** Element names and attribute names and values but `lang`, in order; and the text. */
function shapeOf(html: string): Shape {
  const shape: Shape = { tags: [], text: '' }
  const parser = new Parser({
    onopentag: (name, attributes) => void shape.tags.push(`${name} ${Object.entries(attributes).filter(([key]) => name === 'meta' || key !== 'content').map(([key, value]) => `${key}=${value}`).join(' ')}`),
    ontext: (text) => void (shape.text += text),
    oncomment: () => void shape.tags.push('comment'),
  }, { decodeEntities: true })
  parser.write(html)
  parser.end()
  return shape
}

/** The same incident with this text wherever somebody else can write. */
function incidentSaying(text: string): Incident {
  const rich = richIncident()
  return {
    ...rich, title: text, openedBy: text, awareWho: text,
    figures: rich.figures.map((one) => ({ ...one, name: text, ...(one.of === undefined ? {} : { of: text }) })),
    timeline: rich.timeline.map((one) => ({ ...one, sentence: text, who: text })),
    claims: rich.claims.map((one) => ({ ...one, saidBy: text, where: text, text })),
    hypotheses: rich.hypotheses.map((one) => ({ ...one, text, supports: one.supports.map((argument) => ({ ...argument, text, reference: text, who: text })) })),
    notes: rich.notes.map((one) => ({ ...one, text, who: text })), tasks: rich.tasks.map((one) => ({ ...one, text, assignee: text })),
    evidence: rich.evidence.map((one) => ({ ...one, name: text, provenance: text })), around: rich.around.map((one) => ({ ...one, title: text })),
    reports: [{ kind: text, sentAtWallMs: 1, to: text, who: text, sha256: text }],
    answers: { description: { text, who: text, atWallMs: 1 } },
  }
}

const pageOf = (text: string, kind: (typeof reportKinds)[number]): string => writeHtml(composeReport(factsOf(incidentSaying(text), settingsFor({ institution: text, contact: text, authority: text })), kind))

test('whatever others wrote, the page has the same elements and attributes', () => {
  const plain = new Map(reportKinds.map((kind) => [kind, shapeOf(pageOf('x', kind)).tags.filter((tag) => tag !== 'br ')]))
  fc.assert(fc.property(fc.oneof(fc.constant(hostileText), fc.string({ minLength: 1, unit: 'binary', maxLength: 60 }), fc.stringMatching(/^[<>"'&/ =!\-a-z;#]{1,40}$/)), fc.constantFrom(...reportKinds), (text, kind) => {
    fc.pre(text.trim() !== '')
    const page = pageOf(text, kind)
    assert.deepEqual(shapeOf(page).tags.filter((tag) => tag !== 'br '), plain.get(kind))
    // eslint-disable-next-line no-control-regex -- that none is left is the claim
    assert.ok(!/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/.test(page))
  }), { numRuns: 60 })
})

test('what was said can be read as it was said', () => {
  assert.ok(shapeOf(pageOf('<b>&amp;"\'', 'final')).text.includes('\u201C<b>&amp;"\'\u201D'))
})

test('one file, no script, nothing fetched', () => {
  for (const kind of reportKinds) {
    const page = writeHtml(composeReport(factsOf(), kind))
    assert.ok(!/<(?:script|link|img|iframe|object|embed|base|form)\b/i.test(page))
    assert.ok(!/\b(?:src|href)="(?!#)/i.test(page), 'an address outside the page')
    assert.ok(!/url\(|@import/i.test(page))
    assert.match(page, /Content-Security-Policy" content="default-src 'none'; style-src 'sha256-/)
  }
})

test('a screen reader finds landmarks, headings in order, heads of tables, and pictures in words', () => {
  for (const kind of reportKinds) {
    const page = writeHtml(composeReport(factsOf(richIncident(), settingsFor({ language: 'bg' })), kind))
    const tags = shapeOf(page).tags
    const count = (name: string): number => tags.filter((tag) => tag.split(' ')[0] === name).length
    for (const landmark of ['header', 'nav', 'main', 'footer', 'h1', 'title']) assert.ok(count(landmark) >= 1, landmark)
    assert.equal(count('h1'), 1)
    assert.equal(count('table'), count('caption'))
    assert.ok(tags.filter((tag) => tag.startsWith('th ')).every((tag) => /scope=(?:col|row)/.test(tag)))
    assert.ok(tags.includes('html lang=en') && tags.includes('span lang=bg'))
    assert.equal(count('svg'), count('desc'))
    if (kind === 'final') assert.equal(count('svg'), 2)
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((found) => found[1])
    assert.equal(new Set(ids).size, ids.length)
    for (const found of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(found[1]), found[1])
    for (const found of page.matchAll(/aria-labelledby="([^"]+)"/g)) for (const id of found[1]!.split(' ')) assert.ok(ids.includes(id), id)
  }
})

test('the lines of a picture tell themselves apart without colour', () => {
  const page = writeHtml(composeReport(factsOf(), 'final'))
  const rate = page.slice(page.indexOf('<svg'), page.indexOf('</svg>'))
  const dashes = [...rate.matchAll(/<path [^>]*>/g)].map((found) => /stroke-dasharray="([^"]+)"/.exec(found[0])?.[1] ?? 'none')
  assert.ok(dashes.length >= 4)
  assert.equal(new Set(dashes).size, dashes.length)
})
