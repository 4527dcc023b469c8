/** script/bench all: everything that docs/benchmarks holds, one after another, each in a process of its own so that one failure does not take the rest with it. */
import { join } from 'node:path'
import { type BenchCommand, say } from './command-line.ts'
import { ChildGroup } from './measure/child-group.ts'

/** What runs, and how long at most. */
const parts: ReadonlyArray<{ readonly args: readonly string[]; readonly mostMinutes: number }> = [
  { args: ['steps'], mostMinutes: 5 },
  { args: ['peers'], mostMinutes: 120 },
  { args: ['addresses'], mostMinutes: 10 },
  { args: ['slow'], mostMinutes: 40 },
  { args: ['soak'], mostMinutes: 20 },
  { args: ['console'], mostMinutes: 30 },
  { args: ['fuzz'], mostMinutes: 60 },
]

export const allCommand: BenchCommand = {
  description: `Runs ${parts.map((part) => part.args.join(' ')).join(', ')} with their defaults, one after another: about an hour and a half on two cores. Do nothing else on the machine meanwhile: what others use is in the figures.`,
  flags: { only: { kind: 'names', choices: parts.map((part) => part.args[0]), sentence: 'parts to run' } },
  async run(flags) {
    const outcomes: Array<readonly [string, number | string]> = []
    for (const part of parts.filter((one) => flags.names('only').includes(one.args[0]))) {
      say(`== ${part.args.join(' ')}`)
      const child = new ChildGroup(process.execPath, [join(import.meta.dirname, 'main.ts'), ...part.args])
      child.child.stdout!.on('data', (text: string) => process.stderr.write(text))
      child.child.stderr!.on('data', (text: string) => process.stderr.write(text))
      const limit = setTimeout(() => void child.end(), part.mostMinutes * 60_000)
      outcomes.push([part.args[0], await child.ended])
      clearTimeout(limit)
    }
    for (const [name, code] of outcomes) say(`${name.padEnd(10)} ${code === 0 ? 'holds' : `does not hold, or failed (${code}): see its report`}`)
    return outcomes.every(([, code]) => code === 0) ? 0 : 1
  },
}
