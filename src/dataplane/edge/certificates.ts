/**
 * The certificates a listener shows, read from files, watched, and swapped whole.
 * It acts when a file changes (the file system says so, or a look every 60 s sees it) and reads only after the change has settled: a renewal
 * writes two files, and in between they do not fit. It must never put a pair in use that does not fit, or replace a valid certificate by an
 * expired one: the old ones stay, and the log says why. Open connections are never touched.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { watch, type FSWatcher } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls'
import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'

export interface CertificateFiles {
  /** PEM: the certificate, then the intermediates. */
  readonly certificate: string
  /** PEM, not encrypted. */
  readonly key: string
  /** Server names to show it for, instead of those in the certificate; empty or absent: those in the certificate. */
  readonly hosts?: readonly string[]
}

/** One set of names and what is shown for them: one certificate per kind of key (ECDSA and RSA may stand side by side). */
interface Identity {
  readonly names: readonly string[]
  readonly certs: string[]
  readonly keys: string[]
  readonly expiresAtWallMs: number
}

/** Read and checked, never changed afterwards. The first identity answers who asks for no name or an unknown one. */
export interface CertificateSet {
  readonly identities: readonly Identity[]
  readonly expiresAtWallMs: number
}

/**
 * ECDHE only, so that a stolen key opens no recorded traffic; AEAD only; the ECDSA forms first because they cost the server a tenth of RSA.
 * Source: Mozilla Server Side TLS 5.7, "intermediate", without DHE.
 */
export const CIPHERS = [
  'TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/**
 * Reads and checks all pairs.
 * @throws Error whose message names the file and what is wrong with it.
 */
export async function readCertificates(files: readonly CertificateFiles[]): Promise<CertificateSet> {
  if (files.length === 0) throw new Error('an https listener needs at least one certificate')
  const pairs = await Promise.all(files.map(async (pair) => ({ pair, cert: await readFile(pair.certificate, 'utf8'), key: await readFile(pair.key, 'utf8') })))
  return certificateSet(pairs)
}

/** The same from text already read; `pair` only names the source in errors. */
export function certificateSet(pairs: ReadonlyArray<{ readonly pair: CertificateFiles; readonly cert: string; readonly key: string }>): CertificateSet {
  const byNames = new Map<string, Identity>()
  let expiresAtWallMs = Number.POSITIVE_INFINITY
  for (const { pair, cert, key } of pairs) {
    const leaf = readLeaf(pair, cert)
    if (!leaf.checkPrivateKey(readKey(pair, key))) throw new Error(`${pair.key}: is not the key of ${pair.certificate}`)
    const names = pair.hosts === undefined || pair.hosts.length === 0 ? namesOf(leaf) : pair.hosts.map((host) => host.toLowerCase())
    const expires = leaf.validToDate.getTime()
    expiresAtWallMs = Math.min(expiresAtWallMs, expires)
    const id = names.toSorted().join(' ')
    const identity = byNames.get(id)
    if (identity === undefined) byNames.set(id, { names, certs: [cert], keys: [key], expiresAtWallMs: expires })
    else {
      identity.certs.push(cert)
      identity.keys.push(key)
    }
  }
  return { identities: [...byNames.values()], expiresAtWallMs }
}

function readLeaf(pair: CertificateFiles, cert: string): X509Certificate {
  try {
    return new X509Certificate(cert)
  } catch (error) {
    throw new Error(`${pair.certificate}: is not a PEM certificate (${(error as Error).message})`, { cause: error })
  }
}

function readKey(pair: CertificateFiles, key: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(key)
  } catch (error) {
    throw new Error(`${pair.key}: is not a PEM private key without password (${(error as Error).message})`, { cause: error })
  }
}

/** DNS names of the certificate, lower case. The common name is not used (RFC 9525 section 2). */
function namesOf(leaf: X509Certificate): string[] {
  const names: string[] = []
  for (const part of (leaf.subjectAltName ?? '').split(', ')) if (part.startsWith('DNS:')) names.push(part.slice(4).toLowerCase())
  return names
}

/** The same in all contexts, listeners and workers: OpenSSL does not resume a session of another context. */
export const SESSION_CONTEXT = 'polder'

/** Chooses by server name: exact, then wildcard of one label, then the first. */
export class ContextsByName {
  readonly #exact = new Map<string, SecureContext>()
  readonly #wildcard = new Map<string, SecureContext>()
  readonly first: SecureContext
  readonly count: number

