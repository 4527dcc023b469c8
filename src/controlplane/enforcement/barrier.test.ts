import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { barrierSuite, drop, NOW, spared } from './barrier-suite.ts'
import { InProcessBarrier } from './in-process-barrier.ts'
import { NftBarrier, setElements } from './nft-barrier.ts'
import { NftProgram } from './nft-program.ts'

// Everything happens inside two network namespaces of this test; the machine's own packet filter is never touched.
const [server, client] = [`polder-s${process.pid}`, `polder-c${process.pid}`]
const PORT = 8_080
const ip = (...args: string[]): boolean => spawnSync('ip', args, { stdio: 'ignore' }).status === 0
const inside = (space: string, ...command: string[]): string => spawnSync('ip', ['netns', 'exec', space, ...command], { encoding: 'utf8' }).stdout
const possible = process.getuid?.() === 0 && spawnSync('nft', ['--version']).status === 0 && ip('netns', 'add', server)
const skip = possible ? false : 'needs root, nft and network namespaces'
const nft = new NftProgram(['ip', 'netns', 'exec', server, 'nft'])
const make = (ports: () => readonly number[] = () => [PORT]): NftBarrier => new NftBarrier(nft, ports, () => spared)
const listeners: Array<ReturnType<typeof spawn>> = []

