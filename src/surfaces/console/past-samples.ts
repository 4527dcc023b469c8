/** Breakdowns of the past from what was kept every ten seconds, and of how requests ended, which is counted and not sampled. */
import type { ExploreAnswer, ExploreRow, ExploreWish } from '../../contract/explore.ts'
import type { ShieldStatus } from '../../contract/control-socket.ts'
import type { EndedCounts } from '../../contract/vitals.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import type { History } from './history.ts'
import { HttpRefusal } from './http-answer.ts'

/** An hour of moments; of a longer span every n-th is read. */
const MOST_READ = 360
const MOST_ROWS = 50
const MOMENT_SECONDS = 10

export function explorePast(wish: ExploreWish, history: History, now: ShieldStatus | null): ExploreAnswer {
  if (wish.where.length > 0) throw new HttpRefusal(400, 'bad-request', wish.by === 'outcome' ? 'how requests ended is counted, not sampled: it cannot be filtered' : 'of the past only the heaviest values are kept: it cannot be filtered; choose now')
  if (wish.window === 'now') {
    const { ended, seconds } = now?.lastSeconds ?? { ended: {}, seconds: 0 }
    return outcomes(ended, seconds, '', now?.sinceStart.ended ?? {})
  }
  const { kept, of } = history.samples(wish.window.from, wish.window.to, MOST_READ)
  const scale = kept.length === 0 ? 1 : of / kept.length
  const sentence = kept.length === 0 ? 'nothing is kept of that time: breakdowns are kept for a day, while Polder runs' : of > kept.length ? `from every ${Math.round(scale)}th of ${of} samples of ten seconds; only the heaviest values of each are kept` : 'only the heaviest values of each ten seconds are kept'
  const sums = new Map<string, { label: string; requests: number; normalShare: number; positive: number }>()
  let total = 0
  for (const { tops } of kept) {
    const rows = tops.find((one) => one.attribute === wish.by)?.rows ?? []
    // What a row says of itself says how much there was.
    total += rows.length === 0 || rows[0]!.share <= 0 ? 0 : rows[0]!.requests / rows[0]!.share
    for (const row of rows) {
      const sum = sums.get(row.value)
      if (sum === undefined) sums.set(row.value, { label: row.label, requests: row.requests, normalShare: row.normalShare, positive: Math.max(0, row.positiveShare) * row.requests })
      else {
        sum.requests += row.requests
        sum.positive += Math.max(0, row.positiveShare) * row.requests
      }
    }
  }
  const rows: ExploreRow[] = [...sums].map(([value, { label, requests, normalShare, positive }]) => ({ value, label, requests: Math.round(requests * scale), share: total === 0 ? 0 : requests / total, normalShare, positiveShare: wish.by === 'outcome' || requests === 0 ? -1 : positive / requests }))
  return { rows: rows.sort((a, b) => b.requests - a.requests).slice(0, MOST_ROWS), total: Math.round(total * scale), sampled: kept.length, seconds: of * MOMENT_SECONDS, normalSampled: 0, normalKnown: 0, sentence }
}

/** For a kept moment too. */
export function outcomeRows(ended: EndedCounts, usual: EndedCounts): readonly ExploreRow[] {
  const sum = (counts: EndedCounts): number => Object.values(counts).reduce((total, count) => total + count, 0)
  const [total, usualTotal] = [sum(ended), sum(usual)]
  return Object.entries(ended)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => ({ value: reason, label: reason, requests: count, share: count / Math.max(1, total), normalShare: usualTotal === 0 ? -1 : (usual[reason as keyof EndedCounts] ?? 0) / usualTotal, positiveShare: -1 }))
    .sort((a, b) => b.requests - a.requests)
}

function outcomes(ended: EndedCounts, seconds: number, sentence: string, usual: EndedCounts): ExploreAnswer {
  const rows = outcomeRows(ended, usual)
  const total = rows.reduce((sum, row) => sum + row.requests, 0)
  return { rows, total, sampled: total, seconds: Math.round(seconds * SECOND_MS) / SECOND_MS, normalSampled: 0, normalKnown: 0, sentence: sentence === '' ? 'the usual share is that since Polder started' : sentence }
}
