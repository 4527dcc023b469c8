import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { reportKinds } from '../../contract/report.ts'
import { composeReport, type Facts } from './compose-report.ts'
import { factsOf, hostileText, richIncident, settingsFor } from './report.testing.ts'
import { writePdf } from './write-pdf.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-pdf-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const run = (program: string, ...words: string[]): string => execFileSync(program, words, { encoding: 'utf8', timeout: 60_000, maxBuffer: 64 * 1_048_576 })

/** qpdf finds faults of the file, poppler those of the structure. @throws when qpdf finds one. */
async function fileOf(facts: Facts, kind: (typeof reportKinds)[number]): Promise<string> {
  const file = join(folder, `${kind}.pdf`)
  writeFileSync(file, await writePdf(composeReport(facts, kind)))
  run('qpdf', '--check', file)
  return file
}

test('every kind is a tagged PDF/UA file that validators read without a complaint', async () => {
  for (const kind of reportKinds) {
    const file = await fileOf(factsOf(), kind)
    const info = run('pdfinfo', file)
    assert.match(info, /^Tagged: +yes$/m)
    assert.match(info, /^Title: +.+2026-11-23-1 \(TLP:AMBER\)$/m)
    assert.match(info, /^JavaScript: +no$/m)
    if (kind === 'brief') assert.match(info, /^Pages: +1$/m, 'the brief is one page')
    assert.match(run('pdfinfo', '-meta', file), /<pdfuaid:part>1<\/pdfuaid:part>/)
    const catalog = run('qpdf', '--qdf', '--object-streams=disable', file, '-')
    assert.match(catalog, /\/Lang \(en\)/)
    assert.match(catalog, /\/DisplayDocTitle true/)
    for (const font of run('pdffonts', file).split('\n').slice(2).filter((line) => line !== '')) assert.match(font, / yes yes yes +\d+ +\d+$/, `${font}: embedded, a subset, with its letters in Unicode`)
  }
})

test('the brief stays one page when everything in it is as long as it can be', async () => {
  const rich = richIncident()
  const text = 'Всичко, което може да се каже за това, се казва тук. '.repeat(20)
  const brief = richIncident({
    title: text, awareWho: text, figures: rich.figures.flatMap((one) => (one.code === 'refused' ? [one, { ...one, code: 'served' as const, name: 'Served' }] : [one])),
    hypotheses: Array.from({ length: 9 }, (_, i) => ({ ...rich.hypotheses[0]!, id: `h${i}`, text })), answers: { message: { text, who: text, atWallMs: 1 }, decision: { text, who: text, atWallMs: 1 } },
  })
  assert.match(run('pdfinfo', await fileOf(factsOf(brief, settingsFor({ institution: text.slice(0, 200), contact: '' })), 'brief')), /^Pages: +1$/m)
})

test('the metadata stay well-formed whatever the institution is called', async () => {
  const meta = run('pdfinfo', '-meta', await fileOf(factsOf(richIncident(), settingsFor({ institution: 'House & <rdf:li>Senate' })), 'brief'))
  assert.ok(!/&(?!amp;|lt;|gt;)|Senate/.test(meta))
  assert.match(meta, /<rdf:li xml:lang="x-default">Brief for the leadership: 2026-11-23-1/)
})

interface Tag {
  readonly name: string
  readonly attributes: readonly string[]
  /** What is said in it, and in what it holds. */
  readonly text: string
  readonly tags: readonly Tag[]
}

/** The tree that poppler shows: two blanks a level, attributes and texts beneath their tag. */
function structureOf(file: string): Tag {
  const open: Array<{ depth: number; name: string; attributes: string[]; said: string[]; tags: Tag[] }> = [{ depth: -1, name: '', attributes: [], said: [], tags: [] }]
  const closeTo = (depth: number): void => {
    while (open.length > 1 && open.at(-1)!.depth >= depth) {
      const { name, attributes, said, tags } = open.pop()!
      const text = said.join(' ')
      open.at(-1)!.tags.push({ name, attributes, text, tags })
      open.at(-1)!.said.push(text)
    }
  }
  for (const line of run('pdfinfo', '-struct-text', file).split('\n').filter((one) => one.trim() !== '')) {
    const depth = (line.length - line.trimStart().length) / 2
    const content = line.trim()
    if (content.startsWith('"')) open.at(-1)!.said.push(content.slice(1, -1))
    else if (content.startsWith('/')) open.at(-1)!.attributes.push(content)
    else {
      closeTo(depth)
      open.push({ depth, name: /^[A-Za-z0-9]+/.exec(content)?.[0] ?? content, attributes: [], said: [], tags: [] })
    }
  }
  closeTo(0)
  return { name: '', attributes: [], text: '', tags: open[0]!.tags }
}

function all(tag: Tag, name: RegExp): Tag[] {
  return tag.tags.flatMap((one) => [...(name.test(one.name) ? [one] : []), ...all(one, name)])
}

