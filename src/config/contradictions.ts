/** Pairs of settings that cannot both hold. One table for a file that is read and for the mixture a reload would make. */
import { optionText } from './effective.ts'
import type { OptionTable } from '../kernel/option.ts'
import type { Settings } from './settings.ts'
import { sectionTables } from './tables.ts'

/** The first of each pair must not be larger than the second. */
export const orderedPairs: ReadonlyArray<readonly [low: string, high: string]> = [
  ['edge.headerDeadlineCrowdedMs', 'edge.headerDeadlineMs'],
  ['edge.keepAliveIdleCrowdedMs', 'edge.keepAliveIdleMs'],
  ['edge.bodyDeadlineMs', 'edge.bodyLongestMs'],
  ['edge.maxConnectionsPerSource', 'edge.maxConnections'],
  ['edge.h2StreamWindowBytes', 'edge.h2ConnectionWindowBytes'],
  ['cache.maxObjectBytes', 'cache.memoryBytes'],
  ['admission.limitMin', 'admission.limitInitial'],
  ['admission.limitInitial', 'admission.limitMax'],
  ['admission.limitMax', 'admission.totalLimitMax'],
  ['admission.waitingPerClient', 'admission.waitingMax'],
  ['admission.queueTargetMs', 'admission.maxWaitMs'],
  ['origin.ejectionMs', 'origin.ejectionMaxMs'],
  ['origin.firstByteTimeoutMs', 'origin.totalTimeoutMs'],
  ['origin.idleTimeoutMs', 'origin.totalTimeoutMs'],
  ['origin.checkTimeoutMs', 'origin.checkIntervalMs'],
  ['console.lockMs', 'console.lockMaxMs'],
]

export function isOutOfOrder(settings: Settings, low: string, high: string): boolean {
  return valueAt(settings, low) > valueAt(settings, high)
}

/** As the operator would write it. */
export function textAt(settings: Settings, path: string): string {
  const [section, key] = path.split('.') as [keyof typeof sectionTables, string]
  return optionText((sectionTables[section] as OptionTable)[key]!, valueAt(settings, path))
}

function valueAt(settings: Settings, path: string): number {
  const [section, key] = path.split('.') as [keyof typeof sectionTables, string]
  return (settings[section] as Readonly<Record<string, unknown>>)[key] as number
}

/** Each contradiction as a sentence; empty when the settings agree with themselves. */
export function contradictions(settings: Settings): string[] {
  const found = orderedPairs.filter(([low, high]) => isOutOfOrder(settings, low, high)).map(([low, high]) => `${low} (${textAt(settings, low)}) is larger than ${high} (${textAt(settings, high)})`)
  if (settings.edge.trustedProxies.length === 0) {
    for (const one of settings.listen) if (one.proxyProtocol) found.push(`the listener ${one.address.text} waits for PROXY protocol, but trustedProxies is empty: every visitor would be refused`)
  }
  return found
}
