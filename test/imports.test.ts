/** Holds the import table of ARCHITECTURE.md: what each part may import, and which file each third-party package stands behind. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')
const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts') && !file.endsWith('.testing.ts'))

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

const imports: Import[] = []
for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8')
  const pattern = /^\s*(?:import|export)\s+(type\s)?(?:[^'"]*?from\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|new URL\(\s*['"](\.[^'"]+\.ts)['"]/gm
  for (const found of text.matchAll(pattern)) {
    const target = found[2] ?? found[3] ?? found[4]!
    imports.push({ from: file, to: target.startsWith('.') ? relative(root, join(root, dirname(file), target)) : target, typeOnly: found[1] !== undefined })
  }
}

function room(file: string): string {
  const parts = file.split('/')
  if (parts[1] === 'dataplane' || parts[1] === 'controlplane' || parts[1] === 'record' || parts[1] === 'surfaces') return parts.length > 3 ? `${parts[1]}/${parts[2]}` : `${parts[1]}/.`
  return parts.length > 2 ? parts[1]! : '.'
}

const sharedInDataplane = new Set(['src/dataplane/request.ts', 'src/dataplane/features.ts'])

/** Returns why an import is not allowed, or null. */
function objection(from: string, to: string): string | null {
  const source = room(from)
  const target = room(to)
  if (!to.startsWith('src/')) return `${to} lies outside src`
  if (source === target) return null
  if (source === '.' || source === 'shield' || source === 'offline') return null
  if (source === 'kernel') return 'kernel imports nothing of ours'
  if (target === 'kernel') return null
  if (source === 'contract') return 'contract imports kernel types only'
  if (target === 'contract') return null
  if (source.startsWith('dataplane/')) {
    if (source === 'dataplane/.') return target.startsWith('dataplane/') ? null : 'the data plane never imports the other plane, surfaces, config or drill'
    return sharedInDataplane.has(to) ? null : 'a feature of the data plane imports kernel, contract, request.ts and features.ts only'
  }
  if (source.startsWith('controlplane/')) {
    if (source === 'controlplane/.') return target.startsWith('controlplane/') ? null : 'the control plane never imports the other plane, surfaces, config or drill'
    return to === 'src/controlplane/evidence.ts' ? null : 'a feature of the control plane imports kernel, contract and evidence.ts only'
  }
  if (source.startsWith('record/')) {
    if (source === 'record/.') return target.startsWith('record/') ? null : 'the record never imports the planes, surfaces, config or drill'
    return to === 'src/record/room.ts' || to === 'src/record/read-asks.ts' ? null : 'a room of the record imports kernel, contract, room.ts and read-asks.ts only'
  }
  if (source === 'lifeline') return 'the lifeline imports kernel and contract only'
  if (source === 'config') return to.endsWith('/options.ts') ? null : 'config imports nothing of a feature but its options.ts'
  if (source.startsWith('surfaces/')) return 'a surface imports kernel and contract only'
  if (source === 'drill') return 'drill imports kernel and contract only'
  return 'no row of the table allows it'
}

test('no import crosses a wall of the house', () => {
  const broken = imports
    .filter((one) => one.to.startsWith('src/'))
    .map((one) => ({ ...one, why: objection(one.from, one.to) }))
    .filter((one) => one.why !== null)
    .map((one) => `${one.from} -> ${one.to}: ${one.why}`)
  assert.deepEqual(broken, [])
  assert.ok(imports.length > 50, 'the reader of imports found almost none: it is broken')
})

test('no two files import each other by value', () => {
  const edges = new Set(imports.filter((one) => !one.typeOnly && one.to.startsWith('src/')).map((one) => `${one.from} ${one.to}`))
  const pairs = [...edges].filter((edge) => {
    const [from, to] = edge.split(' ') as [string, string]
    return from < to && edges.has(`${to} ${from}`)
  })
  assert.deepEqual(pairs, [])
})

/** The one file (or folder) behind which a package stands. */
const packageHomes: Readonly<Record<string, string>> = {
  yaml: 'src/config/',
  zod: 'src/config/',
  commander: 'src/surfaces/cli/',
  pino: 'src/kernel/log.ts',
  'read-tls-client-hello': 'src/dataplane/edge/',
  'ipaddr.js': 'src/dataplane/edge/',
  'mmdb-lib': 'src/controlplane/',
  htmlparser2: 'src/lifeline/',
  'robots-parser': 'src/lifeline/',
  'node-ical': 'src/record/calendar/',
  pdfkit: 'src/record/report/',
  nodemailer: 'src/record/alert/',
}

test('each third-party package stands behind its own file', () => {
  const strays = imports
    .filter((one) => !one.to.startsWith('src/') && !one.to.startsWith('node:'))
    .filter((one) => !one.from.startsWith(packageHomes[one.to.startsWith('@') ? one.to.split('/').slice(0, 2).join('/') : one.to.split('/')[0]!] ?? 'nowhere'))
    .map((one) => `${one.from} -> ${one.to}`)
  assert.deepEqual(strays, [])
})

test('time, chance, the environment and child processes come in through their own doors only', () => {
  const doors: ReadonlyArray<readonly [RegExp, string, readonly string[]]> = [
    [/\bDate\.now\(|\bperformance\.now\(|\bnew Date\(\)/, 'the time', ['src/kernel/clock.ts']],
    [/\bMath\.random\(/, 'chance', ['src/kernel/random.ts']],
    [/\bprocess\.env\b/, 'the environment', ['src/config/load.ts', 'src/shield/upgrade.ts']],
    [/node:child_process/, 'child processes', ['src/shield/upgrade.ts', 'src/shield/service-notify.ts', 'src/controlplane/enforcement/']],
  ]
  const broken: string[] = []
  for (const file of files) {
    const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    for (const [pattern, what, allowed] of doors) if (pattern.test(code) && !allowed.some((door) => file.startsWith(door))) broken.push(`${file} reads ${what} by itself`)
  }
  assert.deepEqual(broken, [])
})
