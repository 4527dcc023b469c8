/** Runs the public suite http-cache-tests (Mark Nottingham, cache-tests.fyi) against a shared cache, whichever `startShield` starts. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const suite = dirname(createRequire(import.meta.url).resolve('http-cache-tests/package.json'))
const RUN_MS = 240_000
/** Unexpected results looked at a second time, each alone: the suite runs 100 tests at once with pauses of 3 s, and a busy machine can be late. */
const MAX_RETRIED = 12

export interface Shield {
  readonly url: string
  stop(): Promise<void>
}
/** Starts a shield in front of an origin, e.g. `http://127.0.0.1:41234`. */
export type StartShield = (originUrl: string) => Promise<Shield>

export type SuiteKind = 'required' | 'optimal'
export interface SuiteResult {
  readonly id: string
  readonly kind: SuiteKind
  /** null when it passed; otherwise what the suite said. */
  readonly failure: string | null
}

interface SuiteTest {
  readonly id: string
  readonly kind?: string
  readonly browser_only?: boolean
}

/** All required and optimal tests that apply to a proxy. `isExpected` says which results need no second look. */
export async function runCacheSuite(startShield: StartShield, isExpected: (result: SuiteResult) => boolean): Promise<SuiteResult[]> {
  const origin = spawn(process.execPath, [join(suite, 'server/server.mjs')], {
    cwd: suite, stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, npm_config_protocol: 'http', npm_config_port: '0', npm_config_pidfile: '/dev/null' },
  })
  try {
    const shield = await startShield(`http://127.0.0.1:${await portOf(origin)}`)
    try {
      const tests = await suiteTests()
      const outcomes = await runCli(shield.url, '')
      const results: SuiteResult[] = []
      let retried = 0
      for (const { id, kind } of tests) {
        let result: SuiteResult = { id, kind, failure: failureOf(outcomes.get(id)) }
        if (!isExpected(result) && retried++ < MAX_RETRIED) result = { id, kind, failure: failureOf((await runCli(shield.url, id)).get(id)) }
        results.push(result)
      }
      return results
    } finally {
      await shield.stop()
    }
  } finally {
    origin.kill('SIGKILL')
  }
}

async function portOf(origin: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: origin.stdout! })) {
    const match = /Listening on .*:(\d+)\//.exec(line)
    if (match !== null) {
      // Its warnings are not ours to read, but an unread pipe would stop it.
      origin.stdout!.resume()
      return Number(match[1])
    }
  }
  throw new Error('the origin of the suite did not start')
}

async function suiteTests(): Promise<Array<{ id: string; kind: SuiteKind }>> {
  const load = async (file: string): Promise<unknown> => ((await import(pathToFileURL(join(suite, file)).href)) as { default: unknown }).default
  const groups = [...((await load('tests/index.mjs')) as Array<{ tests: SuiteTest[] }>), (await load('tests/surrogate-control.mjs')) as { tests: SuiteTest[] }]
  return groups.flatMap(({ tests }) =>
    tests.filter((one) => one.browser_only !== true && one.kind !== 'check').map((one) => ({ id: one.id, kind: one.kind === 'optimal' ? ('optimal' as const) : ('required' as const) })),
  )
}

/** Runs the suite's own command line, all tests or one. */
async function runCli(base: string, id: string): Promise<Map<string, unknown>> {
  // For a single test the command line prints for people; this prints for us.
  const program = id === '' ? [join(suite, 'cli.mjs')] : ['--input-type=module', '-e', singleTest(id)]
  const client = spawn(process.execPath, ['--no-warnings', ...program], {
    cwd: suite, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, npm_config_base: base, npm_config_id: '', npm_package_config_id: '' },
  })
  const timer = setTimeout(() => client.kill('SIGKILL'), RUN_MS)
  let text = ''
  client.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await once(client, 'close')
  clearTimeout(timer)
  return new Map(Object.entries(JSON.parse(text) as Record<string, unknown>))
}

function singleTest(id: string): string {
  return `
    import { runTests, getResults } from './client/runner.mjs'
    import fetch from 'node-fetch'
    import tests from './tests/index.mjs'
    import surrogate from './tests/surrogate-control.mjs'
    const only = [...tests, surrogate].map((group) => ({ ...group, tests: group.tests.filter((one) => one.id === ${JSON.stringify(id)}) }))
    await runTests(only, fetch, false, process.env.npm_config_base)
    console.log(JSON.stringify(getResults()))`
}

function failureOf(outcome: unknown): string | null {
  if (outcome === true) return null
  return outcome === undefined ? 'not run' : (outcome as string[]).join(': ')
}
