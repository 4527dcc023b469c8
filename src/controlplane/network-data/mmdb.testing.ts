/** Writes small MaxMind-format databases for tests (MaxMind DB file format specification 2.0, 24-bit records). */

export type MmdbValue = string | number | { readonly [key: string]: MmdbValue }

/** `entries`: bits of a prefix as text of 0 and 1, with its record. Longer prefixes inside shorter ones must come later. */
export function mmdbBytes(ipVersion: 4 | 6, entries: ReadonlyArray<readonly [bits: string, record: MmdbValue]>): Buffer {
  interface Node { readonly children: [Node | number | null, Node | number | null] }
  const root: Node = { children: [null, null] }
  const data: Buffer[] = []
  let dataSize = 0
  for (const [bits, record] of entries) {
    const bytes = encode(record)
    const offset = dataSize
    data.push(bytes)
    dataSize += bytes.length
    let node = root
    for (let i = 0; i < bits.length - 1; i++) {
      const side = Number(bits[i]) as 0 | 1
      const child = node.children[side]
      if (child === null || typeof child === 'number') node.children[side] = { children: [child, child] }
      node = node.children[side] as Node
    }
    node.children[Number(bits.at(-1)) as 0 | 1] = offset
  }
  const nodes: Node[] = []
  const numbers = new Map<Node, number>()
  const visit = (node: Node): void => {
    numbers.set(node, nodes.length)
    nodes.push(node)
    for (const child of node.children) if (child !== null && typeof child === 'object') visit(child)
  }
  visit(root)
  const tree = Buffer.alloc(nodes.length * 6)
  nodes.forEach((node, i) =>
    node.children.forEach((child, side) => {
      const value = child === null ? nodes.length : typeof child === 'number' ? nodes.length + 16 + child : numbers.get(child)!
      tree.writeUIntBE(value, i * 6 + side * 3, 3)
    }),
  )
  const metadata = encode({
    binary_format_major_version: 2, binary_format_minor_version: 0, build_epoch: 1_700_000_000, database_type: 'Test', description: {}, ip_version: ipVersion, node_count: nodes.length, record_size: 24,
  })
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata])
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    return Buffer.concat([control(2, text.length), text])
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([control(6, 4), bytes])
  }
  const pairs = Object.entries(value)
  return Buffer.concat([control(7, pairs.length), ...pairs.flatMap(([key, one]) => [encode(key), encode(one)])])
}

function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.of((type << 5) | size) : Buffer.of((type << 5) | 29, size - 29)
}
