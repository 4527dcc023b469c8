/** Which drops may be carried out: single sources only, not expired, never one that must always get in. The same for every back end. */
import { isIP } from 'node:net'
import type { SourceDrop } from '../../contract/plan.ts'
import { CidrSet, cidrProblem, ipv4Number } from '../../kernel/cidr-set.ts'
import { LONGEST_DROP_MS, MOST_SOURCES } from './barrier.ts'

/** Prefixes no back end ever stops: this machine itself. The caller adds allow rules, trusted proxies and probes. */
export const ownPrefixes: readonly string[] = ['127.0.0.0/8', '::1/128', '0.0.0.0/32', '::/64']

/** Prefix to the time it ends. */
export type DropList = ReadonlyMap<string, number>

export function permittedDrops(drops: readonly SourceDrop[], spared: readonly string[], nowWallMs: number): DropList {
  const sparedSet = new CidrSet(spared)
  const list = new Map<string, number>()
  for (const { cidr, expiresAtWallMs } of drops) {
    if (list.size >= MOST_SOURCES) break
    if (!(expiresAtWallMs > nowWallMs) || !isSingleSource(cidr) || touchesSpared(cidr, sparedSet, spared)) continue
    list.set(cidr, Math.min(expiresAtWallMs, nowWallMs + LONGEST_DROP_MS))
  }
  return list
}

/** One IPv4 address, or one IPv6 /64: what one visitor has. */
function isSingleSource(cidr: string): boolean {
  if (cidrProblem(cidr) !== null) return false
  const [address, bits] = cidr.split('/')
  return isIP(address) === 4 ? bits === undefined || bits === '32' : bits === '64'
}

/** The source lies in a spared prefix, or a spared address lies in the source. */
function touchesSpared(cidr: string, sparedSet: CidrSet, spared: readonly string[]): boolean {
  const [address] = cidr.split('/')
  if (isIP(address) === 4) return sparedSet.has(4, ipv4Number(address), address)
  if (sparedSet.has(6, 0, address)) return true
  const source = new CidrSet([cidr])
  return spared.some((one) => {
    const [inside] = one.split('/')
    return isIP(inside) === 6 && source.has(6, 0, inside)
  })
}
