import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Alert } from '../../contract/alert.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import type { ShieldState } from '../../contract/plan.ts'
import { alertSettings, second, view } from './alert.testing.ts'
import { ShieldWatch } from './watch-shield.ts'

const T = Date.parse('2026-11-27T12:00:00Z')
const newWatch = (): ShieldWatch => new ShieldWatch(() => alertSettings({ timeZone: 'Europe/Brussels' }), () => '2026-11-27-1')
const line = (one: Alert): string => `${one.key} ${one.resolved ? 'over' : one.severity}`

/** Each state for so many seconds. Returns what was told, without repetitions, with the second of its telling. */
function run(watch: ShieldWatch, from: number, ...parts: ReadonlyArray<readonly [ShieldState | null, number]>): string[] {
  const said: string[] = []
  let at = from
  for (const [state, seconds] of parts) {
    for (let i = 0; i < seconds; i++, at += 1_000) {
      for (const one of watch.see(second(at, state))) if (said.findLast((text) => text.slice(text.indexOf(' ') + 1).startsWith(`${one.key} `))?.endsWith(line(one)) !== true) said.push(`${(at - from) / 1_000} ${line(one)}`)
    }
  }
  return said
}

/** Without the ends that every new watch tells once, because it does not know what was before. */
function about(keys: RegExp, said: readonly string[]): string[] {
  const begun = new Set<string>()
  return said.filter((text) => {
    const [, key, what] = text.split(' ')
    if (what !== 'over') begun.add(key)
    return keys.test(key) && begun.has(key)
  })
}

test('an attack is told in the second in which the state says so, strain only when it lasts', () => {
  assert.deepEqual(about(/attack/, run(newWatch(), T, ['NORMAL', 2], ['WATCH', 2], ['STRAIN', 2], ['ATTACK', 5])), ['6 attack critical'])
  assert.deepEqual(about(/attack/, run(newWatch(), T, ['NORMAL', 2], ['STRAIN', 40])), ['32 attack warning'])
  assert.deepEqual(about(/attack/, run(newWatch(), T, ['NORMAL', 2], ['STRAIN', 20], ['WATCH', 2], ['STRAIN', 20])), [], 'two short ones are not one long one')
})

test('states that swing are one alert; its end is told when it has lasted', () => {
  const said = run(newWatch(), T, ['ATTACK', 5], ['STRAIN', 20], ['WATCH', 30], ['ATTACK', 5], ['STRAIN', 10], ['NORMAL', 70])
  assert.deepEqual(said.filter((text) => text.includes('attack')), ['0 attack critical', '130 attack over'])
})

test('an emergency is an alert of its own', () => {
  const said = run(newWatch(), T, ['ATTACK', 3], ['EMERGENCY', 5], ['ATTACK', 70])
  assert.deepEqual(about(/./, said), ['0 attack critical', '3 emergency critical', '68 emergency over'])
})

test('silence is never an end: without the control plane the attack stays open, and its silence is told', () => {
  const said = run(newWatch(), T, ['ATTACK', 5], [null, 120])
  assert.deepEqual(about(/./, said), ['0 attack critical', '15 control-plane critical'])
})

test('after the start the control plane has half a minute to speak first', () => {
  assert.deepEqual(run(newWatch(), T, [null, 40]).filter((text) => text.includes('control')), ['30 control-plane critical'])
  assert.deepEqual(run(newWatch(), T, [null, 20], ['NORMAL', 5], [null, 9], ['NORMAL', 5]).filter((text) => text.endsWith('critical')), [])
})

test('an end from before a restart is told too: the new process finds it calm', () => {
  assert.ok(run(newWatch(), T, ['NORMAL', 70]).includes('60 attack over'))
})

