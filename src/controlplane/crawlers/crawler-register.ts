/**
 * Everyone who proved to be a crawler, as the plan carries it: published ranges from the operator's files and addresses verified by DNS.
 * Tick by tick it hands claims on for verification and renews the list. A changed list goes out at most every ten seconds, because each edge worker
 * compiles it anew. A file that cannot be read leaves what it said before in force, and is told.
 */
import { isIP } from 'node:net'
import { readFile, stat } from 'node:fs/promises'
import type { ControlEvent } from '../../contract/control.ts'
import type { KnownCrawlers } from '../../contract/plan.ts'
import type { SampleBatch } from '../../contract/sample.ts'
import type { Random } from '../../kernel/random.ts'
import { CrawlerVerifier } from './crawler-verifier.ts'
import { DnsResolver } from './dns-resolver.ts'
import { canonicalIpv6, confirmCrawler, type DnsQuestions } from './forward-confirm.ts'
import type { CrawlerSettings } from './options.ts'
import { MOST_RANGE_FILE_BYTES, parseRangeFile } from './range-file.ts'

/** What a plan may carry (contract/plan.ts). */
const MOST_PREFIXES = 4_096
const LOOK_AT_FILES_MS = 30_000
const RENEW_LIST_MS = 10_000
/** Without a living control plane the privilege ends after this. */
const EXPIRY_MS = 3_600_000

interface ReadFile {
  stamp: string
  prefixes: readonly string[]
}

export class CrawlerRegister {
  #settings: CrawlerSettings
  readonly #makeDns: (settings: CrawlerSettings) => DnsQuestions
  #dns: DnsQuestions
  readonly #verifier: CrawlerVerifier
  readonly #files = new Map<string, ReadFile>()
  #events: ControlEvent[] = []
  #version: number
  #prefixes: readonly string[] = Object.freeze([])
  #dirty = true
  #listChanges = -1
  #listAtMs = Number.NEGATIVE_INFINITY
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | null = null

  /** `firstVersion`: higher than any of an earlier life of this thread (its start time). */
  constructor(settings: CrawlerSettings, random: Random, firstVersion: number, makeDns: (settings: CrawlerSettings) => DnsQuestions = systemDns) {
    this.#settings = settings
    this.#makeDns = makeDns
    this.#dns = makeDns(settings)
    this.#version = firstVersion
    this.#verifier = new CrawlerVerifier(random, (address) => confirmCrawler(address, isIP(address) as 4 | 6, this.#settings.reverseDnsSuffixes, this.#dns))
  }

