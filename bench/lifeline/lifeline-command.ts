/** script/bench lifeline */
import { crawlMany } from '../../test/support/crawl-many.ts'
import { type BenchCommand, say } from '../command-line.ts'

export const lifelineCommand: BenchCommand = {
  description: 'The lifeline crawls a generated site while somebody else reads at the same origin; in the middle Polder is killed with SIGKILL and started anew.\nSays the memory of the lifeline thread in both halves, the other reader\'s latency with and without the crawl, pages asked twice, and what a second pass costs.',
  flags: {
    pages: { kind: 'number', min: 100, max: 100_000, default: 10_000, sentence: 'pages of the site' },
    'per-second': { kind: 'number', min: 1, max: 1_000, default: 100, sentence: 'most requests a second (lifeline.maxPerSecond)' },
    'busy-share': { kind: 'number', min: 0.01, max: 1, default: 0.5, sentence: 'most of the origin\'s time (lifeline.busyShare)' },
    'calm-seconds': { kind: 'number', min: 1, max: 600, default: 60, sentence: 'how long the other reader is measured alone' },
    json: { kind: 'switch', sentence: 'print the figures as JSON on standard output' },
  },
  async run(flags) {
    let said = 0
    const figures = await crawlMany(Math.round(flags.number('pages')), flags.number('per-second'), flags.number('busy-share'), flags.number('calm-seconds'), (text) => {
      if (performance.now() - said < 5_000) return
      said = performance.now()
      say(text)
    })
    if (flags.isOn('json')) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
    else {
      const mib = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`
      process.stdout.write(
        `${figures.pages} pages in ${figures.seconds.toFixed(0)} s\n` +
          `memory of the lifeline thread   ${mib(figures.firstHalfBytes)} in the first half, ${mib(figures.secondHalfBytes)} in the second\n` +
          `another reader at the origin    alone median ${figures.calmMedianMs.toFixed(1)} ms, p99 ${figures.calmP99Ms.toFixed(1)} ms; with the crawl ${figures.crawlMedianMs.toFixed(1)} ms, ${figures.crawlP99Ms.toFixed(1)} ms\n` +
          `after kill -9                   ${figures.keptAtKill} pages were there, ${figures.twice} asked again\n` +
          `second pass                     ${figures.secondPass.unchanged} answers 304, ${figures.secondPass.whole} sent again\n`,
      )
    }
    const most = Math.max(figures.firstHalfBytes, figures.secondHalfBytes)
    return most <= 150 * 1_048_576 && figures.twice <= 2 ? 0 : 1
  },
}
