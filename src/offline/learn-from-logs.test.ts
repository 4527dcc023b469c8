import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readEnvironment, settingsFrom } from '../config/load.ts'
import { sampleFields, sampleFlags } from '../contract/sample.ts'
import { parseBaseline } from '../controlplane/detection/baseline-file.ts'
import { fieldIndex } from '../controlplane/evidence.ts'
import { Features } from '../dataplane/features.ts'
import { Request, type Reply } from '../dataplane/request.ts'
import { type MonotonicMs, SimulatedClock } from '../kernel/clock.ts'
import { SeededRandom } from '../kernel/random.ts'
import { featureKey } from '../shield/feature-key.ts'
import { learnFromLogs, type LearnOptions } from './learn-from-logs.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-learn-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let made = 0

/** Polder's data folder and settings of one test. */
function home(): { dataDir: string; learn: (files: readonly string[], more?: Partial<LearnOptions>) => ReturnType<typeof learnFromLogs> } {
  const dataDir = join(folder, `home-${made++}`)
  const settings = settingsFrom(Buffer.from(`listen: 127.0.0.1:0\norigin: http://127.0.0.1:1\ndataDir: ${dataDir}\n`), join(folder, 'polder.yaml'), readEnvironment({}), 0 as never).settings!
  return { dataDir, learn: (files, more = {}) => learnFromLogs({ files, settings, hosts: [], dryRun: false, shieldRuns: false, clock: new SimulatedClock(), onProgress: () => {}, ...more }) }
}

function write(text: string | Buffer): string {
  const file = join(folder, `log-${made++}`)
  writeFileSync(file, text)
  return file
}

const stamp = (ms: number): string => {
  const [day, month, year] = [new Date(ms).getUTCDate(), ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][new Date(ms).getUTCMonth()], new Date(ms).getUTCFullYear()]
  return `${String(day).padStart(2, '0')}/${month}/${year}:${new Date(ms).toISOString().slice(11, 19)} +0000`
}
const FROM = Date.UTC(2024, 5, 3)
/** A person every 20 s: a page, its style, the next page. Each from an address of its own. */
function people(hours: number, from = FROM): string[] {
  const lines: string[] = []
  for (let ms = from, n = 0; ms < from + hours * 3_600_000; ms += 20_000, n++) {
    const client = `198.51.${(n >> 8) & 255}.${n & 255}`
    const line = (at: number, target: string, referer: string): string => `${client} - - [${stamp(at)}] "GET ${target} HTTP/1.1" 200 10 "${referer}" "Firefox/1${n % 3}"`
    lines.push(line(ms, '/news', '-'), line(ms + 1_000, '/site.css', 'https://a.example/news'), line(ms + 6_000, `/law/${n % 9}`, 'https://a.example/news'))
  }
  return lines
}
const held = (dataDir: string, file = 'baseline.bin') => parseBaseline(readFileSync(join(dataDir, file)), new SeededRandom(1))

test('a log teaches rates hour by hour and a sample that hashes as live requests do', async () => {
  const { dataDir, learn } = home()
  const summary = await learn([write(`${people(30).join('\n')}\n`)])
  assert.deepEqual([summary.lines, summary.requests, summary.badLines, summary.minutes, summary.gaps, summary.hosts], [16_200, 16_200, 0, 1_798, 0, ['a.example']])
  assert.equal(summary.perSecond.median, 9 / 60)
  assert.deepEqual([summary.after.coldStart, summary.writtenTo], [false, join(dataDir, 'baseline.bin')])
  const saved = held(dataDir)
  assert.equal(saved.featureKey, featureKey(dataDir, assert.fail))
  const expectation = saved.baseline.expectedAt(FROM + 7 * 24 * 3_600_000 + 5 * 3_600_000)
  assert.equal(expectation.source, 'hour-of-week')
  assert.ok(Math.abs(expectation.ratePerSecond - 0.15) < 0.001)
  const features = new Features(saved.featureKey)
  const live = features.read(new Request('GET', '/law/3', 'a.example', 'https', 11, ['host', 'a.example', 'user-agent', 'Firefox/11', 'referer', 'https://a.example/news'], null as never, null, null, null as unknown as Reply, 0 as MonotonicMs, ''))
  const column = (name: (typeof sampleFields)[number]): Uint32Array => saved.baseline.columns[fieldIndex[name]]
  const rows = Array.from({ length: saved.baseline.capacity }, (_, row) => row).filter((row) => (saved.baseline.present[row >>> 5] >>> (row & 31)) & 1)
  assert.ok(rows.length > 3_000)
  const same = rows.filter((row) => column('pathTemplate')[row] === live.pathTemplate)
  assert.ok(same.length / rows.length > 0.25 && same.length / rows.length < 0.42, 'a third of the requests are laws')
  for (const row of same) {
    assert.deepEqual([column('method')[row], column('refererClass')[row], column('userAgentShape')[row], column('referer')[row]], [live.method, 1, live.userAgentShape, live.referer])
    assert.deepEqual([column('headerOrder')[row], column('acceptCombo')[row], column('flags')[row] & sampleFlags.fromLog], [0, 0, sampleFlags.fromLog])
  }
  // With hindsight nearly all of these people fetched their style sheet; a few stand where the counters were just halved.
  const proven = rows.filter((row) => (column('flags')[row] & sampleFlags.provenLater) !== 0).length
  assert.ok(proven / rows.length > 0.94, String(proven / rows.length))
})

