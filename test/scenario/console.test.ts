/** Issue 7: the console of a running shield. It comes by a reload, stays signed in over kill -9 and over an upgrade, and what people do there is in the journal with their name. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ActAnswer, ConsoleAct, ConsoleSession, HistoryAnswer, KeptMoment, SettingsView } from '../../src/contract/console.ts'
import type { ExploreAnswer, ExploreHarm } from '../../src/contract/explore.ts'
import { CONTROL_SOCKET_NAME, type ShieldStatus } from '../../src/contract/control-socket.ts'
import type { JournalEntry } from '../../src/contract/journal.ts'
import { HistoryStore } from '../../src/surfaces/console/history-store.ts'
import { askShield } from '../../src/surfaces/control-socket/control-client.ts'
import { freePort } from '../support/free-port.ts'
import { eventually } from '../support/in-process-shield.ts'
import { LoadOrigin } from '../support/load-origin.ts'
import { PolderProcess } from '../support/polder-process.ts'

const PASSWORD = 'correct horse battery'

function account(file: string, name: string, role: string): Promise<void> {
  const child = spawn(join(import.meta.dirname, '../../bin/polder'), ['account', 'add', name, '--role', role, '--password-stdin', '-c', file], { stdio: ['pipe', 'inherit', 'inherit'] })
  child.stdin.end(PASSWORD)
  return new Promise((resolve, reject) => child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`polder account add ended with ${code}`)))))
}

class Operator {
  readonly url: string
  headers: Record<string, string> = {}

  constructor(url: string) {
    this.url = url
  }

  async signIn(name: string): Promise<ConsoleSession> {
    const response = await fetch(`${this.url}/api/login`, { method: 'POST', headers: { origin: this.url, 'content-type': 'application/json' }, body: JSON.stringify({ name, password: PASSWORD }) })
    const session = (await response.json()) as ConsoleSession
    assert.equal(response.status, 200, JSON.stringify(session))
    this.headers = { cookie: response.headers.getSetCookie().map((one) => one.split(';')[0]).join('; '), 'x-polder-csrf': session.csrf, origin: this.url, 'content-type': 'application/json' }
    return session
  }

  async get(path: string): Promise<unknown> {
    const response = await fetch(`${this.url}/api/${path}`, { headers: this.headers })
    const answer: unknown = await response.json()
    assert.equal(response.status, 200, `${path}: ${JSON.stringify(answer)}`)
    return answer
  }

  async post(path: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.url}/api/${path}`, { method: 'POST', headers: this.headers, body: JSON.stringify(body) })
    const answer: unknown = await response.json()
    assert.equal(response.status, 200, `${path}: ${JSON.stringify(answer)}`)
    return answer
  }

  /** Alive, and this session is known. */
  async knows(): Promise<boolean> {
    return fetch(`${this.url}/api/session`, { headers: this.headers }).then(async (response) => (await response.arrayBuffer(), response.status === 200), () => false)
  }
}