  applySettings(settings: CrawlerSettings): void {
    this.#settings = settings
    this.#dns = this.#makeDns(settings)
    this.#lookedAtMs = Number.NEGATIVE_INFINITY
    this.#dirty = true
    for (const path of this.#files.keys()) if (!settings.rangeFiles.includes(path)) this.#files.delete(path)
  }

  /** Takes claims, asks, and returns the list for the next plan; undefined when crawlers are neither listed nor verified. Never waits. */
  tick(nowMs: number, nowWallMs: number, samples: readonly SampleBatch[]): { readonly crawlers: KnownCrawlers | undefined; readonly events: readonly ControlEvent[] } {
    const { reverseDns, rangeFiles } = this.#settings
    if (reverseDns) {
      for (const batch of samples) for (const [address] of batch.crawlerClaims ?? []) this.#claim(address, nowMs)
      this.#verifier.work(nowMs, { perSecond: this.#settings.reverseDnsPerSecond, verifiedForMs: this.#settings.verifiedForMs }, (address, proof) => {
        if (proof.verdict === 'verified') this.#tell(nowWallMs, 'crawler-verified', `${address} is ${proof.name}: verified by reverse DNS, forward-confirmed`)
      })
    }
    if (nowMs - this.#lookedAtMs >= LOOK_AT_FILES_MS && this.#looking === null) {
      this.#lookedAtMs = nowMs
      this.#looking = this.#lookAtFiles(rangeFiles, nowWallMs).finally(() => (this.#looking = null))
    }
    const due = this.#prefixes.length === 0 || nowMs - this.#listAtMs >= RENEW_LIST_MS
    if (due && (this.#dirty || this.#verifier.changes !== this.#listChanges)) this.#renewList(nowMs, nowWallMs)
    const events = this.#events
    this.#events = []
    const used = reverseDns || rangeFiles.length > 0
    return { events, crawlers: used ? { version: this.#version, prefixes: this.#prefixes, expiresAtWallMs: nowWallMs + EXPIRY_MS, wantClaims: reverseDns } : undefined }
  }

  /** Resolves when the files have been read, for a first list that is whole. */
  async filesRead(): Promise<void> {
    await this.#looking
  }

  get verifier(): CrawlerVerifier {
    return this.#verifier
  }

  #claim(address: string, nowMs: number): void {
    const family = isIP(address)
    const text = family === 4 ? address : family === 6 ? canonicalIpv6(address) : ''
    if (text !== '') this.#verifier.claim(text, nowMs)
  }

  #renewList(nowMs: number, nowWallMs: number): void {
    this.#dirty = false
    this.#listAtMs = nowMs
    this.#listChanges = this.#verifier.changes
    const ranges = new Set(this.#settings.rangeFiles.flatMap((path) => this.#files.get(path)?.prefixes ?? []))
    const all = [...ranges, ...(this.#settings.reverseDns ? this.#verifier.verified() : [])]
    if (all.length > MOST_PREFIXES) this.#tell(nowWallMs, 'crawler-ranges-too-many', `the range files hold ${ranges.size} prefixes; ${all.length - MOST_PREFIXES} are left out, because at most ${MOST_PREFIXES} crawler prefixes are used`)
    const prefixes = Object.freeze(all.slice(0, MOST_PREFIXES))
    if (prefixes.length === this.#prefixes.length && prefixes.every((prefix, i) => prefix === this.#prefixes[i])) return
    this.#prefixes = prefixes
    this.#version++
  }

  async #lookAtFiles(paths: readonly string[], nowWallMs: number): Promise<void> {
    for (const path of paths) {
      try {
        const facts = await stat(path)
        const stamp = `${facts.mtimeMs} ${facts.size} ${facts.ino}`
        const old = this.#files.get(path)
        if (old?.stamp === stamp) continue
        if (facts.size > MOST_RANGE_FILE_BYTES) throw new Error(`has ${facts.size} bytes, at most ${MOST_RANGE_FILE_BYTES} are read`)
        this.#take(path, stamp, await readFile(path, 'utf8'), nowWallMs)
      } catch (error) {
        this.#complain(path, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : (error as Error).message, nowWallMs)
      }
    }
  }

  #take(path: string, stamp: string, text: string, nowWallMs: number): void {
    const { prefixes, problems } = parseRangeFile(text)
    const before = this.#files.get(path)?.prefixes ?? []
    // An empty or broken download takes nothing away.
    this.#files.set(path, { stamp, prefixes: prefixes.length === 0 ? before : prefixes })
    this.#dirty = true
    const kept = prefixes.length === 0 && before.length > 0 ? `; the ${before.length} prefixes it held before stay in use` : ''
    if (problems.length > 0) this.#tell(nowWallMs, 'crawler-ranges-problem', `${path}: ${problems.join('; ')}${kept}`)
    if (prefixes.length > 0) this.#tell(nowWallMs, 'crawler-ranges-read', `${path}: ${prefixes.length} crawler prefixes read`)
  }

  /** Said once, not every half minute. */
  #complain(path: string, problem: string, nowWallMs: number): void {
    const old = this.#files.get(path)
    if (old?.stamp === problem) return
    this.#files.set(path, { stamp: problem, prefixes: old?.prefixes ?? [] })
    this.#tell(nowWallMs, 'crawler-ranges-problem', `${path} ${problem}${old === undefined || old.prefixes.length === 0 ? '' : `; the ${old.prefixes.length} prefixes it held before stay in use`}`)
  }

  #tell(atWallMs: number, code: string, sentence: string): void {
    if (this.#events.length < 100) this.#events.push({ atWallMs, code, sentence })
  }
}

function systemDns(settings: CrawlerSettings): DnsQuestions {
  return new DnsResolver(settings.dnsServers, settings.reverseDnsTimeoutMs)
}
