/** What a figure belongs to: the machine, the kernel, the programs, the day. */
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

export interface Machine {
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly system: string
  readonly node: string
  readonly openssl: string
  readonly loadBefore: string
}

export function describeMachine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    system: /^PRETTY_NAME="(.*)"$/m.exec(read('/etc/os-release'))?.[1] ?? 'Linux',
    node: process.versions.node,
    openssl: process.versions.openssl,
    loadBefore: read('/proc/loadavg').split(' ').slice(0, 3).join(' '),
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Which cores who gets. With three or more the origin has one of its own; with two it shares with the load generator. */
export interface Placement {
  readonly server: string
  readonly load: string
  readonly origin: string
}

export function placement(cores = availableParallelism()): Placement {
  if (cores < 2) return { server: '0', load: '0', origin: '0' }
  return { server: '0', load: '1', origin: cores > 2 ? '2' : '1' }
}