/** Every order the pages can send about rules, each taken back by what its answer offers, over a rule by hand. */
async function everyActIsTakenBack(ada: Operator): Promise<void> {
  const ruleId = 'walked'
  const why = 'a walk'
  const status = async (): Promise<ShieldStatus> => {
    const response = await fetch(`${ada.url}/api/live`, { headers: ada.headers })
    let text = ''
    for await (const part of response.body!) {
      text += Buffer.from(part).toString()
      const found = /event: second\ndata: (.*)\n\n/.exec(text)
      if (found !== null) return (JSON.parse(found[1]!) as { status: ShieldStatus }).status
    }
    throw new Error('the stream ended')
  }
  const seen = async (): Promise<string> => {
    const rule = (await status()).control.view?.rules.find(({ id }) => id === ruleId)
    return rule === undefined ? 'gone' : JSON.stringify([rule.action, rule.stage, rule.expiresAtWallMs, rule.dryRun])
  }
  const send = async (act: ConsoleAct): Promise<ActAnswer> => {
    const answer = (await ada.post('act', { act })) as ActAnswer
    assert.ok(answer.done, `${act.kind}: ${answer.sentence}`)
    return answer
  }
  const added = await send({ kind: 'add', ruleId, when: [{ attribute: 'path', glob: '/walked*' }], action: 'block', untilWallMs: Date.now() + 3_600_000, why })
  await eventually('the rule is seen', 10_000, async () => (await seen()) !== 'gone')
  const walk: readonly ConsoleAct[] = [
    { kind: 'pin', ruleId, untilWallMs: null, why },
    { kind: 'veto', ruleId, untilWallMs: null, why },
    { kind: 'extend', ruleId, untilWallMs: Date.now() + 7_200_000, why },
    { kind: 'step-down', ruleId, untilWallMs: null, why },
    { kind: 'expire', ruleId, untilWallMs: null, why },
    { kind: 'dry-run', of: { rule: ruleId }, on: true, why },
    { kind: 'dry-run', of: { step: 'block' }, on: true, why },
  ]
  const before = await seen()
  for (const act of walk) {
    const answer = await send(act)
    assert.ok(answer.undo !== null, `${act.kind} offers an undo`)
    await eventually(`${act.kind} is felt`, 10_000, async () => (await seen()) !== before)
    await send(answer.undo.act)
    await eventually(`${act.kind} is taken back`, 10_000, async () => (await seen()) === before)
  }
  // Unpin needs a pin, and all is of Polder's own rules, of which there are none here.
  await send({ kind: 'pin', ruleId, untilWallMs: Date.now() + 600_000, why })
  await eventually('pinned', 10_000, async () => (await seen()).includes('pinned'))
  const pinned = await seen()
  const unpinned = await send({ kind: 'unpin', ruleId, untilWallMs: null, why })
  await eventually('unpinned', 10_000, async () => (await seen()) !== pinned)
  await send(unpinned.undo!.act)
  await eventually('pinned again, with the same end', 10_000, async () => (await seen()) === pinned)
  const all = await send({ kind: 'dry-run', of: 'all', on: true, why })
  assert.deepEqual(all.undo, { act: { kind: 'dry-run', of: 'all', on: false, why: `undo: ${why}` } })
  await send(all.undo!.act)
  await send(added.undo!.act)
  await eventually('gone', 10_000, async () => (await seen()) === 'gone')
}

