/** A name server on loopback for tests, over real UDP: it answers from a table, or keeps silent. RFC 1035 section 4. */
import { createSocket, type Socket } from 'node:dgram'

export type Answer = readonly string[] | 'silence' | 'servfail'

const TYPES: Readonly<Record<number, 'A' | 'PTR' | 'AAAA'>> = { 1: 'A', 12: 'PTR', 28: 'AAAA' }

export class DnsServer {
  readonly #socket: Socket
  /** `PTR 1.66.249.66.in-addr.arpa` → answers. What is not here does not exist. */
  readonly records: Map<string, Answer>
  readonly asked: string[] = []
  #address = ''

  constructor(records: Readonly<Record<string, Answer>>) {
    this.records = new Map(Object.entries(records))
    this.#socket = createSocket('udp4')
    this.#socket.on('message', (question, from) => {
      const answer = this.#answer(question)
      if (answer !== null) this.#socket.send(answer, from.port, from.address)
    })
  }

  static async start(records: Readonly<Record<string, Answer>>): Promise<DnsServer> {
    const server = new DnsServer(records)
    await new Promise<void>((resolve) => server.#socket.bind(0, '127.0.0.1', resolve))
    server.#address = `127.0.0.1:${server.#socket.address().port}`
    return server
  }

  get address(): string {
    return this.#address
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()))
  }

  #answer(question: Buffer): Buffer | null {
    const labels: string[] = []
    let at = 12
    for (let length = question[at]!; length !== 0; length = question[at]!) {
      labels.push(question.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const type = TYPES[question.readUInt16BE(at + 1)] ?? 'A'
    const asked = `${type} ${labels.join('.').toLowerCase()}`
    this.asked.push(asked)
    const found = this.records.get(asked) ?? []
    if (found === 'silence') return null
    const header = Buffer.alloc(12)
    question.copy(header, 0, 0, 2)
    header.writeUInt16BE(0x8180 | (found === 'servfail' ? 2 : found.length === 0 ? 3 : 0), 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(found === 'servfail' ? 0 : found.length, 6)
    const answers = found === 'servfail' ? [] : found.map((value) => record(type, value))
    return Buffer.concat([header, question.subarray(12, at + 5), ...answers])
  }
}

function record(type: 'A' | 'PTR' | 'AAAA', value: string): Buffer {
  const data = type === 'PTR' ? nameBytes(value) : type === 'A' ? Buffer.from(value.split('.').map(Number)) : ipv6Bytes(value)
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0) // the name of the question
  head.writeUInt16BE({ A: 1, PTR: 12, AAAA: 28 }[type], 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(300, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function nameBytes(name: string): Buffer {
  return Buffer.concat([...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])), Buffer.of(0)])
}

function ipv6Bytes(text: string): Buffer {
  const [left, right = ''] = text.split('::') as [string, string | undefined]
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const [head, tail] = [groups(left), groups(right)]
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
  return Buffer.from(all.flatMap((group) => [group >>> 8, group & 255]))
}
