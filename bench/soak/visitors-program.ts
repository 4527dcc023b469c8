/**
 * The visitors of the soak, as a program of its own: lanes of every kind of traffic until told to stop (SIGTERM) or time is up.
 * Prints one line of JSON with counts by kind every 5 s. Arguments: port, TLS port, seconds, requests per second wanted, ids of the kinds.
 */
import { kinds as allKinds, type LaneContext } from './lanes.ts'

const [port, tlsPort, seconds, perSecond] = process.argv.slice(2, 6).map(Number)
const chosen = process.argv[6].split(',')
const kinds = allKinds.filter((kind) => chosen.includes(kind.id))
const counts: Record<string, { asked: number; answered: number; refused: number; failed: number }> = {}
let stopping = false
process.on('SIGTERM', () => (stopping = true))

const until = performance.now() + seconds * 1_000
const isOver = (): boolean => stopping || performance.now() >= until
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const report = setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 5_000)
const totalShare = kinds.reduce((sum, kind) => sum + kind.share, 0)

await Promise.all(
  kinds.flatMap((kind) => {
    const count = (counts[kind.name] = { asked: 0, answered: 0, refused: 0, failed: 0 })
    // One lane makes this many milliseconds between two of its sessions, so that the kind keeps its share of the rate.
    const gapMs = (1_000 * kind.lanes * kind.requestsPerSession) / (perSecond * (kind.share / totalShare))
    const context: LaneContext = {
      port, tlsPort,
      heard(status) {
        if (status >= 200 && status < 500 && status !== 429) count.answered++
        else if (status === 429 || status === 503) count.refused++
        else count.failed++
      },
      asked: () => count.asked++,
      failed: () => count.failed++,
    }
    return Array.from({ length: kind.lanes }, async (_, lane) => {
      await pause((gapMs * lane) / kind.lanes)
      while (!isOver()) {
        const from = performance.now()
        await kind.session(context).catch(() => count.failed++)
        await pause(Math.max(0, gapMs - (performance.now() - from)))
      }
    })
  }),
)
clearInterval(report)
process.stdout.write(`${JSON.stringify(counts)}\n`)
process.exit()
