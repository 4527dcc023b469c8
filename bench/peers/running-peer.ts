/** A program under test as it runs: started on its core, asked until it serves, ended with all it forked, its folder removed. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ask, askUntil } from '../measure/ask.ts'
import { ChildGroup } from '../measure/child-group.ts'
import { freePort } from '../measure/loopback.ts'
import { groupUse } from '../measure/proc.ts'
import { type Peer, type PeerSetup, paths } from './peer.ts'
import type { Check } from './workloads.ts'

const START_MS = 30_000

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly bothFile: string
}

export interface StartOptions {
  readonly parent: string
  readonly originPort: number
  readonly certificate: Certificate
  readonly workers: 1 | 2
  readonly cores: string
}

export class RunningPeer {
  readonly peer: Peer
  readonly setup: PeerSetup
  readonly group: ChildGroup
  startMs = 0
  idleBytes = 0

  private constructor(peer: Peer, setup: PeerSetup, group: ChildGroup) {
    this.peer = peer
    this.setup = setup
    this.group = group
  }

  /** @throws with what the program said when it does not serve. */
  static async start(peer: Peer, options: StartOptions): Promise<RunningPeer> {
    const folder = join(options.parent, `${peer.name}-${++started}`)
    mkdirSync(folder)
    const setup: PeerSetup = { folder, port: await freePort(), tlsPort: await freePort(), originPort: options.originPort, ...options.certificate, workers: options.workers, cores: options.cores }
    const { program, args } = peer.command(setup)
    const from = performance.now()
    const group = new ChildGroup(program, args, { cores: options.cores, cwd: folder })
    const running = new RunningPeer(peer, setup, group)
    try {
      running.startMs = await askUntil({ port: setup.port, path: paths.proxied }, 200, from, START_MS, () => !group.hasEnded)
      if (peer.lacks.tls === undefined) await askUntil({ port: setup.tlsPort, path: paths.proxied, scheme: 'https' }, 200, performance.now(), START_MS, () => !group.hasEnded)
      running.idleBytes = groupUse(group.pid).residentBytes
      return running
    } catch (error) {
      await running.stop()
      throw new Error(`${peer.title}: ${(error as Error).message}\n${(group.err + group.out).slice(-2_000)}`, { cause: error })
    }
  }

  portFor(scheme: Check['scheme']): number {
    return scheme === 'http' ? this.setup.port : this.setup.tlsPort
  }

  /** Asks three times what the load will ask and compares; the later ones are those that a cache must answer. Returns the length of the body. @throws on a wrong answer. */
  async verify(check: Check, fields: readonly string[] = []): Promise<number> {
    for (let i = 0; ; i++) {
      const heard = await ask({ port: this.portFor(check.scheme), path: check.path, scheme: check.scheme, headers: Object.fromEntries(fields.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)])) })
      if (heard.status !== check.status || (check.bodyBytes !== null && heard.bodyBytes !== check.bodyBytes)) {
        throw new Error(`${this.peer.title} answers ${check.path} with ${heard.status} and ${heard.bodyBytes} bytes, not ${check.status}${check.bodyBytes === null ? '' : ` and ${check.bodyBytes}`}`)
      }
      if (i === 2) return heard.bodyBytes
    }
  }

  async stop(): Promise<void> {
    await this.group.end()
    rmSync(this.setup.folder, { recursive: true, force: true })
  }
}

let started = 0
