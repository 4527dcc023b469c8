/**
 * Writes docs/benchmarks/visitors.md: does everybody get in, how fast, at what cost, and what is left when the origin is gone. Runs the tests and measurements
 * that hold these things, some ten minutes in all, and writes down what they say. `node script/visitors-report.ts [FILE]`
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../bench/measure/statistics.ts'
import { describeMachine } from '../bench/measure/machine.ts'
import { machineLines } from '../bench/report/machine-lines.ts'
import { markdownTable } from '../bench/report/markdown-table.ts'
import { measureTree } from '../bench/steps/steps-command.ts'
import { ChallengePages, type FormAsked } from '../src/dataplane/pages/challenge-page.ts'
import { siteOptions } from '../src/dataplane/pages/options.ts'
import { WaitingPages } from '../src/dataplane/pages/waiting-page.ts'
import { languageCodes } from '../src/dataplane/pages/words/languages.ts'
import { type Reply, Request } from '../src/dataplane/request.ts'
import type { MonotonicMs } from '../src/kernel/clock.ts'
import { defaultsOf } from '../src/kernel/option.ts'

const root = join(import.meta.dirname, '..')
const LONGEST_MS = 580_000

interface Ran {
  readonly tests: ReadonlyArray<{ readonly name: string; readonly ok: boolean; readonly ms: number }>
  readonly said: readonly string[]
}

/** A test file, with what it said. */
function run(file: string): Ran {
  process.stderr.write(`${file} ...\n`)
  const done = spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], { cwd: root, encoding: 'utf8', timeout: LONGEST_MS, maxBuffer: 64 * 1_048_576 })
  const tests = [...done.stdout.matchAll(/^(not ok|ok) \d+ - (.*)\n +---\n +duration_ms: ([\d.]+)/gm)].map(([, ok, name, ms]) => ({ name: name.replaceAll('\\', ''), ok: ok === 'ok', ms: Number(ms) }))
  if (tests.length === 0) throw new Error(`${file} ran no test:\n${done.stdout.slice(-2_000)}${done.stderr.slice(-2_000)}`)
  return { tests, said: [...done.stdout.matchAll(/^# (.*)$/gm)].map((line) => line[1]) }
}

function listed(ran: Ran): string {
  return markdownTable(['', 'passed', 'seconds, start to end'], ran.tests.map(({ name, ok, ms }) => [name, ok ? 'yes' : '**no**', (ms / 1_000).toFixed(1)]))
}

const passed = (...all: readonly Ran[]): string => {
  const tests = all.flatMap((ran) => ran.tests)
  const good = tests.filter((test) => test.ok).length
  return good === tests.length ? `all ${good} tests pass` : `**${tests.length - good} of ${tests.length} tests fail**`
}

/** Bytes of the largest of the 24 languages, gzip. */
function largest(write: (request: Request) => { readonly body: Uint8Array | null }): number {
  const client = { family: 4, text: '127.0.0.1', high: 0x7f000001, low: 0, key: 1 } as const
  return Math.max(...languageCodes.map((language) => write(new Request('GET', '/news', 'a.example', 'http', 11, ['accept-encoding', 'gzip', 'accept-language', language], client, null, null, null as unknown as Reply, 0 as MonotonicMs, '')).body!.length))
}

const site = { ...defaultsOf(siteOptions), name: 'Parliament of Exampleland', contact: 'help@elsewhere.example' }
const token = 'AfFrBH8uDAIAAAAAAB8JP3_zF_igQOWQmHa8xA6DDUsqIuZFCqLo'
const challengeBytes = (form: FormAsked | undefined): number =>
  largest((request) => new ChallengePages(site).write(request, { token, difficultyBits: 15, waitSeconds: 5, clearanceMinutes: 30, reference: `/news?polder=${token}`, form, withoutCookies: false, supportCode: '1a2b3c4d' }, 0))
const waitingBytes = largest((request) => new WaitingPages(site).write(request, { ahead: 1_233, aheadAtFirst: 2_000, called: false, estimateSeconds: 1_500, refreshSeconds: 30, keepSeconds: 120, reference: `/news?polder-place=${token}`, cookie: '', supportCode: '1a2b3c4d' }, 0))
const letter: FormAsked = { multipart: true, fields: [['name', 'Zoë'], ['email', 'zoe@example.org'], ['message', 'x'.repeat(500)], ['paper', null]] }

const machine = describeMachine()
const challenge = run('test/browser/challenge.test.ts')
const forms = run('test/browser/challenge-forms.test.ts')
const room = run('test/browser/waiting-room.test.ts')
const shieldSide = run('test/scenario/challenge.test.ts')
const pages = run('test/browser/pages.test.ts')
const dead = run('test/scenario/lifeline.test.ts')
const deadInBrowser = run('test/browser/lifeline.test.ts')
const crawl = run('test/scenario/lifeline-crawl.test.ts')
process.stderr.write('forge-tokens, steps ...\n')
const forged = spawnSync(process.execPath, ['script/forge-tokens.ts', '1000000'], { cwd: root, encoding: 'utf8', timeout: LONGEST_MS }).stdout.trim()
const { steps } = await measureTree(root, 10)
const perSecond = (name: string): string => Math.round(1e9 / steps.find((step) => step.name === name)!.ns / 1_000).toLocaleString('en') + ',000'

const times = challenge.said.flatMap((line) => {
  const found = /^(worker|main thread): (.*) ms$/.exec(line)
  return found === null ? [] : [`${found[1]} ${Math.round(median(found[2].split(', ').map(Number)))} ms (${found[2]})`]
})
const testNamed = (ran: Ran, part: string): string => (ran.tests.some((test) => test.name.includes(part) && test.ok) ? 'holds' : '**fails**')

const text = `# Every visitor gets through

<!-- Made by \`node script/visitors-report.ts\`. Do not edit. -->

${machineLines(machine)}
Measured beside other work, at the lowest priority of the scheduler (SCHED_IDLE) where the load above is not near nothing: times of browsers and figures per second are lower bounds then.

${markdownTable(
  ['what', 'target', 'found', 'by'],
  [
    ['Chromium through the check: desktop, telephone, no JavaScript, no cookies, neither, hardened, tabs, back and reload', 'all get in', passed(challenge, forms), '`test/browser/challenge.test.ts`, `challenge-forms.test.ts`'],
    ['Chromium through the waiting room, the same kinds', 'all get in', passed(room), '`test/browser/waiting-room.test.ts`'],
    ['time through the check, CPU slowed 6 times, median of five', '≤ 3 s', times.join('; '), '`test/browser/challenge.test.ts`'],
    ['feeds, API, HEAD, files, exempt paths challenged', '0', testNamed(shieldSide, 'are never shown a page'), '`test/scenario/challenge.test.ts`; in traffic: B3 of `script/bench scenarios`'],
    ['forged, moved, expired, altered, cut, random tokens and tickets', '0 of 1,000,000 accepted', forged, '`node script/forge-tokens.ts`'],
    ['challenges signed a second and core', '≥ 60,000', `${perSecond('challenge: token issued')}; with their page ${perSecond('challenge: token issued, page written')}`, '`script/bench steps`'],
    ['clearances checked a second and core', '≥ 100,000', perSecond('clearance: cookie read and verified'), '`script/bench steps`'],
    ['bytes of the page, gzip, largest language', '≤ 8,192, one answer', `check ${challengeBytes(undefined).toLocaleString('en')}, with a letter kept ${challengeBytes(letter).toLocaleString('en')}, waiting room ${waitingBytes.toLocaleString('en')}; second request: ${testNamed(challenge, 'asks for nothing more') === 'holds' ? 'none' : '**yes**'}`, 'this script'],
    ['A3, A6, A12 with the check', 'goodput as before, nobody gives up', 'not measured here', '`script/bench scenarios`, [scenarios.md](scenarios.md)'],
    ['origin dead after a crawl of the sample site', '≥ 99 % of pages, nothing personal kept', `${passed(dead, deadInBrowser)}: ${testNamed(dead, '99 %')}, ${testNamed(dead, 'nothing personal')}`, '`test/scenario/lifeline.test.ts`, `test/browser/lifeline.test.ts`'],
    ['crawl: flat memory, nothing twice after kill -9', '≤ 150 MB', passed(crawl), '`test/scenario/lifeline-crawl.test.ts` (600 pages); 10,000 pages: `script/bench lifeline`, figures in [0012](../decisions/0012-lifeline.md)'],
    ['axe-core on every page, light, dark, 24 languages', '0 violations', passed(pages), '`test/browser/pages.test.ts`'],
  ],
)}

## The check, in Chromium
${listed(challenge)}

## Forms that meet the check
${listed(forms)}

## The waiting room, in Chromium
Two places at the origin, a quarter of a second a page, sixty others in line all the time.

${listed(room)}

## The origin is gone
${listed(dead)}

${listed(deadInBrowser)}
`
const file = process.argv[2] ?? join(root, 'docs/benchmarks/visitors.md')
writeFileSync(file, text)
process.stdout.write(`wrote ${file}\n`)
process.exitCode = text.includes('**fails**') || text.includes('tests fail**') ? 1 : 0
