/**
 * Drops packets of single flooding sources in the kernel, before a connection is made: a table of our own (`inet polder`), one set per family whose elements end by
 * themselves, one rule per family, only for the ports we serve, so that nobody loses another service of this machine.
 * Off unless configured. It touches no other table, never stops this machine itself, an allow rule's address or a trusted proxy (drop-list.ts), and whatever happens to us
 * (crash, kill -9) the last element is gone after ten minutes. When nft fails, visitors notice nothing: the data plane refuses the same sources.
 */
import type { SourceDrop } from '../../contract/plan.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import type { Barrier } from './barrier.ts'
import { type DropList, permittedDrops } from './drop-list.ts'
import { NftError, type NftProgram } from './nft-program.ts'

const FAMILY = 'inet'
const TABLE = 'polder'
const SETS = { 4: 'sources4', 6: 'sources6' } as const
/** Before connection tracking (raw is -300): a dropped packet must not cost an entry there. */
const PRIORITY = -310
/** Elements per batch: bounds one transaction to some tens of milliseconds. */
const BATCH = 4_096

export class NftBarrier implements Barrier {
  readonly name = 'nftables'
  readonly #program: NftProgram
  readonly #ports: () => readonly number[]
  readonly #spared: () => readonly string[]
  #wanted: DropList = new Map()
  /** What we told the kernel, and until when. */
  #held = new Map<string, number>()
  #portsInForce = ''
  #trouble = ''
  #chain: Promise<void> = Promise.resolve()

  constructor(program: NftProgram, ports: () => readonly number[], spared: () => readonly string[]) {
    this.#program = program
    this.#ports = ports
    this.#spared = spared
  }

  get sources(): ReadonlySet<string> {
    return new Set(this.#held.keys())
  }

  get trouble(): string {
    return this.#trouble
  }

  /** Whether it can work here: null, or what is missing. Changes nothing. */
  async check(): Promise<string | null> {
    try {
      await this.#program.run(tableCommands([80]), true)
      return null
    } catch (error) {
      return (error as Error).message
    }
  }

  apply(drops: readonly SourceDrop[], nowWallMs: number): Promise<void> {
    this.#wanted = permittedDrops(drops, this.#spared(), nowWallMs)
    return this.#inTurn(() => this.#bringUp(nowWallMs))
  }

  reconcile(nowWallMs: number): Promise<void> {
    return this.#inTurn(async () => {
      for (const list of [this.#wanted as Map<string, number>, this.#held]) for (const [cidr, until] of list) if (until <= nowWallMs) list.delete(cidr)
      if (this.#portsInForce === '') return this.#bringUp(nowWallMs)
      const there = await this.#read()
      if (there === null || this.#held.size !== there.size || [...this.#held.keys()].some((cidr) => !there.has(cidr))) return this.#rebuild(nowWallMs)
      await this.#bringUp(nowWallMs)
    })
  }

  withdraw(): Promise<void> {
    this.#wanted = new Map()
    return this.#inTurn(async () => {
      this.#held.clear()
      this.#portsInForce = ''
      // Also when we know of none: an earlier life may have left one.
      await this.#program.run([{ add: { table: { family: FAMILY, name: TABLE } } }, { delete: { table: { family: FAMILY, name: TABLE } } }])
    })
  }

  /** One batch after the other; a failure is kept as trouble and the next look begins anew. */
  #inTurn(act: () => Promise<void>): Promise<void> {
    this.#chain = this.#chain.then(async () => {
      try {
        await act()
        this.#trouble = ''
      } catch (error) {
        this.#trouble = (error as Error).message
        // What is in force is not known: the next look rebuilds it.
        this.#held = new Map()
        this.#portsInForce = ''
      }
    })
    return this.#chain
  }

  /** Only the difference goes to the kernel; without anyone to drop there is no table at all. */
  async #bringUp(nowWallMs: number): Promise<void> {
    const ports = this.#ports()
    if (this.#portsInForce !== ports.join()) {
      if (this.#wanted.size === 0 && this.#portsInForce === '') return
      return this.#rebuild(nowWallMs)
    }
    // What ended by itself is gone in the kernel too; to delete it again would fail the whole batch.
    for (const [cidr, until] of this.#held) if (until <= nowWallMs) this.#held.delete(cidr)
    const gone = [...this.#held].filter(([cidr]) => !this.#wanted.has(cidr)).map(([cidr]) => cidr)
    const fresh = [...this.#wanted].filter(([cidr]) => !this.#held.has(cidr))
    const longer = [...this.#wanted].filter(([cidr, until]) => (this.#held.get(cidr) ?? Number.POSITIVE_INFINITY) + SECOND_MS < until)
    try {
      await this.#send([...elements('delete', [...gone, ...longer.map(([cidr]) => cidr)].map((cidr) => [cidr, 0] as const), nowWallMs), ...elements('add', [...fresh, ...longer], nowWallMs)])
    } catch (error) {
      if (!(error instanceof NftError && error.code === 'no-table')) throw error
      // Something of ours is not there any more: someone flushed it, or an element ended a moment ago.
      return this.#rebuild(nowWallMs)
    }
    this.#held = new Map(this.#wanted)
  }

  async #rebuild(nowWallMs: number): Promise<void> {
    const ports = this.#ports()
    if (ports.length === 0) return
    await this.#program.run(tableCommands(ports))
    this.#portsInForce = ports.join()
    this.#held = new Map()
    await this.#send(elements('add', [...this.#wanted], nowWallMs))
    this.#held = new Map(this.#wanted)
  }

  async #send(commands: readonly object[]): Promise<void> {
    if (commands.length > 0) await this.#program.run(commands)
  }

  /** What the kernel holds, or null when our table is gone. */
  async #read(): Promise<Set<string> | null> {
    try {
      return setElements(await this.#program.listTable(FAMILY, TABLE))
    } catch (error) {
      if (error instanceof NftError && error.code === 'no-table') return null
      throw error
    }
  }
}

/** Our table anew, empty: what an earlier life left is gone in the same transaction. */
export function tableCommands(ports: readonly number[]): object[] {
  const table = { family: FAMILY, table: TABLE }
  const rule = (protocol: 'ip' | 'ip6', set: string): object => ({
    add: {
      rule: {
        ...table,
        chain: 'drop',
        expr: [
          { match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: { set: [...ports] } } },
          { match: { op: '==', left: { payload: { protocol, field: 'saddr' } }, right: `@${set}` } },
          { counter: { packets: 0, bytes: 0 } },
          { drop: null },
        ],
      },
    },
  })
  return [
    { add: { table: { family: FAMILY, name: TABLE } } },
    { delete: { table: { family: FAMILY, name: TABLE } } },
    { add: { table: { family: FAMILY, name: TABLE } } },
    { add: { set: { ...table, name: SETS[4], type: 'ipv4_addr', flags: ['interval', 'timeout'] } } },
    { add: { set: { ...table, name: SETS[6], type: 'ipv6_addr', flags: ['interval', 'timeout'] } } },
    { add: { chain: { ...table, name: 'drop', type: 'filter', hook: 'prerouting', prio: PRIORITY, policy: 'accept' } } },
    rule('ip', SETS[4]),
    rule('ip6', SETS[6]),
  ]
}