test('files in any order, gzipped or not, in any format, give what one file in order gives', async () => {
  const lines = people(30)
  const one = home()
  const whole = await one.learn([write(lines.join('\n'))])
  const other = home()
  const json = lines.slice(6_000, 12_000).map((line) => {
    const [, client, time, method, target, referer, agent] = /^(\S+) - - \[(.+?)\] "(\S+) (\S+) \S+" 200 10 "(.+?)" "(.+?)"$/.exec(line)!
    return JSON.stringify({ time_local: time, remote_addr: client, request_method: method, request_uri: target, server_protocol: 'HTTP/1.1', status: 200, http_referer: referer, http_user_agent: agent })
  })
  const parts = await other.learn([write(lines.slice(12_000).join('\r\n')), write(gzipSync(lines.slice(0, 6_000).join('\n'))), write(json.join('\n'))])
  assert.deepEqual([parts.requests, parts.minutes, parts.perSecond, parts.fromWallMs, parts.toWallMs, parts.hosts], [whole.requests, whole.minutes, whole.perSecond, whole.fromWallMs, whole.toWallMs, whole.hosts])
  assert.deepEqual(parts.files.map(({ format }) => format), ['combined, gzip', 'JSON', 'combined'])
  assert.deepEqual(held(other.dataDir).baseline.minuteLogs, held(one.dataDir).baseline.minuteLogs)
})

test('two servers\' logs of the same hours add up', async () => {
  const { learn } = home()
  const [a, b] = [write(people(2).join('\n')), write(people(2).join('\n'))]
  assert.equal((await learn([a, b], { dryRun: true })).perSecond.median, 18 / 60)
})

test('what was known stays: a second log is added', async () => {
  const { dataDir, learn } = home()
  const first = await learn([write(people(10).join('\n'))])
  const second = await learn([write(people(10, FROM + 10 * 3_600_000).join('\n'))])
  assert.deepEqual(second.before, first.after)
  assert.equal(second.after.minutes, 598 * 2)
  assert.equal(held(dataDir).baseline.minutesLearned, 598 * 2)
})

test('beside a running shield nothing is overwritten: the knowledge waits in a file of its own', async () => {
  const { dataDir, learn } = home()
  const summary = await learn([write(people(2).join('\n'))], { shieldRuns: true })
  assert.equal(summary.writtenTo, join(dataDir, 'learned.bin'))
  assert.ok(!existsSync(join(dataDir, 'baseline.bin')))
  assert.equal(held(dataDir, 'learned.bin').baseline.minutesLearned, 118)
})

test('bad lines are counted and shown, whatever they are, and harm nothing', async () => {
  const { learn } = home()
  const lines = people(2)
  const bad = ['', 'nonsense', 'x'.repeat(70_000), '{"broken":', '192.0.2.1 - - [10/Oct/0023:10:22:41 +0200] "GET / HTTP/1.1" 200 1', '\u0000\u0001\u0002', ...Array.from({ length: 50 }, () => 'x - - [now] "GET / HTTP/1.1" 200 1')]
  bad.forEach((line, i) => lines.splice(i * 7 + 3, 0, line))
  const summary = await learn([write(lines.join('\n'))])
  // An empty line is none.
  assert.deepEqual([summary.requests, summary.badLines], [1_080, bad.length - 1])
  assert.ok(summary.badSamples.length === 8 && summary.badSamples.every(({ line, why }) => line > 0 && why !== ''))
  assert.match(summary.badSamples[1].why, /longer than 64 KiB/)
})

test('a cut gzip file is learned from as far as it goes', async () => {
  const { learn } = home()
  const bytes = gzipSync(people(20).join('\n'))
  const summary = await learn([write(bytes.subarray(0, Math.floor(bytes.length / 2)))])
  assert.match(summary.files[0].trouble, /^read only to line \d+: unexpected end of file/)
  assert.ok(summary.requests > 1_000)
})

test('nothing that can be read, or no file at all: an error, and nothing is written', async () => {
  const { dataDir, learn } = home()
  await assert.rejects(learn([write('nonsense\n')]), /no line could be read as a request; the first: there is no \[time\]/)
  await assert.rejects(learn([join(folder, 'missing')]), /ENOENT/)
  assert.ok(!existsSync(join(dataDir, 'baseline.bin')))
})

test('a dry run changes nothing, not even the key', async () => {
  const { dataDir, learn } = home()
  const summary = await learn([write(people(2).join('\n'))], { dryRun: true })
  assert.deepEqual([summary.writtenTo, summary.minutes], ['', 118])
  assert.ok(!existsSync(dataDir))
})

test('shortened addresses and an unknown site are said', async () => {
  const { learn } = home()
  const lines = people(2).map((line) => line.replace(/^(\S+)\.\d+ /, '$1.0 ').replace('https://a.example/news', '-'))
  const { notes, hosts } = await learn([write(lines.join('\n'))], { dryRun: true })
  assert.deepEqual(hosts, [])
  assert.match(notes.join('\n'), /own name is not known[\s\S]*addresses in these logs are shortened/)
})
