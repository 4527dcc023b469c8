/**
 * Who listens where. Every worker opens its own SO_REUSEPORT socket, so that the kernel spreads connections and no lock is shared;
 * sockets handed over by an earlier process or by systemd are adopted instead and never closed before they were used,
 * because a closed listening socket resets the connections that wait in it.
 */
import { closeSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ListenSettings, Settings } from '../config/settings.ts'
import { makeDevelopmentCertificate } from '../dataplane/edge/development-certificate.ts'
import type { ListenerPlan } from '../dataplane/worker-start.ts'
import type { WallMs } from '../kernel/clock.ts'

export interface ListenerPlans {
  /** The plan for a worker that starts now; a restarted worker gets spare descriptors, or none and opens its own socket. */
  forWorker(index: number): ListenerPlan[]
  /** After port 0: the port that was chosen. */
  settle(listener: string, port: number): void
  urls(): string[]
}

/**
 * `inherited`: descriptors by listener text or `#index` of the `listen` entry. Text: sockets of an earlier process, each with its own queue, all must be served.
 * `#index`: copies of one socket (systemd), one is enough for each worker and the rest are spares.
 */
export async function listenerPlans(settings: Settings, workers: number, inherited: ReadonlyMap<string, readonly number[]>, now: WallMs): Promise<ListenerPlans> {
  const texts = new Set(settings.listen.map((one) => one.address.text))
  for (const [listener, fds] of inherited) {
    const known = listener.startsWith('#') ? Number(listener.slice(1)) < settings.listen.length : texts.has(listener)
    if (!known) for (const fd of fds) closeSync(fd)
  }
  const entries = settings.listen.map((listen, index) => {
    const queues = [...(inherited.get(listen.address.text) ?? [])]
    const copies = [...(inherited.get(`#${index}`) ?? [])]
    return { listen, queues, copies, port: listen.address.port, certificates: certificatesOf(listen, settings.dataDir, now) }
  })
  return {
    forWorker: (index) =>
      entries.map((entry) => {
        const { listen } = entry
        const fds = entry.copies.length > 0 ? [entry.copies.shift()!] : entry.queues.filter((_, i) => i % workers === index)
        // Adopted once: when this worker dies its descriptors die with it.
        if (fds.length > 0) entry.queues = entry.queues.map((fd) => (fds.includes(fd) ? -1 : fd))
        return { text: listen.address.text, host: listen.address.host, port: entry.port, certificates: entry.certificates, proxyProtocol: listen.proxyProtocol, fds: fds.filter((fd) => fd >= 0) }
      }),
    settle(listener, port) {
      // In the order of the entries, so that two of them may ask for a free port of the same address.
      const entry = entries.find((one) => one.listen.address.text === listener && one.port === 0)
      if (entry !== undefined) entry.port = port
    },
    urls: () =>
      entries.map(({ listen, port }) => {
        const host = listen.address.host === '::' || listen.address.host === '0.0.0.0' ? 'localhost' : listen.address.host
        return `${listen.tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
      }),
  }
}

function certificatesOf(listen: ListenSettings, dataDir: string, now: WallMs): ListenerPlan['certificates'] {
  if (listen.tls === null) return null
  if (listen.tls.kind === 'files') return listen.tls.certificates.map((one) => ({ certificate: one.certFile, key: one.keyFile, hosts: one.hosts }))
  const certificate = join(dataDir, 'development-certificate.pem')
  const key = join(dataDir, 'development-key.pem')
  if (!existsSync(certificate) || !existsSync(key)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    const made = makeDevelopmentCertificate(['localhost', '127.0.0.1', '::1'], now)
    writeFileSync(key, made.keyPem, { mode: 0o600 })
    writeFileSync(certificate, made.certPem, { mode: 0o644 })
  }
  return [{ certificate, key, hosts: [] }]
}