test('the words say what, since when, what Polder does, whom it touches, what to do, and hold no link', () => {
  const rule = { id: 'r-1a2b', origin: 'automatic', sentence: 'user agent "see http://evil.example"', when: [], action: 'block', stage: 'active', dryRun: false, bornAtWallMs: T, expiresAtWallMs: T, who: 'polder', why: '', since: { matched: 1, positive: 0, canaryTried: 0, canaryPassed: 0 }, history: [], evidence: { gates: [], harm: { hits: 0, sampled: 1_000, upperShare: 0.0012, level: 0.01 }, expectedPerSecond: 0, matchedPerSecond: 1, excessShare: 1 } } as const
  const watch = newWatch()
  const attack = watch.see(second(T, 'ATTACK', { view: view('ATTACK', T, { rules: [rule] }) })).find((one) => one.key === 'attack')!
  assert.equal(attack.incidentId, '2026-11-27-1')
  assert.equal(attack.text, [
    'What: a flood is shown and is being pushed back. State ATTACK since 2026-11-27 13:00:00 (Europe/Brussels; 12:00:00 UTC).',
    'Asked per second: 2,041 (usual 38).',
    'What Polder does: one rule of its own, which ends by itself, beside stored copies and a limit for the origin.',
    '- refuses: user agent "see http://evil.example" (r-1a2b)',
    "Whom it touches: In the last 1 s 60 % of all requests, the attacker's among them, were answered with what they asked for. Each rule may touch at most 0.12 % of normal requests.",
    'What to do: nothing has to be switched on. Look: polder incident show, polder status. If a rule is wrong: polder rules veto r-1a2b --why "..."',
  ].join('\n'))
})

test('the end says how long it was, how bad, and what visitors got', () => {
  const watch = newWatch()
  let over: Alert | undefined
  for (let i = 0; i < 200; i++) over ??= watch.see(second(T + i * 1_000, i < 120 ? 'ATTACK' : 'NORMAL', {}, [])).find((one) => one.key === 'attack' && one.resolved)
  assert.match(over!.text, /^What: it is calm again since .*12:02:00 UTC\)\. The worst state was ATTACK\.\nIt lasted 2 min, from .*12:00:00 UTC\)\. Most asked in one second: 2,041\.\nIn that time 12,000 requests were asked, 7,200 answered/)
})

test('an origin that does not answer is told after five seconds, a part of it after thirty', () => {
  const watch = newWatch()
  const said: string[] = []
  const up = (healthy: readonly boolean[], seconds: number, from: number): void => {
    for (let i = 0; i < seconds; i++) for (const one of watch.see(second(T + (from + i) * 1_000, 'NORMAL', { upstreams: healthy.map((well, n) => ({ name: `http://127.0.0.1:809${n}`, healthy: well })) }))) if (one.key.startsWith('origin')) said.push(`${from + i} ${line(one)}`)
  }
  up([true, true], 5, 0)
  up([false, true], 32, 5)
  up([false, false], 10, 37)
  up([true, true], 61, 47)
  assert.deepEqual(said, ['35 origin-part warning', '42 origin-down critical', '97 origin-part over', '107 origin-down over'])
})

test('kernel trouble is told once and over when it does not come again', () => {
  const watch = newWatch()
  const trouble = { atWallMs: T, code: 'kernel-drop-trouble', sentence: 'nft is not installed' }
  const [told] = watch.see(second(T, 'NORMAL', {}, [trouble]))
  assert.equal(line(told), 'kernel-drop warning')
  assert.match(told.text, /nft is not installed/)
  let over = ''
  for (let i = 1; i <= 600 && over === ''; i++) over = watch.see(second(T + i * 1_000, 'NORMAL')).filter((one) => one.key === 'kernel-drop').map((one) => `${i} ${line(one)}`).join('')
  assert.equal(over, '600 kernel-drop over')
})

test('an alarm in the journal is told, and over when the journal says so', () => {
  const watch = newWatch()
  const entry = (data: unknown): JournalEntry => ({ seq: 7, atWallMs: T, kind: 'alarm', who: 'polder', sentence: 'the journal cannot be written: no space left on device', data, previous: '', hash: '' })
  const [told] = watch.hear(entry({ key: 'journal-disk' }))
  assert.equal(line(told), 'alarm.journal-disk critical')
  assert.match(told.text, /^What: the journal cannot be written: no space left on device\. Since/)
  assert.equal(line(watch.hear(entry({ key: 'journal-disk', over: true }))[0]), 'alarm.journal-disk over')
  assert.equal(line(watch.hear(entry(null))[0]), 'alarm.journal-7 critical')
  assert.deepEqual(watch.hear({ ...entry(null), kind: 'alert' }), [])
})
