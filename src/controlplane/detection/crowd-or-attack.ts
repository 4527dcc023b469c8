/**
 * Is the excess a crowd or a flood? A sum of reasons, each a log-likelihood ratio that no single reason can win with: every one is capped at ln 5
 * (weak ones lower), so at least two strong ones must agree to pass ln 20. Only challenge results of a canary are uncapped: they are a measurement.
 * It speaks of the excess only, and stays silent without enough of it. It must never be reason enough to block anyone: that takes a rule through all gates.
 * Left out on purpose: "people thin out when a site is slow". It needs minutes to see, and floods behind a queue thin out as well.
 * Source: algorithms, attack vs crowd evidence; Jung, Krishnamurthy, Rabinovich, WWW 2002.
 */
import type { EvidenceItem } from '../evidence.ts'
import type { ExcessPicture } from './excess.ts'

const CAP = Math.log(5)
const RAMP_CAP = Math.log(2)
const NETWORK_CAP = Math.log(1.5)
const FAILING_CAP = Math.log(2)
/** Sampled excess rows below which nothing is said. */
const FEW_ROWS = 40
/** Observations that count in one share: requests of one client are not independent, so ten thousand are not ten thousand witnesses. */
const WITNESSES = 3
/** A flood's share of judged clients that are page-only, and of one fingerprint: leaves room for a crowd beside it. */
const FLOOD_SHARE = 0.8
/** Cookie echo says nothing on a site that hardly sets cookies. */
const FEW_ECHOES = 0.2
/** A step of five in ten seconds is even (real crowds: 2.1 in five minutes on WorldCup98; but a push alert does it too, so the cap is low). */
const EVEN_RAMP = 5

export interface EvidenceInputs {
  readonly excess: ExcessPicture
  readonly normalJudgedShare: number
  readonly normalProvenShare: number
  readonly normalEchoShare: number
  /** Page requests per client in about ten seconds: now, and when calm (0 when not known). */
  readonly pagesPerClient: number
  readonly calmPagesPerClient: number
  /** Rate of the last ten seconds over that of the minute before. */
  readonly ramp: number
  readonly calmNewNetworkShare: number
  /** Share of requests that broke the protocol or a limit of it. */
  readonly clientFaultShare: number
  readonly canaryTried: number
  readonly canaryPassed: number
  /** What a hash stands for, for the sentences. */
  readonly textOf: (hash: number) => string
}

export interface Verdict {
  readonly items: readonly EvidenceItem[]
  readonly logLikelihood: number
}

export function weighEvidence(inputs: EvidenceInputs): Verdict {
  const items = excessItems(inputs)
  if (inputs.canaryTried > 0) items.push(canaryItem(inputs.canaryTried, inputs.canaryPassed))
  return { items, logLikelihood: items.reduce((sum, item) => sum + item.logLikelihood, 0) }
}