before(async () => {
  if (!possible) return
  for (const args of [
    ['netns', 'add', client], ['link', 'add', 'veth0', 'netns', server, 'type', 'veth', 'peer', 'name', 'veth0', 'netns', client],
    ['-n', server, 'addr', 'add', '192.0.2.100/24', 'dev', 'veth0'], ['-n', client, 'addr', 'add', '192.0.2.1/24', 'dev', 'veth0'], ['-n', client, 'addr', 'add', '192.0.2.2/24', 'dev', 'veth0'],
    ['-n', server, 'addr', 'add', '2001:db8:0:1::100/64', 'dev', 'veth0', 'nodad'], ['-n', client, 'addr', 'add', '2001:db8:0:1::1/64', 'dev', 'veth0', 'nodad'],
    ['-n', server, 'link', 'set', 'veth0', 'up'], ['-n', client, 'link', 'set', 'veth0', 'up'], ['-n', server, 'link', 'set', 'lo', 'up'],
  ]) assert.ok(ip(...args), args.join(' '))
  const program = `for (const port of [${PORT}, 9090]) require('net').createServer((s) => s.on('error', () => {}).end('hello')).listen(port, '::', () => console.log(port))`
  const child = spawn('ip', ['netns', 'exec', server, process.execPath, '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  listeners.push(child)
  await new Promise((resolve) => child.stdout.once('data', resolve))
})
after(() => {
  for (const child of listeners) child.kill('SIGKILL')
  if (possible) for (const space of [server, client]) ip('netns', 'del', space)
})

/** Whether a TCP connection from that address comes about within 400 ms. */
function reaches(from: string, to: string, port = PORT): boolean {
  const program = `const s = require('net').connect({ host: '${to}', port: ${port}, localAddress: '${from}' }); s.on('connect', () => process.exit(0)); s.on('error', () => process.exit(1)); setTimeout(() => process.exit(1), 400)`
  return spawnSync('ip', ['netns', 'exec', client, process.execPath, '-e', program]).status === 0
}

barrierSuite('in-process', () => new InProcessBarrier(() => spared), false)
barrierSuite('nftables', () => make(), skip)

test('packets of a dropped source do not arrive, on our port only; those of others do; after withdrawal all do', { skip }, async () => {
  const barrier = make()
  assert.equal(await barrier.check(), null)
  assert.ok(reaches('192.0.2.1', '192.0.2.100') && reaches('2001:db8:0:1::1', '2001:db8:0:1::100'), 'the way is open')
  await barrier.apply([drop('192.0.2.1/32'), drop('2001:db8:0:1::/64')], NOW)
  assert.deepEqual([reaches('192.0.2.1', '192.0.2.100'), reaches('2001:db8:0:1::1', '2001:db8:0:1::100')], [false, false])
  assert.ok(reaches('192.0.2.2', '192.0.2.100'), 'a neighbour gets in')
  assert.ok(reaches('192.0.2.1', '192.0.2.100', 9_090), 'other services of the machine are not our business')
  assert.match(inside(server, 'nft', 'list', 'table', 'inet', 'polder'), /counter packets [1-9]/)
  await barrier.withdraw()
  assert.ok(reaches('192.0.2.1', '192.0.2.100'))
  assert.equal(inside(server, 'nft', 'list', 'tables'), '', 'nothing is left behind')
})

test('every element ends by itself within ten minutes, so that a killed shield leaves nobody out', { skip }, async () => {
  const barrier = make()
  await barrier.apply([drop('192.0.2.1/32', 3_000), drop('192.0.2.7/32', 10 * 3_600_000)], NOW)
  const text = inside(server, 'nft', 'list', 'table', 'inet', 'polder')
  assert.match(text, /192\.0\.2\.1 timeout 3s/)
  assert.match(text, /192\.0\.2\.7 timeout 10m/)
  // An earlier life's table is replaced whole by the next.
  const next = make()
  await next.apply([drop('192.0.2.8/32')], NOW)
  assert.deepEqual([...setElements(await nft.listTable('inet', 'polder'))], ['192.0.2.8/32'])
  await next.withdraw()
})

test('what someone else flushes or changes is mended at the next look, and other tables are never touched', { skip }, async () => {
  inside(server, 'nft', 'add table inet mine; add set inet mine keep { type ipv4_addr; }; add element inet mine keep { 10.0.0.1 }')
  const barrier = make()
  await barrier.apply([drop('192.0.2.1/32'), drop('192.0.2.5/32')], NOW)
  const mine = inside(server, 'nft', 'list', 'table', 'inet', 'mine')
  for (const meddling of ['delete table inet polder', 'flush set inet polder sources4', 'delete element inet polder sources4 { 192.0.2.1 }', 'add element inet polder sources4 { 192.0.2.77 }']) {
    inside(server, 'nft', meddling)
    await barrier.reconcile(NOW + 1_000)
    assert.equal(barrier.trouble, '', meddling)
    assert.deepEqual([...setElements(await nft.listTable('inet', 'polder'))].sort(), ['192.0.2.1/32', '192.0.2.5/32'], meddling)
  }
  inside(server, 'nft', 'delete table inet polder')
  await barrier.apply([drop('192.0.2.6/32')], NOW + 2_000)
  assert.deepEqual([...setElements(await nft.listTable('inet', 'polder'))], ['192.0.2.6/32'], 'also when a plan comes first')
  await barrier.withdraw()
  assert.equal(inside(server, 'nft', 'list', 'table', 'inet', 'mine'), mine)
  inside(server, 'nft', 'delete table inet mine')
})

test('another port after a restart of listeners is followed', { skip }, async () => {
  let ports = [PORT]
  const barrier = make(() => ports)
  await barrier.apply([drop('192.0.2.1/32')], NOW)
  ports = [9_090]
  await barrier.reconcile(NOW + 1_000)
  assert.deepEqual([reaches('192.0.2.1', '192.0.2.100'), reaches('192.0.2.1', '192.0.2.100', 9_090)], [true, false])
  await barrier.withdraw()
})

test('without the program or the right it says so, and stops nobody', { skip }, async () => {
  const missing = new NftBarrier(new NftProgram(['polder-has-no-such-nft']), () => [80], () => [])
  assert.match((await missing.check())!, /is not installed \(apt-get install nftables\)/)
  await missing.apply([drop('192.0.2.1/32')], NOW)
  assert.match(missing.trouble, /not installed/)
  assert.equal(missing.sources.size, 0)
  const powerless = new NftBarrier(new NftProgram(['setpriv', '--reuid=65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all', 'nft']), () => [80], () => [])
  assert.match((await powerless.check())!, /CAP_NET_ADMIN/)
})
