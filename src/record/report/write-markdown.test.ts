import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { reportKinds } from '../../contract/report.ts'
import { composeReport } from './compose-report.ts'
import { plainText } from './plain-text.ts'
import { factsOf, hostileText, richIncident } from './report.testing.ts'
import { escapeMarkdown, writeMarkdown } from './write-markdown.ts'

/** Undoes what a Markdown reader undoes: a backslash before punctuation, entities. */
const read = (text: string): string => text.replaceAll(/\\([!-/:-@[-`{-~])/g, '$1').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

test('no character with a meaning is left without its backslash, and the text can be read again', () => {
  fc.assert(fc.property(fc.oneof(fc.constant(hostileText), fc.string({ unit: 'binary' }), fc.stringMatching(/^[\\`*_{}[\]()#|~!@$^=<>&+\-.:/ wW\d\n]{0,40}$/)), (given) => {
    const text = plainText(given)
    const escaped = escapeMarkdown(text)
    const bare = escaped.replaceAll(/\\[!-/:-@[-`{-~]/g, '').replaceAll(/&(?:lt|gt|amp);/g, '')
    assert.ok(!/[\\`*_{}[\]#|~!@$^=<>&]/.test(bare), bare)
    assert.ok(!/:\/\//.test(bare) && !/www\./i.test(bare), 'a link would come of it')
    assert.ok(!/^ *(?:[-+]|\d+[.)])/m.test(escaped), 'a list would come of it')
    assert.ok(!/^ {4}/m.test(escaped), 'code would come of it')
    assert.equal(read(escaped), text.replaceAll(/^ +/gm, ''))
  }), { numRuns: 500 })
})

test('whatever others wrote, each report keeps its lines, headings and columns', () => {
  const shape = (text: string, kind: (typeof reportKinds)[number]): string[] => {
    const claims = [{ ...richIncident().claims[0]!, text, saidBy: text, where: text }]
    const notes = [{ ...richIncident().notes[0]!, text }]
    const report = writeMarkdown(composeReport(factsOf(richIncident({ title: text, claims, notes })), kind))
    return report.split('\n').map((line) => `${/^#+/.exec(line)?.[0] ?? ''}${line.replaceAll(/\\./g, '').split('|').length}`)
  }
  for (const kind of reportKinds) assert.deepEqual(shape(hostileText, kind), shape('x', kind))
})