function excessItems(inputs: EvidenceInputs): EvidenceItem[] {
  const { excess } = inputs
  if (excess.rows < FEW_ROWS) return []
  const items: EvidenceItem[] = []
  if (excess.judgedRows >= FEW_ROWS) {
    const normal = inputs.normalJudgedShare / Math.max(inputs.normalJudgedShare + inputs.normalProvenShare, 1e-9)
    items.push({
      code: 'page-only-share',
      value: excess.judgedShare,
      expectation: normal,
      logLikelihood: shareEvidence(excess.judgedShare, normal, FLOOD_SHARE, CAP),
      sentence: `${percent(excess.judgedShare)} of the clients behind the excess took a page and nothing that belongs to it (normally ${percent(normal)})`,
    })
  }
  if (inputs.normalEchoShare >= FEW_ECHOES && excess.echoRows >= FEW_ROWS) {
    items.push({
      code: 'cookie-echo',
      value: excess.echoShare,
      expectation: inputs.normalEchoShare,
      logLikelihood: shareEvidence(1 - excess.echoShare, 1 - inputs.normalEchoShare, 0.95, CAP),
      sentence: `${percent(excess.echoShare)} of the returning clients send cookies back (normally ${percent(inputs.normalEchoShare)})`,
    })
  }
  if (excess.top !== null) {
    const { field, value, share, normalShare } = excess.top
    items.push({
      code: 'fingerprint-concentration',
      value: share,
      expectation: normalShare,
      logLikelihood: shareEvidence(share, normalShare, FLOOD_SHARE, CAP),
      sentence: `${percent(share)} of the excess has one ${fieldNames[field] ?? field}${quoted(inputs.textOf(value))} (normally ${percent(normalShare)})`,
    })
  }
  if (inputs.calmPagesPerClient > 0 && inputs.pagesPerClient > 0) {
    // Per-client rates stay or fall in a crowd (Jung et al.); half as much again is even, because people reload.
    const ratio = inputs.pagesPerClient / inputs.calmPagesPerClient
    items.push({
      code: 'requests-per-client',
      value: inputs.pagesPerClient,
      expectation: inputs.calmPagesPerClient,
      logLikelihood: clamp(0.7 * Math.log(ratio / 1.5), CAP),
      sentence: `each client asks for ${inputs.pagesPerClient.toFixed(1)} pages in about ten seconds (normally ${inputs.calmPagesPerClient.toFixed(1)})`,
    })
  }
  if (inputs.ramp > 0) {
    items.push({
      code: 'ramp',
      value: inputs.ramp,
      expectation: EVEN_RAMP,
      logLikelihood: clamp(0.35 * Math.log(inputs.ramp / EVEN_RAMP), RAMP_CAP),
      sentence: `traffic is ${inputs.ramp.toFixed(1)} times that of the minute before`,
    })
  }
  items.push({
    code: 'new-networks',
    value: excess.newNetworkShare,
    expectation: inputs.calmNewNetworkShare,
    logLikelihood: shareEvidence(excess.newNetworkShare, Math.max(0.3, inputs.calmNewNetworkShare), 0.95, NETWORK_CAP),
    sentence: `${percent(excess.newNetworkShare)} of the requests come from networks not seen before (normally ${percent(inputs.calmNewNetworkShare)})`,
  })
  items.push({
    code: 'client-faults',
    value: inputs.clientFaultShare,
    expectation: 0.02,
    logLikelihood: Math.max(0, shareEvidence(inputs.clientFaultShare, 0.02, 0.5, CAP)),
    sentence: `${percent(inputs.clientFaultShare)} of the requests break the protocol or its limits`,
  })
  items.push({
    code: 'error-share',
    value: excess.failingShare,
    expectation: 0.05,
    logLikelihood: Math.max(0, shareEvidence(excess.failingShare, 0.05, FLOOD_SHARE, FAILING_CAP)),
    sentence: `${percent(excess.failingShare)} of the excess comes from clients that ask for what does not exist`,
  })
  return items
}

/** A canary lets a few matches through to the softest test: a flood passes it one time in a hundred, people nine times in ten. */
function canaryItem(tried: number, passed: number): EvidenceItem {
  const logLikelihood = passed * Math.log(0.01 / 0.9) + (tried - passed) * Math.log(0.99 / 0.1)
  return { code: 'canary-passes', value: passed / tried, expectation: 0.9, logLikelihood, sentence: `${passed} of ${tried} matches let through to a test passed it` }
}

/** log-likelihood ratio of a share seen, flood against crowd, as if from a few independent witnesses; 0 when the two can hardly be told apart. */
export function shareEvidence(share: number, crowdShare: number, floodShare: number, cap: number): number {
  const crowd = Math.min(Math.max(crowdShare, 0.02), 0.98)
  const flood = Math.min(Math.max(floodShare, 0.02), 0.98)
  if (flood < crowd + 0.15) return 0
  return clamp(WITNESSES * (share * Math.log(flood / crowd) + (1 - share) * Math.log((1 - flood) / (1 - crowd))), cap)
}

function clamp(value: number, cap: number): number {
  return Math.min(cap, Math.max(-cap, value))
}

const fieldNames: Readonly<Record<string, string>> = Object.freeze({
  userAgent: 'user agent',
  userAgentShape: 'kind of user agent',
  headerOrder: 'order of headers',
  acceptCombo: 'combination of language and encoding',
  tlsFingerprint: 'TLS fingerprint',
})

function quoted(text: string): string {
  return text === '' ? '' : ` "${text}"`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
}
