import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportKinds } from '../../contract/report.ts'
import { composeReport } from './compose-report.ts'
import { figureText, NOT_KNOWN } from './figure-text.ts'
import type { Cell, ReportDocument } from './report-document.ts'
import { questions, reportPlans } from './report-plans.ts'
import { factsOf, NOW, OPENED, richIncident, settingsFor } from './report.testing.ts'

function cells(report: ReportDocument): Cell[] {
  return report.sections.flatMap((section) => section.blocks.flatMap((block) => (block.type === 'table' ? block.rows.flat() : block.type === 'list' ? [...block.items] : [])))
}

test('every number of every report says how sure it is and which journal entries it comes from', () => {
  for (const kind of reportKinds) {
    const report = composeReport(factsOf(), kind)
    const numbers = cells(report).filter((cell) => cell.value !== undefined)
    assert.ok(numbers.length > 0 || kind === 'brief', kind)
    for (const cell of numbers) {
      assert.ok(cell.mark !== undefined, cell.text)
      if (cell.value === null) assert.equal(cell.text, NOT_KNOWN)
      else assert.ok(cell.from !== undefined && cell.from.length > 0, `${kind}: ${cell.text} comes from nowhere`)
    }
    for (const section of report.sections) for (const block of section.blocks) if (block.type === 'plot') assert.deepEqual(block.plot.from, [[12, 211]])
  }
})

test('what only people know is asked for, with the command; nothing is invented', () => {
  for (const kind of reportKinds) {
    const report = composeReport(factsOf(richIncident({ answers: {}, awareAtWallMs: null, awareWho: null, claims: [], hypotheses: [] }), settingsFor({ institution: '', contact: '', authority: '', country: '', regime: 'none' })), kind)
    const gaps = cells(report).filter((cell) => cell.source?.by === 'missing')
    assert.deepEqual(gaps.map((cell) => cell.text), gaps.map(() => NOT_KNOWN))
    assert.deepEqual(gaps.map((cell) => (cell.source as { field: string }).field), report.missing.map((one) => one.field))
    for (const id of reportPlans[kind].questions) {
      const missing = report.missing.find((one) => one.field === id)!
      assert.equal(missing.question, questions[id].question)
      assert.equal(missing.command, `polder incident answer 2026-11-23-1 ${id} "TEXT"`)
    }
    assert.ok(report.missing.some((one) => one.command.startsWith('polder incident aware')))
  }
})

test('an answer stands with who gave it, in the language people write', () => {
  const report = composeReport(factsOf(richIncident(), settingsFor({ language: 'el' })), 'early-warning')
  const answer = cells(report).find((cell) => cell.text.startsWith('Ναι'))!
  assert.deepEqual(answer.source, { by: 'person', who: 'Anna Vos', atWallMs: OPENED + 12 * 60_000 })
  assert.equal(answer.lang, 'el')
  assert.ok(!report.missing.some((one) => one.field === 'suspected-malicious'))
  assert.ok(report.missing.some((one) => one.field === 'cross-border'))
})

test('an empty answer is none, and a name of an object\'s own is no answer', () => {
  const answers = Object.fromEntries([['cross-border', { text: '  ', who: 'A', atWallMs: NOW }]])
  assert.ok(composeReport(factsOf(richIncident({ answers })), 'early-warning').missing.some((one) => one.field === 'cross-border'))
})

test('a claim is quoted with its rating; a hypothesis has the verdict of people; none means not known', () => {
  const texts = new Set(cells(composeReport(factsOf(), 'final')).map((cell) => cell.text))
  for (const wanted of ['\u201CWe did it. <script>alert(1)</script>\u201D', 'E4', 'not known', 'likely']) assert.ok(texts.has(wanted), wanted)
  const none = composeReport(factsOf(richIncident({ hypotheses: [] })), 'final').sections.find((one) => one.id === 'hypotheses')!
  assert.deepEqual(none.blocks, [{ type: 'paragraph', text: 'Who did it, and why: not known. No hypothesis is recorded.' }])
})

test('the calendar stands as facts, beside the sentence that they are no causes', () => {
  const around = composeReport(factsOf(), 'notification').sections.find((one) => one.id === 'around')!
  assert.match((around.blocks[0] as { text: string }).text, /not causes/)
})

test('a long course is cut in the middle, and the report says so', () => {
  const timeline = Array.from({ length: 5_000 }, (_, i) => ({ atWallMs: OPENED + i, kind: 'act' as const, sentence: `event ${i}`, who: 'polder', seq: i + 1 }))
  const course = composeReport(factsOf(richIncident({ timeline })), 'final').sections.find((one) => one.id === 'course')!
  const rows = (course.blocks[0] as { rows: ReadonlyArray<readonly Cell[]> }).rows
  assert.deepEqual([rows.length, rows[0]![1]!.text, rows.at(-1)![1]!.text], [400, 'event 0', 'event 4999'])
  assert.match((course.blocks[1] as { text: string }).text, /^400 of 5000 /)
})

test('bodies of the Union report to CERT-EU unless they say otherwise, and read that the wording was not checked', () => {
  const report = composeReport(factsOf(richIncident(), settingsFor({ regime: 'eu-body', authority: '' })), 'early-warning')
  assert.ok(cells(report).some((cell) => cell.text === 'CERT-EU'))
  assert.match(report.law!, /check it/)
  assert.equal(composeReport(factsOf(), 'brief').law, null)
})

test('figures are written with their unit', () => {
  const text = (value: number | null, unit: Parameters<typeof figureText>[0]['unit']): string => figureText({ code: 'served', name: '', value, unit, kind: 'exact', from: [1] }, 'UTC')
  assert.deepEqual([text(91_000_231, 'requests'), text(0.8312, 'share'), text(0, 'share'), text(0.0004, 'share'), text(18_009, 'seconds'), text(431e6, 'bits-per-second'), text(35.5, 'ms'), text(12_345, 'ms'), text(null, 'count'), text(Number.NaN, 'count')],
    ['91\u202F000\u202F231 requests', '83.1 %', '0 %', '0.04 %', '5 h 9 s', '431 Mbit/s', '35.5 ms', '12.3 s', NOT_KNOWN, NOT_KNOWN])
})
