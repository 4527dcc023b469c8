import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SettingsProblem } from '../../contract/settings-problem.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { exitCodes, type CheckReport, type CliParts } from './command.ts'
import { commands, runCommandLine } from './program.ts'

interface Fake {
  readonly workers: number
}
const problem = (severity: 'error' | 'warning', more: Partial<SettingsProblem> = {}): SettingsProblem => ({
  severity, code: 'out-of-range', file: 'polder.yaml', line: 3, column: 5, path: 'edge.headerDeadlineMs', value: '10', message: 'is below the least allowed, 1s', allowed: '1s to 2m', mend: 'did you mean 10s?', ...more,
})
const good: CheckReport<Fake> = { settings: { workers: 2 }, problems: [], problemCount: 0, file: 'polder.yaml', digest: 'aa', effective: [
  { path: 'workers', value: '2', from: 'polder.yaml:4', applies: 'restart' },
  { path: 'edge.headerDeadlineMs', value: '10s', from: 'default', applies: 'live' },
] }
const bad: CheckReport<Fake> = { settings: null, problems: [problem('error'), problem('warning')], problemCount: 7, file: 'polder.yaml', digest: 'bb', effective: [] }

async function say(argv: string[], { report = good, isTTY = false, noColor = false, start }: { report?: CheckReport<Fake>; isTTY?: boolean; noColor?: boolean; start?: CliParts<Fake>['start'] } = {}) {
  let out = ''
  let error = ''
  const asked: Array<string | null> = []
  const code = await runCommandLine<Fake>(argv, {
    version: '1.2.3', noColor,
    out: { isTTY, write: (text) => (out += text) },
    error: { isTTY, write: (text) => (error += text) },
    check: (file) => {
      asked.push(file)
      return report
    },
    start: start ?? (() => assert.fail('nothing may be started')),
    clock: new SimulatedClock(), who: 'tester',
    controlSocket: () => ({ path: '/nowhere/control.sock', note: '' }),
    ask: () => assert.fail('no shield may be asked'),
    interrupted: () => assert.fail('nothing runs until Ctrl-C'),
    reasonManual: () => '',
    learn: () => assert.fail('nothing is learned'),
    replay: () => assert.fail('nothing is replayed'),
    lifeline: { state: () => Promise.reject(new Error('not asked')), open: () => Promise.reject(new Error('not asked')), export: () => Promise.reject(new Error('not asked')) },
    writeBytes: () => {},
    writeFile: () => assert.fail('nothing is written'),
    replayIncident: () => assert.fail(),
    accounts: { list: () => assert.fail(), add: () => assert.fail(), remove: () => assert.fail(), role: () => assert.fail(), password: () => assert.fail(), totp: () => assert.fail(), unlock: () => assert.fail() }, askSecret: () => assert.fail(), readInput: () => assert.fail(), journal: { verify: () => assert.fail(), entries: () => assert.fail(), copy: () => assert.fail() },
  })
  return { code, out, error, asked }
}

