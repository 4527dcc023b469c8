/** The mock origin as a process of its own. Its parent tells it how large to be and when to slow down, and asks for its counts; it ends with its parent. */
import { once } from 'node:events'
import { MockOrigin, type OriginOptions, type OriginSecond } from './mock-origin.ts'

export type OriginOrder = { readonly type: 'start'; readonly options: OriginOptions } | { readonly type: 'slow'; readonly times: number } | { readonly type: 'report' }
export type OriginWord = { readonly type: 'ready' } | { readonly type: 'listens'; readonly port: number } | { readonly type: 'counts'; readonly seconds: readonly OriginSecond[] }

if (process.send === undefined) throw new Error('the mock origin is started by a harness')
let origin: MockOrigin | null = null

function say(word: OriginWord): void {
  process.send!(word)
}

process.on('message', (order: OriginOrder) => {
  if (order.type === 'start') void start(order.options)
  else if (order.type === 'slow') origin?.slowDown(order.times)
  else say({ type: 'counts', seconds: origin?.seconds ?? [] })
})
process.once('disconnect', () => process.exit(0))
say({ type: 'ready' })

async function start(options: OriginOptions): Promise<void> {
  origin = new MockOrigin(options)
  origin.server.listen(0, '127.0.0.1', 4_096)
  await once(origin.server, 'listening')
  say({ type: 'listens', port: (origin.server.address() as { port: number }).port })
}
