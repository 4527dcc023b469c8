/**
 * Issue 6 as a whole, through the command line: an evening with a vote in the calendar and the flood A2 at the search of the sample site. Alert with people and
 * incident open in time, reports whose figures can be found in the journal, valid exports, and a status page that stands when all else is switched off.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { checkKept } from '../../script/tour-check.ts'
import { writeReadme } from '../../script/tour-readme.ts'
import { runTour, shortEvening, type TourResult } from '../../script/tour-run.ts'
import { VOTE } from '../../script/tour-settings.ts'
import type { JournalEntry } from '../../src/contract/journal.ts'
import type { MispEvent } from '../../src/record/report/misp/misp-event.ts'
import { assertValidMisp } from '../../src/record/report/misp/misp-schema.testing.ts'
import type { StixBundle } from '../../src/record/report/stix/stix-bundle.ts'
import { assertValidStix } from '../../src/record/report/stix/stix-schemas.testing.ts'

/** Issue 6: "What it must reach". */
const TOLD_WITHIN_MS = 10_000
const REPORT_WITHIN_MS = 2_000
/** When the generator itself was later than this, times say nothing about the shield: they are told and not judged. */
const STALL_MS = 500

const kept = join(import.meta.dirname, '../../docs/tour')
const folder = mkdtempSync(join(tmpdir(), 'polder-tour-test-'))
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
let tour: TourResult

function journal(): Map<number, JournalEntry> {
  const lines = readdirSync(join(folder, 'journal')).flatMap((file) => read(join('journal', file)).split('\n')).filter((line) => line.startsWith('{'))
  return new Map(lines.map((line) => JSON.parse(line) as JournalEntry).map((entry) => [entry.seq, entry]))
}

