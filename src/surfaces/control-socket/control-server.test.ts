import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { CONTROL_FORMAT, LONGEST_QUESTION_BYTES, type ShieldStatus } from '../../contract/control-socket.ts'
import type { OperatorAct } from '../../contract/operator-act.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { askShield } from './control-client.ts'
import { type ControlAnswers, type ControlServer, ControlPlaneGone, openControlServer, pathProblem, RecordGone } from './control-server.ts'
import { readQuestion } from './read-question.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-control-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const clock = new SimulatedClock()
const NOW = clock.wallMs()
let folders = 0

function answers(more: Partial<ControlAnswers> = {}): ControlAnswers {
  return {
    hello: () => ({ version: '1.2.3', pid: process.pid, startedAtWallMs: NOW }),
    status: () => ({ version: '1.2.3', pid: 1 }) as ShieldStatus,
    act: (act) => Promise.resolve({ done: true, sentence: JSON.stringify(act) }),
    address: () => assert.fail('not asked'),
    record: () => assert.fail('not asked'),
    lifeline: () => assert.fail('not asked'),
    explore: () => assert.fail('not asked'),
    ...more,
  }
}

async function withServer(use: (server: ControlServer, dir: string) => Promise<void>, more: Partial<ControlAnswers> = {}): Promise<void> {
  const dir = join(folder, String(folders++))
  const server = await openControlServer(dir, clock, answers(more), 0)
  try {
    await use(server, dir)
  } finally {
    await server.close()
  }
}

/** What the server writes to these bytes until it, or we, close. */
function raw(path: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = createConnection(path, () => socket.end(bytes))
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => (text += chunk))
    socket.once('close', () => resolve(text))
    socket.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' || error.code === 'ECONNRESET' ? resolve(text) : reject(error)))
  })
}

test('the socket is for its owner alone, and gone after closing', async () => {
  await withServer(async (server, dir) => {
    assert.equal(statSync(server.path).mode & 0o777, 0o600)
    assert.equal(statSync(dir).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(dir), ['control.sock'])
    assert.equal((await askShield(server.path, { ask: 'hello' }, 1_000)).version, '1.2.3')
    await server.close()
    assert.ok(!existsSync(server.path))
  })
})

test('questions on one connection are answered in order, whatever the slow one does', async () => {
  const act = { ask: 'act', format: CONTROL_FORMAT, act: { kind: 'expire', ruleId: 'a', who: 'me', why: 'test' } }
  await withServer(
    async (server) => {
      const text = await raw(server.path, `${JSON.stringify(act)}\n${JSON.stringify({ format: CONTROL_FORMAT, ask: 'hello' })}\n`)
      const lines = text.trim().split('\n').map((line) => JSON.parse(line) as { answer: object })
      assert.deepEqual(lines.map(({ answer }) => 'done' in answer), [true, false])
    },
    { act: async () => new Promise((resolve) => setImmediate(() => resolve({ done: true, sentence: '' }))) },
  )
})

test('a socket left by a dead process is replaced, that of a living one never', async () => {
  const dir = join(folder, 'left')
  const program = (pid: number): string =>
    `const s=require('net').createServer(c=>c.on('data',()=>c.write(JSON.stringify({format:1,ok:true,answer:{version:'x',pid:${pid},startedAtWallMs:0}})+'\\n')));s.listen(process.argv[1],()=>console.log('up'))`
  const start = (): Promise<ChildProcess> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, ['-e', program(4_000_000), join(dir, 'control.sock')], { stdio: ['ignore', 'pipe', 'inherit'] })
      child.stdout!.once('data', () => resolve(child))
    })
  await (await openControlServer(dir, clock, answers(), 0)).close()
  const child = await start()
  await assert.rejects(openControlServer(dir, clock, answers(), 0), /process 4000000 is a running Polder with the same dataDir/)
  assert.equal((await askShield(join(dir, 'control.sock'), { ask: 'hello' }, 1_000)).version, 'x', 'its socket is untouched')

  const next = await openControlServer(dir, clock, answers(), 4_000_000)
  assert.equal((await askShield(next.path, { ask: 'hello' }, 1_000)).version, '1.2.3', 'who takes over gets the place')
  await next.close()

  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  const dead = await start()
  dead.kill('SIGKILL')
  await new Promise((resolve) => dead.once('exit', resolve))
  assert.ok(existsSync(join(dir, 'control.sock')), 'the file was left behind')
  const server = await openControlServer(dir, clock, answers(), 0)
  assert.equal((await askShield(server.path, { ask: 'hello' }, 1_000)).version, '1.2.3')
  await server.close()
})

