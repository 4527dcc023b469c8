/**
 * The only door through which the drill opens a connection, and what makes it harmless: a target must be an address of this machine's loopback
 * (127.0.0.0/8 or ::1, written as a number; names are never resolved), and one that the harness handed over which started the server behind it.
 * Targets are handed once per process, before anything is sent; no option, environment variable or scenario can add or change one.
 * A test holds that no other file of this folder opens sockets.
 */
import { connect as connectTcp, isIPv4, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'

export interface HandedTarget {
  readonly address: string
  readonly port: number
}

/** Made by `loopbackTarget` alone; `dial` takes nothing else. */
export interface LoopbackTarget extends HandedTarget {
  readonly __handed: never
}

const checked = new WeakSet<object>()
let handed: ReadonlySet<string> | null = null

export class NotLoopbackError extends Error {
  readonly code = 'drill-not-loopback'
}

/** True for 127.0.0.0/8 in plain dotted form, and for ::1. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'))
}

/** The harness says which servers it started. Once per process. @throws NotLoopbackError for any other address, and when called again. */
export function handTargets(targets: readonly HandedTarget[]): void {
  if (handed !== null) throw new NotLoopbackError('targets were handed over before; they cannot change')
  for (const target of targets) refuseUnlessLoopback(target)
  handed = new Set(targets.map(nameOf))
}

/** @throws NotLoopbackError unless it is loopback and was handed over. */
export function loopbackTarget(address: string, port: number): LoopbackTarget {
  const target: HandedTarget = Object.freeze({ address, port })
  refuseUnlessLoopback(target)
  if (handed === null || !handed.has(nameOf(target))) throw new NotLoopbackError(`${nameOf(target)} was not handed over by the harness that started the server`)
  checked.add(target)
  return target as LoopbackTarget
}

/** `from`: a loopback address to come from. @throws NotLoopbackError for anything that did not come out of `loopbackTarget`. */
export function dial(target: LoopbackTarget, from: string): Socket {
  refuseUnlessChecked(target, from)
  return connectTcp({ host: target.address, port: target.port, localAddress: from, noDelay: true })
}

/** The same over TLS; the certificate is the harness's own and not looked at. */
export function dialTls(target: LoopbackTarget, from: string, protocols: readonly string[]): TLSSocket {
  refuseUnlessChecked(target, from)
  return connectTls({ socket: dial(target, from), ALPNProtocols: [...protocols], rejectUnauthorized: false, servername: 'drill.test' })
}

function refuseUnlessChecked(target: LoopbackTarget, from: string): void {
  if (!checked.has(target)) throw new NotLoopbackError('a target must come from loopbackTarget')
  refuseUnlessLoopback(target)
  if (!isLoopback(from)) throw new NotLoopbackError(`${from} is not a loopback address to come from`)
}

function refuseUnlessLoopback({ address, port }: HandedTarget): void {
  if (!isLoopback(address)) throw new NotLoopbackError(`${address} is not 127.0.0.0/8 or ::1: the drill talks to its own machine only`)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new NotLoopbackError(`${port} is no port`)
}

function nameOf({ address, port }: HandedTarget): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