test('a console in the life of a shield', { timeout: 240_000 }, async () => {
  const origin = await LoadOrigin.start()
  const port = await freePort()
  const without = `listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 1\nlifeline: { enabled: false }\n`
  const yaml = `${without}console: { listen: "127.0.0.1:${port}" }\nadmit: { probeSecretSha256: ${'a'.repeat(64)} }\n`
  let polder = await PolderProcess.start(without)
  try {
    await account(polder.file, 'ada', 'admin')
    polder.rewrite(yaml)
    polder.child.kill('SIGHUP')
    const { consoleUrl } = await polder.until((line) => line.msg.startsWith('console at '), 60_000)
    const ada = new Operator(consoleUrl as string)
    assert.equal((await ada.signIn('ada')).role, 'admin')

    const view = (await ada.get('settings')) as SettingsView
    assert.equal(view.rows.find(({ path }) => path === 'admit.probeSecretSha256')!.value, '(set; never shown)')
    for (let i = 0; i < 40; i++) await (await fetch(`${polder.url}/page?${i % 4}`, { headers: { 'user-agent': '<img src=x onerror=alert(1)>' } })).arrayBuffer()
    await eventually('samples are seen', 20_000, async () => ((await ada.post('explore', { window: 'now', by: 'userAgent', where: [] })) as ExploreAnswer).total >= 40)
    const { rows } = (await ada.post('explore', { window: 'now', by: 'userAgent', where: [] })) as ExploreAnswer
    const harm = (await ada.post('explore/harm', { where: [{ attribute: 'userAgent', value: rows[0]!.value }] })) as ExploreHarm
    assert.equal(harm.when[0]!.attribute, 'userAgent')
    const added = (await ada.post('act', { act: { kind: 'add', ruleId: 'from-console', when: harm.when, action: 'block', untilWallMs: null, why: 'seen in explore' } })) as ActAnswer
    assert.ok(added.done, added.sentence)
    const get = (agent: string): Promise<number> => fetch(`${polder.url}/page`, { headers: { 'user-agent': agent } }).then(async (response) => (await response.arrayBuffer(), response.status))
    await eventually('the rule made of a selection refuses who it was made for', 10_000, async () => (await get('<img src=x onerror=alert(1)>')) === 403)
    assert.equal(await get('a browser'), 200, 'and nobody else')
    const undone = (await ada.post('act', added.undo!)) as ActAnswer
    assert.ok(undone.done)
    await eventually('the undo is felt', 10_000, async () => (await get('<img src=x onerror=alert(1)>')) === 200)

    await everyActIsTakenBack(ada)
    await eventually('the metrics count the acts and the session', 5_000, async () => (await polder.metric('polder_console_sessions')) === 1 && (await polder.metric('polder_console_acts_total{result="done"}')) > 10)
    assert.ok((await polder.metric('polder_console_history_bytes')) > 0)

    const { entries } = (await ada.post('record/journal/list', { afterSeq: 0, most: 1_000 })) as { entries: readonly JournalEntry[] }
    assert.deepEqual(entries.filter(({ kind }) => kind === 'login' || kind === 'act').map(({ kind, who }) => `${kind} ${who}`).slice(0, 3), ['login ada', 'act ada', 'act ada'])
    for (const word of ['pinned at', 'back to its own life', 'vetoed', 'extended', 'stepped down from block to limit', 'ended', 'only counts', 'is taken back']) {
      assert.ok(entries.some(({ kind, who, sentence }) => kind === 'act' && who === 'ada' && sentence.includes(word)), `${word} is in the journal with who`)
    }
    await eventually('history and a moment are kept', 20_000, async () => {
      await get('a browser')
      const { points } = (await ada.get('history?most=600')) as HistoryAnswer
      return points.some((one) => one.asked > 0) && ((await ada.get(`moment?at=${Date.now()}`)) as KeptMoment).samples.length > 0
    })

    await eventually('the busy seconds are on the disk', 30_000, () => {
      const store = new HistoryStore(join(polder.folder, 'console/history.sqlite'), () => assert.fail('broken'))
      const busy = store.points(1_000, Date.now() - 60_000, Date.now()).some((one) => one.asked > 0)
      store.close()
      return busy
    }, 500)

    // kill -9 of the whole process: the session, the accounts and what was written of history are still there.
    await polder.end('SIGKILL')
    polder = await PolderProcess.start(yaml, { folder: polder.folder })
    await polder.until((line) => line.msg.startsWith('console at '), 60_000)
    assert.ok(await ada.knows())
    const { points } = (await ada.get('history?most=2000')) as HistoryAnswer
    assert.ok(points.some((one) => one.asked > 0), 'the time before is still to be seen')

    // An upgrade: the next process serves the console at the same place.
    const socket = join(polder.folder, CONTROL_SOCKET_NAME)
    const pidOf = async (): Promise<number> => (await askShield<'status'>(socket, { ask: 'status' }, 10_000) as ShieldStatus).pid
    const before = await pidOf()
    polder.child.kill('SIGUSR2')
    await eventually('the next process answers', 60_000, async () => (await pidOf().catch(() => before)) !== before)
    const next = await pidOf()
    try {
      await eventually('the console is back, still signed in', 30_000, () => ada.knows())
      await eventually('it is that of the next process', 30_000, async () => {
        const response = await fetch(`http://127.0.0.1:${port}/api/live`, { headers: ada.headers }).catch(() => null)
        if (response?.body == null) return false
        let text = ''
        for await (const part of response.body) {
          text += Buffer.from(part).toString()
          const found = /"pid":(\d+)/.exec(text)
          if (found !== null) return Number(found[1]) === next
          if (text.length > 1_000_000) return false
        }
        return false
      })
    } finally {
      process.kill(next, 'SIGTERM')
      await eventually('the next process has ended', 40_000, () => {
        try {
          process.kill(next, 0)
          return false
        } catch {
          return true
        }
      })
    }
  } finally {
    await polder.stop().catch(() => {})
    await origin.close()
  }
})