test('help and version go to standard output and end with 0', async () => {
  for (const argv of [['--help'], ['-h'], ['help'], ...commands.flatMap(({ name }) => [[name, '--help'], ['help', name]])]) {
    const { code, out, error } = await say(argv)
    assert.deepEqual([code, error], [exitCodes.ok, ''], argv.join(' '))
    assert.match(out, /Usage: polder/)
    assert.match(out, /Examples:\n {2}\S/)
    assert.match(out, /Exit codes: 0 .*1 .*2 /)
  }
  assert.match((await say(['--version'])).out, /^polder 1\.2\.3 \(Node \d+/)
})

test('a wrong use ends with 2, says what is wrong, and starts nothing', async () => {
  for (const [argv, wanted] of [[[], /Usage: polder/], [['chek'], /unknown command 'chek'\n\(Did you mean check\?\)/], [['check', '--jsno'], /Did you mean --json\?/], [['run', '-c'], /argument missing/], [['check', 'polder.yaml'], /too many arguments/]] as const) {
    const { code, out, error } = await say([...argv])
    assert.deepEqual([code, out], [exitCodes.usage, ''], argv.join(' '))
    assert.match(error, wanted)
  }
})

test('check of good settings says so, on standard output', async () => {
  assert.deepEqual(await say(['check', '-c', 'a.yaml']), { code: 0, out: 'polder.yaml: settings are good\n', error: '', asked: ['a.yaml'] })
  assert.deepEqual((await say(['check'])).asked, [null])
  assert.deepEqual((await say(['check', '--config=b.yaml'])).asked, ['b.yaml'])
})

test('check of bad settings ends with 1 and says place, value, range and mend', async () => {
  const { code, out, error } = await say(['check'], { report: bad })
  assert.deepEqual([code, out], [exitCodes.refused, ''])
  assert.match(error, /^polder\.yaml:3:5: error \[out-of-range\]: edge\.headerDeadlineMs is below the least allowed, 1s\n {4}written: 10\n {4}allowed: 1s to 2m\n {4}mend: {4}did you mean 10s\?\n/)
  assert.match(error, /1 error, 1 warning, 5 more not shown: these settings would be refused\n$/)
})

test('warnings alone end with 0', async () => {
  const { code, out, error } = await say(['check'], { report: { ...good, problems: [problem('warning')], problemCount: 1 } })
  assert.equal(code, exitCodes.ok)
  assert.match(error, /warning \[out-of-range\]/)
  assert.equal(out, 'polder.yaml: settings are good (1 warning)\n')
})

test('check --json is one JSON object on standard output, and nothing else', async () => {
  const refused = await say(['check', '--json'], { report: bad })
  assert.deepEqual([refused.code, refused.error], [exitCodes.refused, ''])
  assert.deepEqual(JSON.parse(refused.out), { ok: false, file: 'polder.yaml', problemCount: 7, problems: bad.problems })
  const whole = JSON.parse((await say(['check', '--json', '--effective'])).out) as Record<string, unknown>
  assert.deepEqual([whole['ok'], whole['settings'], whole['effective']], [true, { workers: 2 }, good.effective])
})

test('check --effective lists every setting with its value and where it comes from', async () => {
  const { out } = await say(['check', '--effective'])
  assert.match(out, /^setting {2,}value/)
  assert.match(out, /^workers {2,}2 {2,}polder\.yaml:4 {2,}restart$/m)
  assert.match(out, /^edge\.headerDeadlineMs {2,}10s$/m)
})

test('colour is for a terminal whose owner did not refuse it', async () => {
  assert.ok((await say(['check'], { report: bad, isTTY: true })).error.includes('\u001B[31merror\u001B[0m'))
  for (const how of [{ isTTY: false }, { isTTY: true, noColor: true }]) assert.ok(!(await say(['check'], { report: bad, ...how })).error.includes('\u001B'))
})

test('text from a file cannot steer the terminal', async () => {
  const report = { ...bad, problems: [problem('error', { message: 'has "\u001B]0;owned\u0007\u001B[2J\u202E"', value: 'a\rb' })] }
  for (const isTTY of [true, false]) {
    const { error } = await say(['check'], { report, isTTY })
    for (const steering of ['\u001B]', '\u001B[2J', '\u0007', '\r', '\u202E']) assert.ok(!error.includes(steering), JSON.stringify(steering))
  }
})

test('run starts with good settings and ends with the code of the shield', async () => {
  const { code, error } = await say(['run', '-c', 'a.yaml'], { start: async (settings) => settings.workers + 40 })
  assert.deepEqual([code, error], [42, ''])
})

test('run with bad settings starts nothing and ends with 1', async () => {
  const { code, error } = await say(['run'], { report: bad })
  assert.equal(code, exitCodes.refused)
  assert.match(error, /not started\n$/)
})

test('what goes wrong inside a command is not mistaken for a wrong use', async () => {
  await assert.rejects(say(['run'], { start: () => Promise.reject(new Error('a defect')) }), /a defect/)
})