function elements(verb: 'add' | 'delete', list: ReadonlyArray<readonly [cidr: string, until: number]>, nowWallMs: number): object[] {
  const commands: object[] = []
  for (const family of [4, 6] as const) {
    const ours = list.filter(([cidr]) => cidr.includes(':') === (family === 6))
    for (let from = 0; from < ours.length; from += BATCH) {
      const elem = ours.slice(from, from + BATCH).map(([cidr, until]) => {
        const [address, bits] = cidr.split('/')
        const val = family === 4 ? address : { prefix: { addr: address, len: Number(bits) } }
        return verb === 'delete' ? val : { elem: { val, timeout: Math.max(1, Math.ceil((until - nowWallMs) / SECOND_MS)) } }
      })
      commands.push({ [verb]: { element: { family: FAMILY, table: TABLE, name: SETS[family], elem } } })
    }
  }
  return commands
}

/** The sources in a listing of our table. */
export function setElements(listing: readonly object[]): Set<string> {
  const found = new Set<string>()
  for (const item of listing) {
    const set = (item as { set?: { name: string; elem?: unknown[] } }).set
    if (set === undefined) continue
    for (const raw of set.elem ?? []) {
      const value = (raw as { elem?: { val: unknown } }).elem?.val ?? raw
      if (typeof value === 'string') found.add(set.name === SETS[6] ? `${value}/128` : `${value}/32`)
      else {
        const { prefix } = value as { prefix?: { addr: string; len: number } }
        if (prefix !== undefined) found.add(`${spelled(prefix.addr)}/${prefix.len}`)
      }
    }
  }
  return found
}

/** nft shortens addresses; ours are spelled as the control plane spells them: four groups, then `::`. */
function spelled(address: string): string {
  if (!address.includes(':')) return address
  const [head, tail] = address.split('::') as [string, string | undefined]
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = tail === undefined ? left : [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
  return `${groups.slice(0, 4).join(':')}::`
}
