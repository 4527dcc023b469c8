/** What the kernel knows of a process group and of the cores: /proc, in seconds and bytes. Linux only. Source: proc(5). */
import { readFileSync, readdirSync } from 'node:fs'

/** USER_HZ; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4_096

interface Stat {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly cpuSeconds: number
  readonly residentBytes: number
}

function statOf(pid: string): Stat | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return null
  }
  // The name in parentheses may hold anything; fields are counted after the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z') return null
  return {
    pid: Number.parseInt(pid, 10),
    parent: Number(fields[1]),
    group: Number(fields[2]),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    residentBytes: Number(fields[21]) * PAGE_BYTES,
  }
}

/** The processes of a group, and their children that made a group of their own (varnishd does). */
function membersOf(group: number): Stat[] {
  const all: Stat[] = []
  for (const name of readdirSync('/proc')) {
    if (name.charCodeAt(0) < 48 || name.charCodeAt(0) > 57) continue
    const stat = statOf(name)
    if (stat !== null) all.push(stat)
  }
  const found = new Set(all.filter((one) => one.group === group))
  for (let before = -1; before !== found.size;) {
    before = found.size
    const ids = new Set([...found].map((one) => one.pid))
    for (const one of all) if (ids.has(one.parent)) found.add(one)
  }
  return [...found]
}

export function groupMembers(group: number): number[] {
  return membersOf(group).map((one) => one.pid)
}

/** The group itself and the groups that its processes, or theirs, made. */
export function groupsBelow(group: number): number[] {
  return [...new Set([group, ...membersOf(group).map((one) => one.group)])]
}

export interface GroupUse {
  readonly processes: number
  /** User and system time of all processes that live. */
  readonly cpuSeconds: number
  /** Sum over the processes of what is theirs: shared pages count in proportion where the kernel says so (smaps_rollup). */
  readonly residentBytes: number
  readonly handles: number
}

export function groupUse(group: number): GroupUse {
  const members = membersOf(group)
  return {
    processes: members.length,
    cpuSeconds: members.reduce((sum, one) => sum + one.cpuSeconds, 0),
    residentBytes: members.reduce((sum, one) => sum + proportionalBytes(one), 0),
    handles: members.reduce((sum, one) => sum + handlesOf(one.pid), 0),
  }
}

export function groupCpuSeconds(group: number): number {
  return membersOf(group).reduce((sum, one) => sum + one.cpuSeconds, 0)
}

function proportionalBytes(stat: Stat): number {
  try {
    const found = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${stat.pid}/smaps_rollup`, 'latin1'))
    if (found !== null) return Number(found[1]) * 1_024
  } catch {
    // Not ours to read: resident size then.
  }
  return stat.residentBytes
}

function handlesOf(pid: number): number {
  return namesIn(`/proc/${pid}/fd`).length
}

/** CPU seconds of the threads of a group whose name begins so, together. Names: /proc/PID/task/ID/comm. */
export function namedThreadsCpuSeconds(group: number, begin: string): number {
  let sum = 0
  for (const pid of groupMembers(group)) {
    for (const id of namesIn(`/proc/${pid}/task`)) {
      try {
        if (!readFileSync(`/proc/${pid}/task/${id}/comm`, 'latin1').startsWith(begin)) continue
      } catch {
        continue
      }
      sum += statOf(`${pid}/task/${id}`)?.cpuSeconds ?? 0
    }
  }
  return sum
}

/** CPU seconds of each thread of a group, by thread id. */
export function threadCpuSeconds(group: number): Map<number, number> {
  const threads = new Map<number, number>()
  for (const pid of groupMembers(group)) {
    for (const id of namesIn(`/proc/${pid}/task`)) {
      const stat = statOf(`${pid}/task/${id}`)
      if (stat !== null) threads.set(Number(id), stat.cpuSeconds)
    }
  }
  return threads
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Busy seconds of each core since boot (everything but idle and waiting for disks). */
export function coreBusySeconds(): number[] {
  const busy: number[] = []
  for (const line of readFileSync('/proc/stat', 'latin1').split('\n')) {
    const found = /^cpu(\d+) (.*)$/.exec(line)
    if (found === null) continue
    const [user, nice, system, , , irq, softirq, steal] = found[2].split(' ').map(Number)
    busy[Number(found[1])] = (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
  }
  return busy
}