test('closing leaves the socket of a successor alone', async () => {
  const dir = join(folder, 'handover')
  const old = await openControlServer(dir, clock, answers(), 0)
  const next = await openControlServer(dir, clock, answers(), process.pid)
  await old.close()
  assert.equal((await askShield(next.path, { ask: 'hello' }, 1_000)).version, '1.2.3')
  await next.close()
})

test('what is no socket is not deleted, and a path too long for the system is named', async () => {
  const dir = mkdtempSync(join(folder, 'f'))
  writeFileSync(join(dir, 'control.sock'), 'mine')
  await assert.rejects(openControlServer(dir, clock, answers(), 0), /is there and is not a socket/)
  assert.match(pathProblem(`/${'é'.repeat(60)}/control.sock`)!, /has 134 bytes and the system allows 107: set dataDir to a shorter path/)
  await assert.rejects(openControlServer(join(folder, 'x'.repeat(120)), clock, answers(), 0), /shorter path/)
})

test('a flood of bytes, of questions or of connections ends with a sentence or a closed connection, and the next question is answered', async () => {
  await withServer(async (server) => {
    assert.match(await raw(server.path, 'x'.repeat(LONGEST_QUESTION_BYTES + 10)), /"code":"too-long"/)
    assert.match(await raw(server.path, `${'x'.repeat(LONGEST_QUESTION_BYTES + 10)}\n`), /"code":"too-long"/)
    assert.match(await raw(server.path, `${JSON.stringify({ format: 1, ask: 'hello' })}\n`.repeat(200)), /"code":"busy"/)
    assert.match(await raw(server.path, '{"format":9,"ask":"hello"}\n'), /"code":"other-format","message":"this Polder speaks format 1/)
    assert.match(await raw(server.path, '{"format":1,"ask":"destroy"}\n'), /"code":"unknown-question"/)
    assert.equal((await askShield(server.path, { ask: 'hello' }, 1_000)).version, '1.2.3')
  })
})

test('a dead control plane is told apart from a mistake of ours', async () => {
  const act: OperatorAct = { kind: 'expire', ruleId: 'a', untilWallMs: null, who: 'me', why: 'test' }
  await withServer((server) => assert.rejects(askShield(server.path, { ask: 'act', act }, 1_000), { code: 'control-plane-gone', message: 'gone' }), { act: () => Promise.reject(new ControlPlaneGone('gone')) })
  await withServer((server) => assert.rejects(askShield(server.path, { ask: 'status' }, 1_000), { code: 'shield-error', message: 'oh' }), {
    status: () => {
      throw new Error('oh')
    },
  })
})

const act = (fields: object): string => JSON.stringify({ format: CONTROL_FORMAT, ask: 'act', act: { who: 'me', why: 'test', ...fields } })
const wrong = (line: string): string => {
  const read = readQuestion(line, NOW)
  return 'refused' in read ? read.refused.message : `accepted ${JSON.stringify(read.question)}`
}

test('an order that cannot be meant is refused with the reason', () => {
  assert.match(wrong(act({ kind: 'pin', ruleId: 'a b' })), /a rule is named by letters/)
  assert.match(wrong(act({ kind: 'extend', ruleId: 'a' })), /extend needs an end/)
  assert.match(wrong(act({ kind: 'pin', ruleId: 'a', untilWallMs: NOW - 1 })), /in the past/)
  assert.match(wrong(act({ kind: 'pin', ruleId: 'a', untilWallMs: NOW * 2 })), /more than a year/)
  assert.match(wrong(act({ kind: 'pin', ruleId: 'a', why: ' ' })), /why must be text/)
  assert.match(wrong(act({ kind: 'add', ruleId: 'a', action: 'block', when: [] })), /one to eight conditions/)
  assert.match(wrong(act({ kind: 'add', ruleId: 'a', action: 'blok', when: [{ attribute: 'query-present' }] })), /there is no step "blok"; steps: allow, observe/)
  assert.match(wrong(act({ kind: 'add', ruleId: 'a', action: 'limit', when: [{ attribute: 'query-present' }] })), /a limit needs limitPerSecond/)
  assert.match(wrong(act({ kind: 'add', ruleId: 'a', action: 'block', when: [{ attribute: 'prefix', cidrs: ['10.0.0.0/33'] }] })), /the prefix length is 0 to 32/)
  assert.match(wrong(act({ kind: 'add', ruleId: 'a', action: 'block', when: [{ attribute: 'userAgent', equals: 1 }] })), /no condition on "userAgent" that a person can write/)
  assert.match(wrong(act({ kind: 'dry-run', of: 'some', on: true })), /must name a rule, a step, or be "all"/)
  assert.match(wrong(act({ kind: 'take-back', ruleId: 'a', of: 'add' })), /of must be one of pin, unpin, veto, extend, step-down, expire/)
  assert.match(wrong(act({ kind: 'take-back', ruleId: 'a', of: 'pin', actAtWallMs: 'now' })), /must be a time/)
  assert.match(wrong('[1]'), /one JSON object/)
})

test('a step down and what takes an act back are read whole', () => {
  const read = (line: string): unknown => {
    const answer = readQuestion(line, NOW)
    return 'question' in answer && answer.question.ask === 'act' ? answer.question.act : answer
  }
  assert.deepEqual(read(act({ kind: 'step-down', ruleId: 'a', untilWallMs: NOW + 1 })), { who: 'me', why: 'test', kind: 'step-down', ruleId: 'a', untilWallMs: null })
  assert.deepEqual(read(act({ kind: 'take-back', ruleId: 'a', of: 'extend', actAtWallMs: NOW })), { who: 'me', why: 'test', kind: 'take-back', ruleId: 'a', of: 'extend', actAtWallMs: NOW })
  assert.deepEqual(read(act({ kind: 'take-back', ruleId: 'a', of: 'veto' })), { who: 'me', why: 'test', kind: 'take-back', ruleId: 'a', of: 'veto', actAtWallMs: null })
})

test('text of an order cannot carry line ends or terminal codes into a log', () => {
  const read = readQuestion(act({ kind: 'expire', ruleId: 'a', why: 'a\nb\u001B[31m\u202E' }), NOW)
  assert.ok('question' in read && read.question.ask === 'act')
  assert.equal(read.question.act.why, 'a b [31m')
})

test('any line at all is answered: a question or a refusal, never an exception', () => {
  fc.assert(fc.property(fc.string({ maxLength: 60 }), (line) => void readQuestion(line, NOW)))
  fc.assert(
    fc.property(fc.constantFrom('pin', 'veto', 'add', 'dry-run', 'extend', 'expire', 'unpin', 'step-down', 'take-back', 'x'), fc.dictionary(fc.constantFrom('ruleId', 'when', 'of', 'on', 'untilWallMs', 'action', 'limitPerSecond', 'actAtWallMs'), fc.jsonValue()), (kind, fields) => {
      const read = readQuestion(act({ kind, ...fields }), NOW)
      assert.ok('question' in read || read.refused.message.length > 0)
    }),
    { numRuns: 500 },
  )
})

test('a question to the record keeps its lines, loses what steers a terminal, and must name a room', async () => {
  const ask = (question: unknown) => readQuestion(JSON.stringify({ format: CONTROL_FORMAT, ask: 'record', question }), NOW)
  const good = { room: 'incident', question: 'note', who: 'ada', asks: { id: 'open', text: 'one\r\ntwo\u001B[2J\u202Ethree', list: [{ 'en-GB': 'x\u2028y' }], n: 5, none: null } }
  assert.deepEqual(ask(good), { question: { ask: 'record', question: { ...good, asks: { id: 'open', text: 'one\ntwo [2J three', list: [{ 'en-GB': 'x y' }], n: 5, none: null } } } })
  const wrong: ReadonlyArray<readonly [unknown, RegExp]> = [
    ['text', /question must be an object/],
    [{ ...good, room: 'cellar' }, /no room "cellar"; rooms: journal, incident/],
    [{ ...good, room: '__proto__' }, /no room/],
    [{ ...good, question: '../x' }, /must be a word/],
    [{ ...good, who: '' }, /who must be text/],
    [{ ...good, asks: [] }, /asks must be an object/],
    [{ ...good, asks: { text: 'x'.repeat(33_000) } }, /more than 32768 bytes/],
    [{ ...good, asks: { 'a b': 1 } }, /a field named "a b"/],
    [{ ...good, asks: { constructor: 1 } }, /a field named "constructor"/],
    [{ ...good, asks: { a: [[[[[[[[[1]]]]]]]]] } }, /nested more than 8 deep/],
  ]
  for (const [question, message] of wrong) {
    const read = ask(question)
    assert.ok('refused' in read)
    assert.match(read.refused.message, message)
  }
  const polluted = readQuestion(`{"format":1,"ask":"record","question":{"room":"incident","question":"note","who":"x","asks":{"__proto__":{"a":1}}}}`, NOW)
  assert.ok('refused' in polluted)
  await withServer(
    async (server) => {
      assert.deepEqual(await askShield(server.path, { ask: 'record', question: { room: 'journal', question: 'list', who: 'ada', asks: {} } }, 1_000), { ok: true, answer: 'journal' })
    },
    { record: async (question) => ({ ok: true, answer: question.room }) },
  )
  await withServer(
    async (server) => assert.rejects(askShield(server.path, { ask: 'record', question: { room: 'journal', question: 'list', who: 'ada', asks: {} } }, 1_000), { code: 'record-gone' }),
    { record: () => Promise.reject(new RecordGone('gone')) },
  )
})
