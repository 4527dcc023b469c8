/**
 * What comes in every second. It survives sleep, a restart of the shield and a lost network: a stream that says nothing for a while is opened anew, and the
 * hole it left is filled from the history. What is kept here is bounded, so that a page left open for a night does not grow.
 */
import { batch, signal } from '@preact/signals'
import type { Acted, ConsoleSession, LiveMessages, LiveSecond, Presence } from '../../../src/contract/console.ts'
import type { ControlEvent } from '../../../src/contract/control.ts'
import { tell } from '../acts.ts'
import { get, post, session, sessionEnd } from '../api.ts'
import { place } from '../router.ts'
import { texts } from '../texts.ts'
import { noteSecond } from './history.ts'

/** A second comes every second, a heartbeat every ten: this long without either, and the line is dead. */
const SILENT_MS = 6_000
const RETRY_MS: readonly number[] = [500, 1_000, 2_000, 4_000, 8_000]
const MOST_EVENTS = 200
const MOST_ACTED = 50

export const second = signal<LiveSecond | null>(null)
export const events = signal<readonly ControlEvent[]>([])
export const presence = signal<readonly Presence[]>([])
export const acted = signal<readonly Acted[]>([])
export const connection = signal<'connecting' | 'live' | 'lost'>('connecting')
/** When something was last heard; wall ms of this machine. */
export const heardAtWallMs = signal(Date.now())
/** The clock of the page, once a second. */
export const tick = signal(Date.now())

let stream: EventSource | null = null
let tries = 0
let openedAtWallMs = 0
let retry: ReturnType<typeof setTimeout> | undefined

function heard(): void {
  tries = 0
  heardAtWallMs.value = Date.now()
  connection.value = 'live'
}

function listen<K extends keyof LiveMessages>(on: EventSource, name: K, take: (message: LiveMessages[K]) => void): void {
  on.addEventListener(name, (event) => {
    if (on !== stream) return
    let message: LiveMessages[K]
    try {
      message = JSON.parse((event as MessageEvent<string>).data) as LiveMessages[K]
    } catch {
      return
    }
    batch(() => {
      if (name !== 'silent') heard()
      take(message)
    })
  })
}

const newest = <T extends { readonly atWallMs: number }>(list: readonly T[], one: T, most: number, same: (a: T, b: T) => boolean): readonly T[] =>
  list.some((other) => same(one, other)) ? list : [...list, one].sort((a, b) => a.atWallMs - b.atWallMs).slice(-most)

function open(): void {
  clearTimeout(retry)
  stream?.close()
  openedAtWallMs = Date.now()
  const on = new EventSource('/api/live')
  stream = on
  listen(on, 'second', (message) => {
    second.value = message
    if (message.status.events.length > 0) for (const event of message.status.events) events.value = newest(events.value, event, MOST_EVENTS, (a, b) => a.atWallMs === b.atWallMs && a.sentence === b.sentence)
    noteSecond(message.point)
  })
  listen(on, 'event', (event) => {
    events.value = newest(events.value, event, MOST_EVENTS, (a, b) => a.atWallMs === b.atWallMs && a.sentence === b.sentence)
  })
  listen(on, 'presence', (message) => {
    presence.value = message
  })
  listen(on, 'acted', (message) => {
    acted.value = newest(acted.value, message, MOST_ACTED, (a, b) => a.atWallMs === b.atWallMs && a.sentence === b.sentence)
  })
  listen(on, 'silent', () => {
    connection.value = 'lost'
  })
  listen(on, 'bye', (message) => {
    sessionEnd.value = message.sentence
    session.value = null
  })
  on.addEventListener('open', () => {
    if (on === stream) void tellPlace()
  })
  on.addEventListener('error', () => {
    if (on === stream) again()
  })
}

/** Opened by ourselves: a browser gives up for good on an answer that is not 200, such as that of a proxy while Polder restarts. */
function again(): void {
  stream?.close()
  stream = null
  connection.value = 'lost'
  clearTimeout(retry)
  retry = setTimeout(() => {
    // Says 401 when the session is over, which ends the stream for good.
    void get<ConsoleSession>('session').then(resume, () => {
      if (session.peek() !== null) again()
    })
  }, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)])
}

/** A page of another version loads itself anew, but never takes away what somebody is writing. */
function resume(fresh: ConsoleSession): void {
  const before = session.peek()
  if (before !== null && before !== undefined && before.version !== fresh.version) {
    const writing = [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('textarea, dialog input')].some((field) => field.value !== '')
    if (writing) tell('trouble', texts.connection.renewed)
    else location.reload()
  }
  session.value = fresh
  open()
}

async function tellPlace(): Promise<void> {
  const { view, id } = place.peek()
  await post('looking', { at: `${view}${id === '' ? '' : ` ${id}`}`.slice(0, 80) }).catch(() => {})
}

/** Opens the stream and keeps it open. Returns how to end it. */
export function startStream(): () => void {
  open()
  const unsubscribe = place.subscribe(() => void (stream?.readyState === EventSource.OPEN && tellPlace()))
  const clock = setInterval(() => {
    tick.value = Date.now()
    if (stream !== null && Date.now() - Math.max(heardAtWallMs.peek(), openedAtWallMs) > SILENT_MS) again()
  }, 1_000)
  const wake = (): void => {
    if (document.visibilityState === 'visible' && (stream === null || Date.now() - heardAtWallMs.peek() > SILENT_MS)) {
      tries = 0
      again()
    }
  }
  document.addEventListener('visibilitychange', wake)
  addEventListener('online', wake)
  return () => {
    clearInterval(clock)
    clearTimeout(retry)
    unsubscribe()
    document.removeEventListener('visibilitychange', wake)
    removeEventListener('online', wake)
    stream?.close()
    stream = null
  }
}
