/**
 * What came on top of the expected, and what it is made of. The expected part is taken out share by share
 * (excess of a kind = its requests - expected rate x its normal share), never below nothing.
 */
import type { ExcessPicture } from '../../contract/control.ts'
import { markEqual, removeBits, setBit } from '../../kernel/bitset.ts'
import { type HeavyValue, type WindowRows, fieldIndex } from '../evidence.ts'
import type { Baseline } from './baseline.ts'
import { type BaselineShares, isFailing } from './baseline-shares.ts'
import type { SeenNetworks } from './seen-networks.ts'

/** Attributes that say what a client is, not what it wants. */
const CLIENT_FIELDS: ReadonlySet<string> = new Set(['userAgent', 'userAgentShape', 'headerOrder', 'acceptCombo', 'tlsFingerprint'])

export type { ExcessPicture }

/** `expectedPerSecond` from the baseline or the calm last minutes. */
export function measureExcess(
  window: WindowRows,
  baseline: Baseline,
  normal: BaselineShares,
  expectedPerSecond: number,
  heavy: readonly HeavyValue[],
  networks: SeenNetworks,
): ExcessPicture {
  const seconds = Math.max(window.seconds(), 1e-9)
  const seen = window.seen()
  const expected = expectedPerSecond * seconds
  const requests = Math.max(0, window.open() - expected * (1 - normal.protected))
  const above = (bits: Uint32Array, normalShare: number): number => Math.max(0, window.weigh(bits) - expected * normalShare)
  const open = removeBits(window.present.slice(), window.protected)

  const repeated = new Uint32Array(window.present.length)
  const echoing = new Uint32Array(window.present.length)
  const fresh = new Uint32Array(window.present.length)
  const failing = new Uint32Array(window.present.length)
  const column = (name: keyof typeof fieldIndex): Uint32Array => window.columns[fieldIndex[name]]
  const [counts, statics, echoes, errors, families, highs, lows] = [column('clientRequests'), column('clientStatics'), column('clientEchoes'), column('clientErrors'), column('family'), column('addressHigh'), column('addressLow')]
  let rows = 0
  for (let word = 0; word < open.length; word++) {
    for (let bits = open[word]; bits !== 0; bits &= bits - 1) {
      const row = word * 32 + (31 - Math.clz32(bits & -bits))
      rows++
      // The parts of a first page bring no cookie yet, where a script sets it: who fetches parts is asked for an echo only when it gives one.
      if (counts[row] >= 2 && (statics[row] === 0 || echoes[row] > 0)) {
        setBit(repeated, row)
        if (echoes[row] > 0) setBit(echoing, row)
      }
      if (isFailing(errors[row], counts[row])) setBit(failing, row)
      if (!networks.has(families[row], highs[row], lows[row])) setBit(fresh, row)
    }
  }
  const judged = above(window.judged, normal.judged)
  const proven = above(removeBits(window.proven.slice(), window.protected), normal.proven)
  const echoed = above(echoing, normal.echoing)
  const repeatedExcess = above(repeated, normal.echoing)
  const weight = rows === 0 ? 1 : seen / rows
  const share = (part: number, whole: number): number => (whole <= 0 ? 0 : Math.min(1, part / whole))
  return {
    requests,
    perSecond: requests / seconds,
    expectedPerSecond,
    suspiciousPerSecond: above(window.suspicious, 1 - normal.proven - normal.protected) / seconds,
    rows: requests / weight,
    judgedShare: share(judged, judged + proven),
    judgedRows: (judged + proven) / weight,
    echoShare: share(echoed, Math.max(repeatedExcess, echoed)),
    echoRows: repeatedExcess / weight,
    top: topClientValue(window, open, baseline, normal.rows, expected, requests, heavy),
    newNetworkShare: share(window.weigh(fresh), window.open()),
    failingShare: share(above(failing, normal.failing), requests),
  }
}

function topClientValue(window: WindowRows, open: Uint32Array, baseline: Baseline, baselineRows: number, expected: number, requests: number, heavy: readonly HeavyValue[]): ExcessPicture['top'] {
  if (requests <= 0) return null
  let top: ExcessPicture['top'] = null
  const marked = new Uint32Array(window.present.length)
  for (const { field, value } of heavy) {
    if (!CLIENT_FIELDS.has(field) || (field === 'tlsFingerprint' && value === 0)) continue
    markEqual(marked, window.columns[fieldIndex[field]], value, open)
    const normalShare = baselineRows === 0 ? 0 : baseline.countEqual(fieldIndex[field], value) / baselineRows
    const share = Math.min(1, Math.max(0, window.weigh(marked) - expected * normalShare) / requests)
    if (top === null || share - normalShare > top.share - top.normalShare) top = { field, value, share, normalShare }
  }
  return top
}
