/**
 * What a count says about a share: bounds that hold with a stated confidence.
 * Wilson's score interval for shares that steer (never empty, good at small n); Clopper-Pearson where a promise is made, because its
 * coverage is never below what it says (Brown, Cai, DasGupta, "Interval estimation for a binomial proportion", Statistical Science 2001).
 */

/** z for 95 % on one side. */
const Z_95 = 1.644_853_626_951_472

/** Lower end of Wilson's interval, one-sided 95 % unless said otherwise; 0 of 0 is 0. */
export function wilsonLower(hits: number, trials: number, z = Z_95): number {
  return trials <= 0 ? 0 : Math.max(0, wilsonCentre(hits, trials, z) - wilsonHalf(hits, trials, z))
}

/** Upper end of Wilson's interval, one-sided 95 % unless said otherwise; 0 of 0 is 1. */
export function wilsonUpper(hits: number, trials: number, z = Z_95): number {
  return trials <= 0 ? 1 : Math.min(1, wilsonCentre(hits, trials, z) + wilsonHalf(hits, trials, z))
}

function wilsonCentre(hits: number, trials: number, z: number): number {
  return (hits / trials + (z * z) / (2 * trials)) / (1 + (z * z) / trials)
}

function wilsonHalf(hits: number, trials: number, z: number): number {
  const share = hits / trials
  return (z * Math.sqrt(Math.max(0, (share * (1 - share)) / trials + (z * z) / (4 * trials * trials)))) / (1 + (z * z) / trials)
}

/** Clopper-Pearson upper bound: the largest share under which `hits` or fewer of `trials` still has probability `level`. Whole numbers; 0 trials give 1. */
export function clopperPearsonUpper(hits: number, trials: number, level: number): number {
  checkCounts(hits, trials, level)
  if (trials === 0 || hits >= trials) return 1
  if (hits === 0) return 1 - level ** (1 / trials)
  return 1 - betaQuantile(level, trials - hits, hits + 1)
}

/** Clopper-Pearson lower bound; 0 when there are no hits. */
export function clopperPearsonLower(hits: number, trials: number, level: number): number {
  checkCounts(hits, trials, level)
  if (hits === 0) return 0
  if (hits >= trials) return level ** (1 / trials)
  return betaQuantile(level, hits, trials - hits + 1)
}

function checkCounts(hits: number, trials: number, level: number): void {
  if (!(hits >= 0 && trials >= hits)) throw new RangeError(`${hits} hits of ${trials} trials is no count`)
  if (!(level > 0 && level < 1)) throw new RangeError(`level must be between 0 and 1, not ${level}`)
}

/** x with I_x(a, b) = p, by bisection: 60 halvings reach the last bit. */
function betaQuantile(p: number, a: number, b: number): number {
  let low = 0
  let high = 1
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (regularisedBeta(middle, a, b) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Regularised incomplete beta function by Lentz's continued fraction (Abramowitz, Stegun 26.5.8). */
function regularisedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b
}

function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  let c = 1
  let d = 1 - ((a + b) * x) / (a + 1)
  d = 1 / (Math.abs(d) < tiny ? tiny : d)
  let value = d
  for (let m = 1; m <= 500; m++) {
    let numerator = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / guard(1 + numerator * d)
    c = guard(1 + numerator / c)
    value *= d * c
    numerator = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / guard(1 + numerator * d)
    c = guard(1 + numerator / c)
    const step = d * c
    value *= step
    if (Math.abs(step - 1) < 1e-15) break
  }
  return value
}

function guard(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value
}

const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
] as const

/** ln of the gamma function for x > 0, Lanczos' approximation (g = 7, n = 9), about 15 digits. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  let sum = 0.99999999999980993
  for (let i = 0; i < lanczos.length; i++) sum += lanczos[i] / (x + i)
  const t = x + 6.5
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum)
}