  constructor(set: CertificateSet, minVersion: SecureVersion) {
    let first: SecureContext | undefined
    for (const identity of set.identities) {
      const context = createSecureContext({ cert: identity.certs, key: identity.keys, minVersion, ciphers: CIPHERS, honorCipherOrder: true, sessionIdContext: SESSION_CONTEXT })
      first ??= context
      for (const name of identity.names) {
        const map = name.startsWith('*.') ? this.#wildcard : this.#exact
        const key = name.startsWith('*.') ? name.slice(2) : name
        if (!map.has(key)) map.set(key, context)
      }
    }
    if (first === undefined) throw new Error('no certificate')
    this.first = first
    this.count = set.identities.length
  }

  choose(serverName: string): SecureContext {
    const name = serverName.toLowerCase()
    const dot = name.indexOf('.')
    return this.#exact.get(name) ?? (dot === -1 ? undefined : this.#wildcard.get(name.slice(dot + 1))) ?? this.first
  }
}

/** A renewal tool writes certificate and key within this time. */
const SETTLE_MS = 500
/** Network file systems and some containers report no change. */
const LOOK_MS = 60_000

/** Keeps `current` up to date with the files; `onSwap` is told of each new set. */
export class CertificateStore {
  current: CertificateSet
  readonly #files: readonly CertificateFiles[]
  readonly #log: Log
  readonly #clock: Clock
  readonly #watchers: FSWatcher[] = []
  readonly #listeners = new Set<(set: CertificateSet) => void>()
  readonly #look: NodeJS.Timeout
  #settle: NodeJS.Timeout | null = null
  #reading: Promise<void> = Promise.resolve()
  #seen: string
  #lastProblem = ''
  #closed = false

  private constructor(files: readonly CertificateFiles[], first: CertificateSet, log: Log, clock: Clock) {
    this.#files = files
    this.current = first
    this.#seen = signatureOf(first)
    this.#log = log
    this.#clock = clock
    // The directory, not the file: a renewal puts a new file in the old one's place
    for (const directory of new Set(files.flatMap((pair) => [dirname(pair.certificate), dirname(pair.key)]))) {
      try {
        const watcher = watch(directory, { persistent: false }, () => this.#changed())
        watcher.on('error', () => watcher.close())
        this.#watchers.push(watcher)
      } catch (error) {
        log.warn('certificates: this directory cannot be watched, looking every minute instead', { directory, problem: (error as Error).message })
      }
    }
    this.#look = setInterval(() => void this.reload(), LOOK_MS).unref()
    this.#warnOfExpiry(first)
  }

  /** @throws Error as readCertificates does: without a good pair there is nothing to start with. */
  static async open(files: readonly CertificateFiles[], log: Log, clock: Clock): Promise<CertificateStore> {
    return new CertificateStore(files, await readCertificates(files), log, clock)
  }

  onSwap(listener: (set: CertificateSet) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads the files again, one reading at a time. Never rejects. */
  reload(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read())
    return this.#reading
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#look)
    if (this.#settle !== null) clearTimeout(this.#settle)
    for (const watcher of this.#watchers) watcher.close()
    this.#listeners.clear()
  }

  #changed(): void {
    if (this.#settle !== null) clearTimeout(this.#settle)
    this.#settle = setTimeout(() => void this.reload(), SETTLE_MS).unref()
  }

  async #read(): Promise<void> {
    if (this.#closed) return
    let set: CertificateSet
    try {
      set = await readCertificates(this.#files)
      const now = this.#clock.wallMs()
      if (set.expiresAtWallMs <= now && this.current.expiresAtWallMs > now) throw new Error('a certificate in the files has expired, the one in use has not')
    } catch (error) {
      const problem = (error as Error).message
      if (problem !== this.#lastProblem) this.#log.error('certificates: the files were not taken over, the old certificates stay in use', { problem })
      this.#lastProblem = problem
      return
    }
    this.#lastProblem = ''
    const signature = signatureOf(set)
    if (this.#closed || signature === this.#seen) return
    this.#seen = signature
    this.current = set
    this.#log.info('certificates: new files are in use for new connections', { expires: new Date(set.expiresAtWallMs).toISOString() })
    this.#warnOfExpiry(set)
    for (const listener of this.#listeners) listener(set)
  }

  #warnOfExpiry(set: CertificateSet): void {
    if (set.expiresAtWallMs <= this.#clock.wallMs()) this.#log.warn('certificates: one in use has expired, visitors will see a warning', { expired: new Date(set.expiresAtWallMs).toISOString() })
  }
}

function signatureOf(set: CertificateSet): string {
  return set.identities.map((identity) => [...identity.certs, ...identity.keys].join('\n')).join('\n')
}
