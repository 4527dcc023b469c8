/**
 * Run as a program of its own (node --expose-gc): measures every step and the calibration loop in turns, and prints JSON.
 * CPU time of the process, not wall time: what else runs on the machine is not counted. The lower quartile of many short rounds: on a shared
 * machine noise only ever adds. Bytes: growth of the heap over a batch too short for a collection (the young generation is made large for it).
 * Argument: rounds.
 */
import { quantile } from '../measure/statistics.ts'
import { allSteps } from './all-steps.ts'
import { calibration } from './calibration.ts'
import type { Step } from './step.ts'

const rounds = Number(process.argv[2] ?? 30)
const ROUND_MS = 8
const WARM_MS = 200
const BYTES_BATCH = 1_000

const gc = (globalThis as { gc?: () => void }).gc
if (gc === undefined) throw new Error('needs --expose-gc')

function cpuNanoseconds(run: () => void): number {
  const before = process.threadCpuUsage()
  run()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) * 1_000
}

/** Warms a step up and finds how many iterations take about a round. */
function iterationsFor(step: Step): number {
  let iterations = 64
  for (let spentMs = 0; spentMs < WARM_MS;) {
    const ms = cpuNanoseconds(() => step.run(iterations)) / 1e6
    spentMs += Math.max(ms, 0.05)
    if (ms < ROUND_MS) iterations = Math.max(iterations + 1, Math.ceil(iterations * Math.min(4, ROUND_MS / Math.max(ms, 0.1))))
    else iterations = Math.max(1, Math.floor((iterations * ROUND_MS) / ms))
  }
  return iterations
}

function bytesPerOperation(step: Step): number {
  const tries: number[] = []
  for (let i = 0; i < 5; i++) {
    gc!()
    const before = process.memoryUsage()
    step.run(BYTES_BATCH)
    const after = process.memoryUsage()
    tries.push((after.heapUsed + after.external - before.heapUsed - before.external) / BYTES_BATCH)
  }
  return Math.max(0, quantile(tries, 0.5))
}

const steps = [calibration, ...allSteps]
const iterations = steps.map(iterationsFor)
const bytes = steps.map(bytesPerOperation)
const times: number[][] = steps.map(() => [])
for (let round = 0; round < rounds; round++) {
  steps.forEach((step, i) => times[i].push(cpuNanoseconds(() => step.run(iterations[i])) / iterations[i]))
}
const nanoseconds = times.map((one) => quantile(one, 0.25))
process.stdout.write(
  JSON.stringify({
    calibrationNs: nanoseconds[0],
    steps: allSteps.map((step, i) => ({ name: step.name, ns: nanoseconds[i + 1], ratio: nanoseconds[i + 1] / nanoseconds[0], bytes: bytes[i + 1] })),
  }),
)
process.exit()
