/** script/bench steps */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BenchCommand, type Flags, UsageError, say } from '../command-line.ts'
import { runProgram } from '../measure/child-group.ts'
import { describeMachine } from '../measure/machine.ts'
import { figure, markdownTable } from '../report/markdown-table.ts'
import { machineLines } from '../report/machine-lines.ts'
import { resultFolder, writeResults } from '../report/result-folder.ts'
import { type Budget, overBudget } from './budget.ts'
import { withBase } from './base-tree.ts'
import { type Change, compareUntilSure, slowerBy } from './compare.ts'
import type { StepsRun } from './steps-run.ts'

const root = join(import.meta.dirname, '../..')
const budgetFile = join(import.meta.dirname, 'budget.json')
/** Twice more, with twice and three times the turns: about three minutes in the worst case. */
const RETRIES = 2

export const stepsCommand: BenchCommand = {
  description: `Nanoseconds of CPU time and bytes allocated for each hot step of a request. The ratio is to a calibration loop measured in turns with the steps, so that
it means the same on another machine. Budgets: bench/steps/budget.json.`,
  flags: {
    rounds: { kind: 'number', min: 5, max: 1_000, default: 30, sentence: 'short rounds of each step (about 8 ms each)' },
    check: { kind: 'switch', sentence: 'exit code 1 when a step is over its budget by more than the tolerance' },
    compare: { kind: 'text', default: '', sentence: 'a git ref: measures it and this tree in turns and gives the ratios; exit code 1 when a step is slower by more than the tolerance' },
    tolerance: { kind: 'number', min: 1, max: 10, default: 1.5, sentence: 'factor allowed by --check and --compare' },
    repeats: { kind: 'number', min: 2, max: 20, default: 3, sentence: 'turns of --compare' },
    'set-budget': { kind: 'switch', sentence: 'write what was measured into the budget file' },
    json: { kind: 'switch', sentence: 'print the figures as JSON on standard output' },
  },
  run: (flags) => (flags.text('compare') === '' ? measure(flags) : compare(flags)),
}

/** Measures the steps of a tree of the repository, in a process of its own. */
export async function measureTree(tree: string, rounds: number): Promise<StepsRun> {
  const { out } = await runProgram(process.execPath, ['--expose-gc', '--max-semi-space-size=128', join(tree, 'bench/steps/measure-steps.ts'), String(rounds)], 60_000 + rounds * 2_000)
  return JSON.parse(out) as StepsRun
}

async function measure(flags: Flags): Promise<number> {
  say('steps: warming up and measuring, about half a minute ...')
  const machine = describeMachine()
  const run = await measureTree(root, Math.round(flags.number('rounds')))
  const budget = readBudget()
  const over = overBudget(run.steps, budget, flags.number('tolerance'))
  const table = markdownTable(
    ['step', 'ns', 'of calibration', 'budget', 'bytes', 'budget'],
    run.steps.map((step) => [step.name, figure(step.ns), figure(step.ratio), figure(budget[step.name]?.ratio ?? Number.NaN), figure(step.bytes), figure(budget[step.name]?.bytes ?? Number.NaN)]),
  )
  if (flags.isOn('set-budget')) {
    writeFileSync(budgetFile, `${JSON.stringify(Object.fromEntries(run.steps.map((step) => [step.name, { ratio: round(step.ratio), bytes: Math.ceil(step.bytes) }])), null, 2)}\n`)
    say('wrote bench/steps/budget.json')
  }
  const text = `# Cost of each hot step\n\n<!-- Made by \`script/bench steps\`. Do not edit. -->\n\n${machineLines(machine)}\nCPU time of one thread, lower quartile of ${flags.number('rounds')} rounds. The calibration loop took ${figure(run.calibrationNs)} ns.\n\n${table}\n`
  for (const path of writeResults(resultFolder(!flags.isOn('check')), { 'steps.md': text, 'steps.json': `${JSON.stringify({ machine, ...run }, null, 1)}\n` })) say(`wrote ${path}`)
  process.stdout.write(flags.isOn('json') ? `${JSON.stringify({ machine, ...run, over })}\n` : `${table}\n`)
  if (!flags.isOn('check')) return 0
  for (const one of over) say(`over budget: ${one}`)
  return over.length === 0 ? 0 : 1
}

async function compare(flags: Flags): Promise<number> {
  const ref = flags.text('compare')
  if (!/^[\w./@^~-]+$/.test(ref) || ref.startsWith('-')) throw new UsageError(`--compare ${ref}: not a git ref`)
  const rounds = Math.round(flags.number('rounds'))
  const tolerance = flags.number('tolerance')
  let changes: Change[] = []
  await withBase(root, ref, async (tree) => {
    const measureBoth = async (more: number): Promise<readonly [StepsRun[], StepsRun[]]> => {
      const base: StepsRun[] = []
      const branch: StepsRun[] = []
      for (let turn = 1; turn <= Math.round(flags.number('repeats')) * (more + 1); turn++) {
        say(`turn ${turn}: ${ref}`)
        base.push(await measureTree(tree, rounds))
        say(`turn ${turn}: this tree`)
        branch.push(await measureTree(root, rounds))
      }
      return [base, branch]
    }
    changes = await compareUntilSure(measureBoth, tolerance, RETRIES, (slower) => say(`${slower.map((one) => one.name).join(', ')}: slower, or noise; measured again`))
  })
  const slower = slowerBy(changes, tolerance)
  if (flags.isOn('json')) process.stdout.write(`${JSON.stringify({ ref, changes, slower: slower.map((one) => one.name) })}\n`)
  else process.stdout.write(`${changeTable(changes)}\n`)
  for (const one of slower) say(`slower than ${ref}: ${one.name}: ${figure(one.timeRatio)} times the CPU, ${figure(one.bytesBefore)} to ${figure(one.bytesAfter)} bytes`)
  return slower.length === 0 ? 0 : 1
}

function changeTable(changes: readonly Change[]): string {
  return markdownTable(
    ['step', 'CPU of branch / base', 'smallest', 'largest', 'bytes base', 'bytes branch'],
    changes.map((one) => [one.name, figure(one.timeRatio), figure(one.smallest), figure(one.largest), figure(one.bytesBefore), figure(one.bytesAfter)]),
  )
}

function readBudget(): Budget {
  try {
    return JSON.parse(readFileSync(budgetFile, 'utf8')) as Budget
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}
