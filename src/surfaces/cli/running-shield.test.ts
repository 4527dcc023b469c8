/** The commands that talk to a running shield: what they show, what they order, and what they say when nobody is there. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ActOutcome, AddressFacts, ControlQuestion, ShieldStatus } from '../../contract/control-socket.ts'
import type { OperatorAct } from '../../contract/operator-act.ts'
import { reasons } from '../../contract/reason.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { type CliParts, exitCodes } from './command.ts'
import { reasonRow } from './explain.ts'
import { count, parseSpan, span } from './plain-words.ts'
import { runCommandLine } from './program.ts'
import { frame } from './status.ts'
import { attack, attackRule, NOW } from './status-rig.ts'

const manual = readFileSync(join(import.meta.dirname, '../../../docs/operator/errors.md'), 'utf8')

interface Answers {
  readonly status?: ShieldStatus
  readonly act?: ActOutcome
  readonly address?: AddressFacts
  readonly failure?: Error
  readonly isTTY?: boolean
  readonly columns?: number
}

async function say(argv: string[], { status = attack, act = { done: true, sentence: 'r-1a2b: pinned' }, address, failure, isTTY = false, columns = 100 }: Answers = {}) {
  let out = ''
  let error = ''
  const asked: ControlQuestion[] = []
  const stop = new AbortController()
  const clock = new SimulatedClock(NOW)
  const parts: CliParts<object> = {
    version: '0', noColor: !isTTY, clock, who: 'ada',
    out: { isTTY, write: (text) => (out += text), columns, rows: 40 },
    error: { isTTY, write: (text) => (error += text) },
    check: () => assert.fail('settings are not judged'),
    start: () => assert.fail('nothing is started'),
    controlSocket: (file) => ({ path: `${file ?? 'usual'}/control.sock`, note: '' }),
    ask: ((_path: string, question: ControlQuestion) => {
      asked.push(question)
      if (failure !== undefined) return Promise.reject(failure)
      // The watch ends after two looks.
      if (asked.length === 2) stop.abort()
      return Promise.resolve(question.ask === 'act' ? act : question.ask === 'address' ? address : status)
    }) as CliParts<object>['ask'],
    interrupted: () => stop.signal,
    reasonManual: () => manual,
    learn: () => assert.fail('nothing is learned'),
    replay: () => assert.fail('nothing is replayed'),
    lifeline: { state: () => Promise.reject(new Error('not asked')), open: () => Promise.reject(new Error('not asked')), export: () => Promise.reject(new Error('not asked')) },
    writeBytes: () => {},
    writeFile: () => assert.fail('nothing is written'),
    replayIncident: () => assert.fail(),
    accounts: { list: () => assert.fail(), add: () => assert.fail(), remove: () => assert.fail(), role: () => assert.fail(), password: () => assert.fail(), totp: () => assert.fail(), unlock: () => assert.fail() }, askSecret: () => assert.fail(), readInput: () => assert.fail(), journal: { verify: () => assert.fail(), entries: () => assert.fail(), copy: () => assert.fail() },
  }
  const code = await runCommandLine(argv, parts)
  return { code, out, error, asked }
}

test('status tells the state and why, the visitors, the origin and each rule with its evidence, harm, effect and end', async () => {
  const { code, out, error } = await say(['status'])
  assert.deepEqual([code, error], [exitCodes.ok, ''])
  for (const wanted of [
    /^ATTACK since 14:04:05 \(1 min 6 s\)\. An attack is under way and is being pushed back\. One rule of Polder's own acts\.$/m,
    /- 31 % of the requests for the origin are turned away/,
    /- 99 % of the excess take pages and nothing else \(for an attack\)/,
    /^last 10 s {6}2,041 asked\/s, 40 served\/s, 2,001 refused or failed\/s/m,
    /served {7}cache 75 %, origin 20 %, old copies 5\.0 %/,
    /refused {6}rule-block 19,800, queue-full 210/,
    /usual at this hour of the week 38\/s, 17\.2 deviations above; 2,003\/s too many/,
    /page {9}median 21 ms, p99 80 ms, 2 failed; 12 of 20 at once, 3 wait, 17 in the waiting room, 210 turned away/,
    /r-1a2b {2}block {2}user agent "stress" and page-only\n {6}since 14:04:06, ends in 1 min 40 s unless its flood goes on; matched 128,700, now 1,240\/s; when made 1,980\/s \(normal 0\.2\/s\)/,
    /explains 97 % of what is suspicious; all 1 gates pass/,
    /promised at most 0\.12 % of normal requests; so far 3 of 128,700 matches by clients that behave like visitors \(<0\.01 %\), 0 of 160 let through on trial were visitors/,
    /own {2}allow {2}the address is in 192\.0\.2\.0\/24\n {6}in the settings file, no end; matched 12/,
    /thought of, not made: path "\/" and page-only: touches at most 4\.0 %/,
    /14:04:05 {2}STRAIN to ATTACK/,
  ]) assert.match(out, wanted)
  assert.ok(!out.includes('\u001B'))
  assert.ok(out.split('\n').length <= 40, 'one screen')
})

test('status says first that the control plane is dead, since when, and that its view is old', async () => {
  const { out } = await say(['status'], { status: { ...attack, control: { ...attack.control, alive: false, heardAtWallMs: NOW - 42_000 } } })
  assert.match(out, /^The control plane was last heard 42 s ago\. Visitors are served by the last plan/)
  assert.match(out, /State, rate and evidence above are as of 14:05:10\.$/m)
  assert.match(out, /Rules in force: 1\n {2}own/, 'a rule the plan no longer holds is not called acting')
})

test('status --json is the whole answer', async () => {
  assert.deepEqual(JSON.parse((await say(['status', '--json'])).out), JSON.parse(JSON.stringify(attack)))
})

test('status --watch appends without a terminal and redraws in place with one', async () => {
  const piped = await say(['status', '--watch'])
  assert.equal(piped.asked.length, 2)
  assert.equal(piped.out.match(/^ATTACK since/gm)!.length, 2)
  assert.ok(!piped.out.includes('\u001B'))
  const terminal = await say(['status', '-w'], { isTTY: true })
  assert.equal(terminal.out.split('\u001B[H').length, 3)
  assert.ok(terminal.out.startsWith('\u001B[?1049h\u001B[?25l') && terminal.out.endsWith('\u001B[?25h\u001B[?1049l'))
  assert.ok((await say(['status', '-w'], { isTTY: true, columns: 0 })).out.includes('ATTACK'), 'a terminal that does not know its width')
  const lines = await say(['status', '--watch', '--json'])
  assert.equal(lines.out.trim().split('\n').map((line) => (JSON.parse(line) as ShieldStatus).pid).length, 2)
})

test('a frame never exceeds its window', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 200 }), { maxLength: 60 }), fc.integer({ min: 20, max: 200 }), fc.integer({ min: 5, max: 60 }), (lines, columns, rows) => {
      // eslint-disable-next-line no-control-regex -- the codes of the frame itself
      const drawn = frame(lines.map((line) => line.replaceAll(/\p{Cc}/gu, '?')).join('\n'), columns, rows).replaceAll(/\u001B\[[A-Z]/g, '').replace(/\r\n$/, '').split('\r\n')
      assert.ok(drawn.length < rows, `${drawn.length} lines in ${rows}`)
      for (const line of drawn) assert.ok(line.length <= columns, `${line.length} in ${columns}`)
    }),
  )
})

test('without a shield each command says so, names the socket and the mend, and ends with 1', async () => {
  for (const [code, wanted] of [['ENOENT', /no shield is running there: there is no control socket\n {4}socket: a\.yaml\/control\.sock\n {4}mend: {3}start it/], ['ECONNREFUSED', /its socket is a leftover/], ['EACCES', /sudo/]] as const) {
    for (const argv of [['status'], ['rules'], ['explain', 'r-1a2b'], ['explain', '192.0.2.1'], ['rules', 'pin', 'r', '--why', 'x'], ['status', '--watch']]) {
      const { code: ended, out, error } = await say([...argv, '-c', 'a.yaml'], { failure: Object.assign(new Error('no'), { code }) })
      assert.deepEqual([ended, out], [exitCodes.refused, ''], argv.join(' '))
      assert.match(error, wanted)
    }
  }
})

test('orders carry who and why, and until when', async () => {
  const signed = { who: 'ada', why: 'a reason' }
  const cases: ReadonlyArray<readonly [string[], OperatorAct]> = [
    [['pin', 'r-1a2b'], { ...signed, kind: 'pin', ruleId: 'r-1a2b', untilWallMs: null }],
    [['veto', 'r-1a2b', '--for', '1h'], { ...signed, kind: 'veto', ruleId: 'r-1a2b', untilWallMs: NOW + 3_600_000 }],
    [['extend', 'r-1a2b', '--for', '90s'], { ...signed, kind: 'extend', ruleId: 'r-1a2b', untilWallMs: NOW + 90_000 }],
    [['expire', 'r-1a2b'], { ...signed, kind: 'expire', ruleId: 'r-1a2b', untilWallMs: null }],
    [['step-down', 'r-1a2b'], { ...signed, kind: 'step-down', ruleId: 'r-1a2b', untilWallMs: null }],
    [['take-back', 'r-1a2b', 'extend'], { ...signed, kind: 'take-back', ruleId: 'r-1a2b', of: 'extend', actAtWallMs: null }],
    [['dry-run', 'on', '--all'], { ...signed, kind: 'dry-run', of: 'all', on: true }],
    [['dry-run', 'off', '--step', 'block'], { ...signed, kind: 'dry-run', of: { step: 'block' }, on: false }],
    [['dry-run', 'on', 'r-1a2b'], { ...signed, kind: 'dry-run', of: { rule: 'r-1a2b' }, on: true }],
    [
      ['add', '--id', 'x', '--path', '/search*', '--prefix', '192.0.2.0/24, 2001:db8::/32', '--method', 'post', '--unproven', '--query', '--action', 'limit', '--limit', '2.5', '--for', '2d'],
      {
        ...signed, kind: 'add', ruleId: 'x', action: 'limit', limitPerSecond: 2.5, untilWallMs: NOW + 2 * 86_400_000,
        when: [{ attribute: 'path', glob: '/search*' }, { attribute: 'prefix', cidrs: ['192.0.2.0/24', '2001:db8::/32'] }, { attribute: 'method', oneOf: ['POST'] }, { attribute: 'query-present' }, { attribute: 'unproven' }],
      },
    ],
  ]
  for (const [argv, act] of cases) {
    const { code, out, asked, error } = await say(['rules', ...argv, '--why', 'a reason'])
    assert.deepEqual([code, error], [exitCodes.ok, ''], argv.join(' '))
    assert.deepEqual(asked, [{ ask: 'act', act }])
    assert.equal(out, 'r-1a2b: pinned\n')
  }
})

test('an order that cannot be meant is not sent', async () => {
  for (const [argv, wanted] of [
    [['pin', 'r'], /--why is missing/],
    [['extend', 'r', '--why', 'x'], /--for is missing/],
    [['pin', 'r', '--why', 'x', '--for', 'soon'], /--for "soon" is no time/],
    [['take-back', 'r', 'add', '--why', 'x'], /there is no act "add"; acts: pin, unpin, veto, extend, step-down, expire/],
    [['dry-run', 'maybe', '--all', '--why', 'x'], /say on or off/],
    [['dry-run', 'on', 'r', '--all', '--why', 'x'], /name one of/],
    [['add', '--why', 'x', '--action', 'block'], /would match everything/],
    [['add', '--why', 'x', '--action', 'block', '--path', 'search'], /did you mean "\/search"/],
    [['add', '--why', 'x', '--action', 'limit', '--path', '/'], /--limit is missing/],
    [['add', '--why', 'x', '--action', 'bloc', '--path', '/'], /there is no step "bloc"/],
    [['add', '--why', 'x', '--action', 'block', '--prefix', '192.0.2.0/99'], /the prefix length is 0 to 32/],
    [['pni', 'r'], /polder rules has no command 'pni'; it has pin, unpin/],
  ] as const) {
    const { code, asked, error } = await say(['rules', ...argv])
    assert.deepEqual([code, asked], [exitCodes.usage, []], argv.join(' '))
    assert.match(error, wanted)
  }
})

test('an order the shield did not carry out ends with 1 and says why', async () => {
  const { code, out, error } = await say(['rules', 'pin', 'r', '--why', 'x'], { act: { done: false, sentence: 'r: there is no such rule' } })
  assert.deepEqual([code, out, error], [exitCodes.refused, '', 'polder: nothing changed: r: there is no such rule\n'])
})

test('rules lists those in force, asleep and held back; as JSON too', async () => {
  const { out } = await say(['rules'])
  assert.match(out, /In force\n {2}own {2}allow[\s\S]*r-1a2b {2}block[\s\S]*Asleep[\s\S]*r-old[\s\S]*Thought of, not made\n {2}r-cand/)
  const json = JSON.parse((await say(['rules', '--json'])).out) as { rules: Array<{ id: string }>; candidates: object[] }
  assert.deepEqual([json.rules.map(({ id }) => id), json.candidates.length], [['own', 'r-1a2b', 'r-old'], 1])
})

test('explain of a rule says its conditions, evidence, gates, both harms and its history', async () => {
  const { out, code } = await say(['explain', attackRule.id])
  assert.equal(code, exitCodes.ok)
  for (const wanted of [/requests are refused when\n {6}the user agent is "stress"\n {2}and the client has had 3 pages or more/, /It matches 1,980 requests a second; normal traffic explains 0\.2 of them/, /Of 5,000 normal requests held out for this test it matches 0: with 99\.75 % certainty it touches at most 0\.12 %/, /passes {2}G1-purity/, /14:04:21 {2}raised to block/]) assert.match(out, wanted)
  assert.match((await say(['explain', 'r-cand'])).out, /thought of and not made[\s\S]*fails {3}G2-collateral/)
  assert.match((await say(['explain', 'own'])).out, /always let in when\n {6}the address is in 192\.0\.2\.0\/24[\s\S]*Written in the settings file/)
  const unknown = await say(['explain', 'nothing'])
  assert.deepEqual([unknown.code, unknown.out], [exitCodes.refused, ''])
  assert.match(unknown.error, /is no rule of the running shield, no reason code and no address/)
})

test('explain knows every reason code without asking a shield', async () => {
  for (const reason of reasons) {
    const { out, asked, code } = await say(['explain', reason])
    assert.deepEqual([asked, code], [[], exitCodes.ok])
    assert.ok(out.startsWith(`${reason}: `) && !out.includes('As above'), `${reason}: ${out}`)
  }
  assert.equal(reasonRow(manual, 'queue-timeout')!.todo, reasonRow(manual, 'queue-full')!.todo)
})

test('explain of an address says what is held and what is not known', async () => {
  const facts: AddressFacts = {
    address: '2001:db8::7', countedAs: '2001:db8:0:0::/64', trustedProxy: false, matching: [{ ruleId: 'own', action: 'block', whole: false, others: 1 }], undecided: 2, kernelDropped: false,
    tracked: { lastSeenMsAgo: 4_000, requests: 30, pages: 20, statics: 0, errors: 3, echoes: 0, validatedTokens: 0, originMs: 900, behavesLikeVisitor: false },
  }
  const { out } = await say(['explain', '2001:db8::7'], { address: facts })
  for (const wanted of [/counted as 2001:db8:0:0::\/64/, /Last seen 4 s ago[^\n]*30 requests, 20 pages/, /has not behaved like a visitor yet/, /Rule own \(block\) names it, with 1 more condition that depend/, /2 rules look at other things/]) assert.match(out, wanted)
  assert.match((await say(['explain', '192.0.2.1'], { address: { ...facts, tracked: null, matching: [], undecided: 0 } })).out, /holds nothing of it[\s\S]*No rule names its address/)
})

test('text from visitors in a rule cannot steer the terminal', async () => {
  const evil = { ...attackRule, sentence: 'user agent "\u001B]0;owned\u0007\u001B[2J"' }
  const status = { ...attack, control: { ...attack.control, view: { ...attack.control.view!, rules: [evil] } } }
  for (const argv of [['status'], ['rules'], ['explain', attackRule.id]]) {
    const { out } = await say(argv, { status, isTTY: true })
    for (const steering of ['\u001B]', '\u001B[2J', '\u0007']) assert.ok(!out.includes(steering))
  }
})

test('spans and numbers read back', () => {
  assert.deepEqual([parseSpan('90s'), parseSpan('2h'), parseSpan('1 d'), parseSpan('0s'), parseSpan('h'), parseSpan('-1h')], [90_000, 7_200_000, 86_400_000, null, null, null])
  assert.deepEqual([span(0), span(59_400), span(61_000), span(3_600_000), span(90_000_000)], ['0 s', '59 s', '1 min 1 s', '1 h', '1 d 1 h'])
  assert.deepEqual([count(0), count(9.94), count(10.4), count(1_234_567)], ['0', '9.9', '10', '1,234,567'])
})