before(async () => {
  tour = await runTour(shortEvening, folder, () => undefined)
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('people are told, and the incident is open, within ten seconds of the first byte of the flood', (t) => {
  const [mail, hook, open] = [tour.mail.atWallMs, tour.hook.atWallMs, tour.incidentOpenWallMs].map((atWallMs) => atWallMs - tour.firstByteWallMs)
  t.diagnostic(`first byte to mail ${mail} ms, to webhook ${hook} ms, to incident open ${open} ms; generator late by ${tour.worstLatenessMs.toFixed(0)} ms at worst`)
  for (const after of [mail, hook, open]) {
    assert.ok(after > 0, 'not before the flood')
    if (tour.worstLatenessMs < STALL_MS) assert.ok(after <= TOLD_WITHIN_MS, `${after} ms`)
  }
  const { data } = new Webhook(tour.secret).verify(tour.hook.text, tour.hook.headers) as { data: { key: string } }
  assert.equal(data.key, 'attack')
})

test('visitors with a browser read on while the flood lasts, and no rule touches them', (t) => {
  const people = tour.score.harm.filter(({ cohort }) => cohort === 'human' || cohort === 'mobile-cgnat')
  t.diagnostic(`goodput ${tour.score.goodput.attack.toFixed(3)}; of the flood ${tour.score.attack.blocked} of ${tour.score.attack.sent} were refused`)
  assert.ok(people.some(({ offered }) => offered > 100))
  assert.deepEqual(people.filter(({ blocked }) => blocked > 0), [])
  assert.ok(tour.score.attack.blocked > tour.score.attack.sent / 2)
  if (tour.worstLatenessMs < STALL_MS) assert.ok(tour.score.goodput.attack > 0.8, String(tour.score.goodput.attack))
})

test('the early warning is written in two seconds, and every number in a report is an entry of the journal', (t) => {
  // Written three times while the incident is open. The start of Node is in each; on a busy machine the quickest says most about Polder.
  const took = tour.typed.filter(({ line }) => line.includes('report open --kind early-warning')).map(({ tookMs }) => Math.round(tookMs))
  t.diagnostic(`early warnings: ${took.join(', ')} ms, the start of the command in it`)
  assert.equal(took.length, 3)
  if (tour.worstLatenessMs < STALL_MS) assert.ok(Math.min(...took) <= REPORT_WITHIN_MS)
  const entries = journal()
  assert.ok(entries.size > 30)
  for (const report of ['early-warning.html', 'final-report.html']) {
    assert.match(read(report), />\d\d:\d\d:\d\d</, 'the marks of a plot of a minute have seconds')
    const named = [...read(report).replace(/<style>[^]*?<\/style>/, '').matchAll(/#(\d+)(?: to #(\d+))?(?=[,;)\s])/g)].flatMap(([, from, to]) => [Number(from), ...(to === undefined ? [] : [Number(to)])])
    assert.ok(named.length > 20, `${report} names ${named.length} entries`)
    assert.deepEqual(named.filter((seq) => !entries.has(seq)), [], report)
  }
  for (const figure of tour.incident.figures) {
    assert.equal(figure.from.length === 0, figure.value === null && figure.kind === 'not-known', figure.code)
    for (const seq of figure.from.flat()) assert.ok(entries.has(seq), `${figure.code}: ${seq}`)
  }
  const requests = tour.incident.figures.find((figure) => figure.code === 'requests')!
  const [[from, to]] = requests.from as ReadonlyArray<readonly [number, number]>
  const counted = [...entries.values()].filter((entry) => entry.kind === 'measure' && entry.seq >= from && entry.seq <= to).reduce((sum, entry) => sum + (entry.data as { received: number }).received, 0)
  assert.equal(requests.value, counted)
})

test('reports are whole and of sensible size, exports are valid', () => {
  for (const name of ['early-warning', 'final-report']) {
    assert.match(read(`${name}.html`), /<\/html>\s*$/)
    assert.equal(readFileSync(join(folder, `${name}.pdf`)).subarray(0, 5).toString(), '%PDF-')
  }
  assertValidStix(JSON.parse(read('incident.stix.json')) as StixBundle)
  assertValidMisp(JSON.parse(read('incident.misp.json')) as MispEvent)
})

test('the vote raises the posture and it falls by itself; the incident has the vote as a fact beside "not known"', () => {
  assert.ok(tour.postureFromWallMs < tour.voteFromWallMs && tour.postureUntilWallMs > tour.voteFromWallMs + shortEvening.voteMs, `${tour.postureFromWallMs} to ${tour.postureUntilWallMs}, vote from ${tour.voteFromWallMs}`)
  assert.match(read('calendar-before.txt'), new RegExp(`alert \\d\\d:\\d\\d:\\d\\d to .* because of "${VOTE}"`))
  assert.match(read('calendar-during.txt'), new RegExp(`now: alert until .* because of "${VOTE}"`))
  assert.match(read('calendar-after.txt'), /now: as watchful as usual/)
  const page = read('incident.txt')
  assert.match(page, /hypothesis-1: link to the vote: not known/)
  assert.match(page, new RegExp(`facts, not causes\\)\\n {2}.*${VOTE}`))
  assert.deepEqual(tour.incident.around.map((event) => [event.title, event.fromWallMs]), [[VOTE, tour.voteFromWallMs]])
})

test('with shield and site switched off the status page stands on any static server, and the journal is whole', () => {
  assert.deepEqual([tour.status.broken, tour.status.outside], [[], []])
  for (const page of ['/', '/en.html', '/fr.html', '/feed-en.atom', '/feed-fr.atom']) assert.ok(tour.status.reached.has(page), page)
  for (const [page, bytes] of tour.status.reached) assert.ok(bytes <= 30_000, `${page}: ${bytes}`)
  const drafted = [...journal().values()].filter((entry) => entry.kind === 'statement').map((entry) => (entry.data as { statement: { incidentId: string } }).statement.incidentId)
  assert.deepEqual([...new Set(drafted)], [tour.incident.id], 'statements name the incident itself, not "open"')
  assert.match(read('status-page/index.html'), /We do not know whether it is linked to tonight(&#39;|')s vote/)
  assert.match(tour.verified.out, /Nothing was altered, removed or put in/)
})

/** Made by script/console-tour, which this test does not run. */
const ofTheConsole = 'console.md'

test('what is kept names no place or person of this machine, and its README has the numbers of the run', () => {
  writeReadme(folder, tour)
  assert.deepEqual(checkKept(folder), [])
  assert.ok(read('README.md').includes(`| ${((tour.hook.atWallMs - tour.firstByteWallMs) / 1_000).toFixed(1)} s | 10 s |`))
  for (const [, link] of read('README.md').matchAll(/\]\(([^)]+)\)/g)) if (!link!.startsWith('..')) assert.ok(statSync(join(link === ofTheConsole ? kept : folder, link!), { throwIfNoEntry: false }) !== undefined, link)
})
