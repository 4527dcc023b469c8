import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { ChildGroup, runProgram } from './child-group.ts'
import { groupCpuSeconds, groupMembers, groupUse } from './proc.ts'

test('ending a group ends what it forked, and its use can be read before', async () => {
  const group = new ChildGroup('sh', ['-c', 'sleep 60 & sleep 60 & echo started; wait'])
  await once(group.child.stdout!, 'data')
  assert.equal(groupMembers(group.pid).length, 3)
  const use = groupUse(group.pid)
  assert.equal(use.processes, 3)
  assert.ok(use.residentBytes > 0 && use.handles > 0 && use.cpuSeconds >= 0)
  await group.end()
  assert.deepEqual(groupMembers(group.pid), [])
  assert.ok(group.hasEnded)
})

test('a group made by a child is ended too when it does not end by itself', async () => {
  const group = new ChildGroup('sh', ['-c', 'setsid sleep 60 & echo started; wait'])
  await once(group.child.stdout!, 'data')
  const below = groupMembers(group.pid)
  assert.equal(below.length, 2)
  await group.end()
  assert.deepEqual(below.flatMap(groupMembers), [])
})

test('CPU time of a group is counted', async () => {
  const group = new ChildGroup(process.execPath, ['-e', 'const u = performance.now() + 300; while (performance.now() < u); console.log("done"); setTimeout(() => {}, 60000)'])
  await once(group.child.stdout!, 'data')
  const seconds = groupCpuSeconds(group.pid)
  await group.end()
  assert.ok(seconds > 0.02, `${seconds} s`)
})

test('a program that fails, is missing, or takes too long is an error that says so', async () => {
  await assert.rejects(runProgram('sh', ['-c', 'echo why >&2; exit 3'], 5_000), /failed \(3\)\nwhy/)
  await assert.rejects(runProgram('no-such-program-here', [], 5_000), /ENOENT/)
  await assert.rejects(runProgram('sleep', ['60'], 100), /longer than 0.1 s/)
})
