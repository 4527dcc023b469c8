/** script/bench fuzz: hands over to the fuzzer under test/, in its own process so that a hang can be ended. */
import { join } from 'node:path'
import { type BenchCommand, UsageError, say } from './command-line.ts'
import { ChildGroup } from './measure/child-group.ts'

const fuzzer = join(import.meta.dirname, '../test/fuzz/http1-against-llhttp.ts')
/** Slowest machine that is still believed to be working. */
const LEAST_INPUTS_PER_SECOND = 500

export const fuzzCommand: BenchCommand = {
  description: 'Feeds the HTTP/1 request codec and llhttp (node:http, strict) the same bytes. A difference in what is taken, or in framing, is a failure; exit code 1.',
  flags: {
    inputs: { kind: 'number', min: 1, max: 1_000_000_000, default: 10_000_000, sentence: 'how many inputs' },
    seed: { kind: 'number', min: 0, max: 4_294_967_295, default: 1, sentence: 'of the generator; the same seed makes the same inputs' },
    json: { kind: 'switch', sentence: 'print the outcome as JSON on standard output' },
  },
  async run(flags) {
    const inputs = Math.round(flags.number('inputs'))
    const seed = Math.round(flags.number('seed'))
    if (!Number.isSafeInteger(inputs)) throw new UsageError('--inputs must be a whole number')
    const from = performance.now()
    const child = new ChildGroup(process.execPath, [fuzzer, '--inputs', String(inputs), '--seed', String(seed)])
    child.child.stdout!.on('data', (text: string) => process.stderr.write(text))
    child.child.stderr!.on('data', (text: string) => process.stderr.write(text))
    const limit = setTimeout(() => void child.end('SIGKILL'), 60_000 + (inputs / LEAST_INPUTS_PER_SECOND) * 1_000)
    const progress = setInterval(() => say(`fuzz: ${Math.round((performance.now() - from) / 1_000)} s`), 30_000)
    const code = await child.ended
    clearTimeout(limit)
    clearInterval(progress)
    const seconds = (performance.now() - from) / 1_000
    if (flags.isOn('json')) process.stdout.write(`${JSON.stringify({ inputs, seed, seconds, code, said: child.out.trim() })}\n`)
    return code === 0 ? 0 : 1
  },
}
