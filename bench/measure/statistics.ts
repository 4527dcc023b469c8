/** The few statistics that the reports need. Medians and extremes, not means: a shared machine has outliers on one side only. */

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly count: number
}

/** @throws RangeError without values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Linear between the two nearest ranks (Hyndman and Fan type 7). @throws RangeError without values. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('no values')
  const sorted = Float64Array.from(values).sort()
  const at = (sorted.length - 1) * share
  const below = Math.floor(at)
  const above = Math.min(sorted.length - 1, below + 1)
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below)
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), count: values.length }
}

export interface Trend {
  /** Theil-Sen: the median of the slopes between all pairs; a third of the points may be wild without moving it. Per unit of x. */
  readonly slope: number
  /** Slope times the span of x. */
  readonly growth: number
  /** Mann-Kendall: standard deviations by which the order of the values leans upwards; above 2.33 is growth at the 1 % level. */
  readonly z: number
}

/** @throws RangeError for fewer than 3 points. */
export function trendOf(xs: readonly number[], ys: readonly number[]): Trend {
  const n = xs.length
  if (n < 3 || ys.length !== n) throw new RangeError('a trend needs 3 points or more')
  const slopes: number[] = []
  let rises = 0
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      if (xs[j] !== xs[i]) slopes.push((ys[j] - ys[i]) / (xs[j] - xs[i]))
      rises += Math.sign(ys[j] - ys[i])
    }
  }
  const variance = (n * (n - 1) * (2 * n + 5) - tieCorrection(ys)) / 18
  const slope = median(slopes)
  return { slope, growth: slope * (Math.max(...xs) - Math.min(...xs)), z: variance <= 0 ? 0 : (rises - Math.sign(rises)) / Math.sqrt(variance) }
}

function tieCorrection(values: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  let sum = 0
  for (const t of counts.values()) sum += t * (t - 1) * (2 * t + 5)
  return sum
}