test('who hears a report of any kind gets it in order: headings without a gap, tables whose cells have heads, figures in words, every line', async () => {
  for (const kind of reportKinds) {
    const file = await fileOf(factsOf(), kind)
    const structure = structureOf(file)
    assert.deepEqual(structure.tags.map((one) => one.name), ['Document'], kind)
    const levels = all(structure, /^H\d$/).map((one) => Number(one.name.slice(1)))
    assert.equal(levels[0], 1, kind)
    levels.slice(1).forEach((level, i) => assert.ok(level > 1 && level <= levels[i]! + 1, `${kind}: H${level} after H${levels[i]}`))
    for (const heading of all(structure, /^H\d$/)) assert.ok(heading.text.length > 1, `${kind}: an empty heading`)
    const tables = all(structure, /^Table$/)
    assert.ok(kind === 'brief' || tables.length > 2, kind)
    for (const table of tables) {
      const caption = all(table, /^Caption$/)[0]?.text ?? ''
      assert.ok(caption.length > 1, `${kind}: a table without a caption`)
      const [head, ...rows] = all(table, /^TR$/)
      assert.ok(head!.tags.length > 1 && head!.tags.every((cell) => cell.name === 'TH' && cell.attributes.includes('/Scope /Column') && cell.text !== ''), `${kind}, ${caption}: the head of the columns`)
      for (const { tags } of rows) {
        assert.equal(tags.length, head!.tags.length, `${kind}, ${caption}: a row of ${tags.length} cells`)
        assert.ok(tags[0]!.name === 'TH' && tags[0]!.attributes.includes('/Scope /Row') && tags.slice(1).every((cell) => cell.name === 'TD'), `${kind}, ${caption}: the head of a row`)
      }
    }
    const figures = run('qpdf', '--qdf', '--object-streams=disable', file, '-').split('endobj').filter((object) => /\/S \/Figure\b/.test(object))
    assert.equal(figures.length, all(structure, /^Figure$/).length, kind)
    for (const figure of figures) assert.match(figure, /\/Alt (?:\([^)]{20,}|<[0-9a-f]{80,})/, `${kind}: a figure without words`)
    // What is seen and not heard is the running line at the foot of each page.
    const heard = structure.tags[0]!.text.replaceAll(/\s/g, '')
    const unheard = run('pdftotext', '-raw', file, '-').split(/[\n\f]/).filter((line) => !heard.includes(line.replaceAll(/\s/g, '')))
    for (const line of unheard) assert.match(line, /^TLP:AMBER .*, incident 2026-11-23-1 page \d of \d$/, `${kind}: "${line}" is not in the structure`)
  }
})

test('the structure has headings, tables with scoped heads, and figures in words', async () => {
  const file = await fileOf(factsOf(richIncident(), settingsFor({ language: 'el' })), 'final')
  const structure = run('pdfinfo', '-struct-text', file)
  assert.equal([...structure.matchAll(/^ +H1 /gm)].length, 1)
  for (const title of ['About this report', 'What people say', 'Figures', 'Claims', 'Hypotheses']) assert.ok(new RegExp(`H2 [^\\n]*\\n +"${title}"`).test(structure), title)
  assert.ok(/TH[^\n]*\n +\/Scope \/Column\n +"Figure"/.test(structure))
  assert.ok(structure.includes('/Scope /Row'))
  const raw = run('qpdf', '--qdf', '--object-streams=disable', file, '-')
  assert.equal([...raw.matchAll(/\/S \/Figure/g)].length, 2)
  assert.equal([...raw.matchAll(/\/Alt /g)].length, 2)
  assert.ok(raw.includes('/Lang (el)'), 'what people wrote has its language')
})

test('Greek, Bulgarian and every letter of the Union\'s languages are there and can be copied out', async () => {
  const letters = 'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿĀāĂăĄąĆćĊċČčĎďĐđĒēĖėĘęĚěĠġĢģĦħĪīĮįĶķĹĺĻļĽľŁłŃńŅņŇňŐőŒœŔŕŘřŚśŞşŠšŢţŤťŪūŮůŰűŲųŹźŻżŽžȘșȚțẞ ΆΈΉΊΌΎΏΐάέήίαβγδεζηθικλμνξοπρςστυφχψωϊϋό АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЬЮЯабвгдежзийклмнопрстуфхцчшщъьюя „“”‚‘’«»–—…€'
  const file = await fileOf(factsOf(richIncident({ answers: { message: { text: letters, who: 'Ω', atWallMs: 1 } } })), 'brief')
  const text = run('pdftotext', '-raw', file, '-').replaceAll(/\s/g, '')
  assert.ok(text.includes(letters.replaceAll(' ', '')), text)
})

test('hostile text stays text: no link, no script, no broken file; a character without a glyph is written as its number', async () => {
  const claims = [{ ...richIncident().claims[0]!, text: `${hostileText} ) Tj ET /JS (app.alert(1)) << /S /URI >>`, saidBy: hostileText, where: hostileText }]
  const file = await fileOf(factsOf(richIncident({ title: `${hostileText} 中`, claims, answers: { description: { text: hostileText.repeat(60), who: hostileText, atWallMs: 1 } } }), settingsFor({ institution: hostileText.slice(0, 150) })), 'final')
  const raw = run('qpdf', '--qdf', '--object-streams=disable', file, '-')
  assert.ok(!/\/S \/(?:JavaScript|URI|Launch)|\/OpenAction|\/Annots/.test(raw))
  assert.ok(run('pdftotext', '-raw', file, '-').replaceAll(/\s/g, '').includes('[U+4E2D]'))
})

test('a text longer than a page is written in full', async () => {
  const long = Array.from({ length: 3_900 / 6 }, (_, i) => String(i).padStart(5, '0')).join(' ')
  const file = await fileOf(factsOf(richIncident({ answers: { description: { text: long.replaceAll(' ', '\n'), who: 'A', atWallMs: 1 } } })), 'final')
  const text = run('pdftotext', '-raw', file, '-')
  for (let i = 0; i < 650; i++) assert.ok(text.includes(String(i).padStart(5, '0')), `line ${i} is lost`)
})

test('without a font the form is refused with what to install', async () => {
  await assert.rejects(writePdf(composeReport(factsOf(), 'brief'), { regular: '/nowhere/a.ttf', bold: '/nowhere/b.ttf' }))
})
