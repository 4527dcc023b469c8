/**
 * Requests out of an access log, as the data plane would have seen them live: the same hashes (features.ts), route classes, client counters and samples.
 * A log says neither header order nor languages nor TLS: those fields are 0, and the sample says that it came from a log (sampleFlags.fromLog).
 */
import { type SampleBatch, sampleFields, sampleFlags, SAMPLE_WORDS } from '../contract/sample.ts'
import type { LoggedRequest } from '../controlplane/learn/log-line.ts'
import { SourceTable, sourceTableBytes } from '../dataplane/admission/source-table.ts'
import { clientAddress } from '../dataplane/edge/client-address.ts'
import { Features } from '../dataplane/features.ts'
import { type ClientAddress, Request, type Reply } from '../dataplane/request.ts'
import { HostTable } from '../dataplane/routing/host-table.ts'
import { classOf, RouteTable, type RouteWish } from '../dataplane/routing/route-table.ts'
import { Tap } from '../dataplane/tap/tap.ts'
import type { MonotonicMs } from '../kernel/clock.ts'
import { hashText } from '../kernel/hash.ts'
import type { Random } from '../kernel/random.ts'

const unlogged = ['headerOrder', 'acceptCombo', 'tlsFingerprint'] as const
const unloggedPlaces = unlogged.map((name) => sampleFields.indexOf(name))
const FLAGS = sampleFields.indexOf('flags')

export interface LoggedTrafficOptions {
  readonly featureKey: number
  readonly routes: readonly RouteWish[]
  /** The site's own names: tells a referer of the same site from another. */
  readonly hosts: readonly string[]
  /** Clients remembered at once. */
  readonly sourceSlots: number
}

export class LoggedTraffic {
  readonly sources: SourceTable
  readonly features: Features
  readonly #key: number
  readonly #routes: RouteTable
  readonly #hosts: HostTable | null
  readonly #firstHost: string
  readonly #memory: SharedArrayBuffer

  constructor(options: LoggedTrafficOptions) {
    this.#key = options.featureKey
    this.#routes = new RouteTable(options.routes)
    this.#hosts = options.hosts.length === 0 ? null : new HostTable(options.hosts)
    this.#firstHost = (options.hosts[0] ?? '').replace(/^\*\./, '')
    this.features = new Features(options.featureKey)
    this.#memory = new SharedArrayBuffer(sourceTableBytes(options.sourceSlots))
    this.sources = new SourceTable(this.#memory, options.featureKey)
  }

  /** Nobody has been here yet. */
  forget(): void {
    new Uint8Array(this.#memory).fill(0)
  }

  /** The request at its arrival: its client is known and counted (pipeline: know). */
  arrive(logged: LoggedRequest, nowMs: number): Request {
    const headers: string[] = []
    if (logged.agent !== '') headers.push('user-agent', logged.agent)
    if (logged.referer !== '') headers.push('referer', logged.referer)
    // There is nobody to answer: nothing here ever touches the reply.
    const request = new Request(logged.method, logged.target, this.#hostOf(logged), 'http', logged.version, headers, this.#clientOf(logged.client), null, null, null as unknown as Reply, nowMs as MonotonicMs, '')
    const route = this.#routes.find(request)
    request.routeClass = classOf(request, route)
    request.sourceSlot = this.sources.touch(request.client, nowMs)
    if (request.routeClass === 'static') this.sources.countStatic(request.sourceSlot)
    request.visitorClass = route.exempt ? 'known' : 'unknown'
    return request
  }

  /** The answer counts for or against its client (pipeline: ended). */
  answered(request: Request, status: number): void {
    if (status < 500 && (request.routeClass === 'page' || request.routeClass === 'search')) this.sources.countPage(request.sourceSlot)
    if (status >= 400 && status < 500) this.sources.countError(request.sourceSlot)
  }

  #hostOf(logged: LoggedRequest): string {
    if (logged.host !== '') return logged.host
    const named = hostOfReferer(logged.referer)
    return named !== '' && this.#hosts !== null && this.#hosts.knows(named) ? named : this.#firstHost
  }

  /** A name or a hash instead of an address is a client too; it belongs to no network. */
  #clientOf(text: string): ClientAddress {
    return clientAddress(text, this.#key) ?? { family: 4, text: '0.0.0.0', high: 0, low: 0, key: hashText(text, this.#key) }
  }
}

/** Records of arrived requests, by the tap of the data plane. */
export class LogTap {
  readonly #tap: Tap

  constructor(random: Random) {
    this.#tap = new Tap(0, random, 0)
  }

  set share(share: number) {
    this.#tap.share = share
  }

  see(request: Request, traffic: LoggedTraffic, nowWallMs: number, flags: number): void {
    this.#tap.see(request, traffic.features.read(request), traffic.sources, nowWallMs, flags)
  }

  take(nowWallMs: number): SampleBatch {
    const batch = this.#tap.take(nowWallMs)
    for (let at = 0; at < batch.words.length; at += SAMPLE_WORDS) {
      for (const place of unloggedPlaces) batch.words[at + place] = 0
      batch.words[at + FLAGS] |= sampleFlags.fromLog
    }
    return batch
  }
}

/** Lower case, with a port if one is written; '' when there is none. */
export function hostOfReferer(referer: string): string {
  const start = referer.indexOf('//')
  if (start === -1) return ''
  let end = start + 2
  while (end < referer.length && !'/?#'.includes(referer[end])) end++
  return referer.slice(start + 2, end).toLowerCase()
}
