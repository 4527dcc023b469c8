/** The known word nearest to a misspelt one, or ''. Case, `-` and `_` do not count; at most one slip per three letters, two at most. */
export function nearestWord(word: string, known: readonly string[]): string {
  const plain = flattened(word)
  if (plain === '' || plain.length > 64) return ''
  let best = ''
  let bestSlips = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const other = flattened(candidate)
    const allowed = Math.min(2, Math.max(1, Math.floor(Math.max(plain.length, other.length) / 3)))
    const slips = other === plain ? 0 : isWithoutUnit(plain, other) ? 0.5 : slipsBetween(plain, other)
    if (slips <= allowed && slips < bestSlips) {
      best = candidate
      bestSlips = slips
    }
  }
  return best
}

/** `headerDeadline` for `headerDeadlineMs`: the unit was left out, or is one of ours written otherwise (`headerDeadlineSeconds`). */
function isWithoutUnit(word: string, known: string): boolean {
  const stem = /^(.{3,}?)(ms|bytes|persecond|share)$/.exec(known)?.[1]
  return stem !== undefined && (word === stem || /^(s|sec|secs|seconds|minutes|kib|mib|kb|mb|percent|rate)$/.test(word.startsWith(stem) ? word.slice(stem.length) : ''))
}

function flattened(word: string): string {
  return word.replaceAll(/[-_ ]/g, '').toLowerCase()
}

/** Optimal string alignment distance: insert, delete, replace, swap of neighbours. */
function slipsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, beforeLast[j - 2]! + 1)
      row.push(least)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
