/** Direct lines of one thread to the others, by name; the main thread lays them (shield/threads.ts). A line to a dead thread is forgotten. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { LinkMessage } from '../contract/thread.ts'
import type { ThreadName } from '../contract/thread-trouble.ts'
import type { CacheBus, CacheMessage } from './cache/bus.ts'

export class Links {
  readonly #ports = new Map<ThreadName, MessagePort>()
  readonly #onMessage: (from: ThreadName, message: LinkMessage) => void

  constructor(onMessage: (from: ThreadName, message: LinkMessage) => void) {
    this.#onMessage = onMessage
  }

  /** A new line; one to an earlier thread of that name is closed. */
  add(peer: ThreadName, port: MessagePort): void {
    this.#ports.get(peer)?.close()
    this.#ports.set(peer, port)
    port.on('message', (message: LinkMessage) => this.#onMessage(peer, message))
    port.on('close', () => {
      if (this.#ports.get(peer) === port) this.#ports.delete(peer)
    })
    port.unref()
  }

  /** False: there is no line to that thread now. */
  send(peer: ThreadName, message: LinkMessage, transfer: readonly ArrayBuffer[] = []): boolean {
    const port = this.#ports.get(peer)
    port?.postMessage(message, [...transfer])
    return port !== undefined
  }

  /** To every edge worker and the store; the control plane, the record and the lifeline have no part in the cache. */
  sendToCaches(message: CacheMessage): void {
    for (const [peer, port] of this.#ports) if (hasCache(peer)) port.postMessage({ type: 'cache', message } satisfies LinkMessage)
  }

  /** Reads now what the caches of other threads have sent, ahead of the event loop and in the same order. Returns how many messages it was. */
  hearCaches(): number {
    let heard = 0
    for (const [peer, port] of this.#ports) {
      if (!hasCache(peer)) continue
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        heard++
        this.#onMessage(peer, next.message as LinkMessage)
      }
    }
    return heard
  }
}

function hasCache(peer: ThreadName): boolean {
  return peer !== 'control' && peer !== 'record' && peer !== 'lifeline'
}

/** The cache's bus over these lines. What is said before a line is laid is lost: the store is linked before a worker begins. */
export class LinkedBus implements CacheBus {
  onMessage: ((message: CacheMessage) => void) | null = null
  readonly #links: Links

  constructor(links: Links) {
    this.#links = links
  }

  broadcast(message: CacheMessage): void {
    this.#links.sendToCaches(message)
  }

  catchUp(): number {
    return this.#links.hearCaches()
  }

  hear(message: unknown): void {
    this.onMessage?.(message as CacheMessage)
  }
}
