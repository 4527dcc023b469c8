/**
 * Does a value grow? Judged on the samples after the warm-up: growth is what leans upwards clearly (Mann-Kendall, 1 %) and by more than the
 * tolerance (Theil-Sen, over the whole time judged). Both, because a heap that breathes leans a little in any ten minutes, and a small lean means nothing.
 */
import { type Trend, median, trendOf } from '../measure/statistics.ts'

export interface Series {
  readonly name: string
  readonly values: readonly number[]
  /** Growth that counts as none, as a share of the median and as an amount; the larger of the two. */
  readonly toleranceShare: number
  readonly toleranceAmount: number
}

export interface Verdict {
  readonly name: string
  readonly grows: boolean
  readonly level: number
  readonly trend: Trend
  readonly tolerance: number
}

/** One-sided 1 % of the normal distribution. */
const CLEARLY = 2.33

/** @throws RangeError when fewer than 3 samples come after the warm-up. */
export function judge(seconds: readonly number[], series: Series, warmSeconds: number): Verdict {
  const from = seconds.findIndex((one) => one >= warmSeconds)
  const ys = from === -1 ? [] : series.values.slice(from)
  const trend = trendOf(from === -1 ? [] : seconds.slice(from), ys)
  const level = median(ys)
  const tolerance = Math.max(level * series.toleranceShare, series.toleranceAmount)
  return { name: series.name, grows: trend.z > CLEARLY && trend.growth > tolerance, level, trend, tolerance }
}
