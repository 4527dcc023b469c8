/** Tries forged challenges and clearances against the shield's own reading of them: how many, how fast, how many were accepted. */
import { acceptedForgeries } from '../src/dataplane/challenge/forgeries.testing.ts'

const count = Number(process.argv[2] ?? 1_000_000)
if (!Number.isSafeInteger(count) || count < 1) {
  console.error('usage: node script/forge-tokens.ts [COUNT]')
  process.exit(2)
}
const from = performance.now()
const accepted = acceptedForgeries(count, 20_261_123)
console.log(`${count} tokens in ${((performance.now() - from) / 1_000).toFixed(1)} s: ${accepted} accepted, 0 exceptions`)
process.exitCode = accepted === 0 ? 0 : 1
