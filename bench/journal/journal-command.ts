/** script/bench journal */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SeededRandom } from '../../src/kernel/random.ts'
import { killOnce } from '../../src/record/journal/kill-writer.testing.ts'
import { type BenchCommand, say } from '../command-line.ts'

export const journalCommand: BenchCommand = {
  description: 'Writes a journal and kills the writer with SIGKILL at random moments, again and again in the same folder.\nAfter each kill every entry that was acknowledged must be there and the chain must hold from the first byte to the last; exit code 1 when not.',
  flags: {
    kills: { kind: 'number', min: 1, max: 100_000, default: 1_000, sentence: 'how many' },
    seed: { kind: 'number', min: 1, max: 2 ** 31, default: 1, sentence: 'for other moments' },
    json: { kind: 'switch', sentence: 'print the figures as JSON on standard output' },
  },
  async run(flags) {
    const kills = Math.round(flags.number('kills'))
    const random = new SeededRandom(flags.number('seed'))
    const folder = mkdtempSync(join(tmpdir(), 'polder-killed-'))
    const figures = { kills, acknowledged: 0, lost: 0, faults: 0, tornEnds: 0, entries: 0 }
    try {
      for (let kill = 1; kill <= kills; kill++) {
        const { acknowledged, missing, verdict } = await killOnce(folder, random)
        figures.acknowledged += acknowledged
        figures.lost += missing.length
        figures.faults += verdict.faults.length
        figures.entries = verdict.lastSeq ?? 0
        if (verdict.tornBytes > 0) figures.tornEnds++
        for (const fault of verdict.faults) say(`kill ${kill}: ${fault.file} line ${fault.line}: ${fault.sentence}`)
        if (kill % 50 === 0) say(`journal ${kill}/${kills}: ${figures.acknowledged} acknowledged, ${figures.lost} lost, ${figures.tornEnds} torn ends`)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    if (flags.isOn('json')) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
    else process.stdout.write(`${figures.kills} kills: ${figures.acknowledged} entries acknowledged, ${figures.lost} lost; ${figures.faults} faults; ${figures.tornEnds} torn ends mended; ${figures.entries} entries written\n`)
    return figures.lost + figures.faults === 0 ? 0 : 1
  },
}
