/** The console's questions to its listener: JSON on the page's own origin, changes with the session's token. A refusal becomes a `Refusal` with the sentence to show. */
import { signal } from '@preact/signals'
import type { ConsoleRefusal, ConsoleSession } from '../../src/contract/console.ts'
import type { RecordRooms } from '../../src/contract/record.ts'
import { texts } from './texts.ts'

/** undefined: not asked yet; null: nobody is signed in. */
export const session = signal<ConsoleSession | null | undefined>(undefined)
/** Why the page asks for a sign-in again, or ''. */
export const sessionEnd = signal('')

const DEADLINE_MS = 30_000

export class Refusal extends Error {
  readonly code: string
  readonly retryAfterSeconds: number

  constructor(code: string, sentence: string, retryAfterSeconds = 0) {
    super(sentence)
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

async function ask<T>(method: 'GET' | 'POST', path: string, body: unknown): Promise<T> {
  let response: Response
  try {
    response = await fetch(`/api/${path}`, {
      method,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(DEADLINE_MS),
      ...(method === 'GET' ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', 'x-polder-csrf': session.peek()?.csrf ?? '' } }),
    })
  } catch {
    throw new Refusal('unreachable', method === 'GET' || path.endsWith('/list') || path.endsWith('/show') || path === 'explore' ? texts.done.unreachable : texts.done.failed)
  }
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok) return answer as T
  const refusal = (answer ?? {}) as Partial<ConsoleRefusal>
  if (refusal.code === 'not-signed-in' || (response.status === 401 && path !== 'login' && path !== 'password')) {
    if (session.peek() !== null && session.peek() !== undefined) sessionEnd.value = texts.login.ended
    session.value = null
  }
  throw new Refusal(refusal.code ?? 'failed', refusal.sentence ?? texts.done.failed, refusal.retryAfterSeconds)
}

export const get = <T>(path: string): Promise<T> => ask<T>('GET', path, null)
export const post = <T>(path: string, body: unknown = {}): Promise<T> => ask<T>('POST', path, body)

type Known<E> = { [K in keyof E as string extends K ? never : K]: E[K] }
type Asks<E, Q> = Q extends keyof E ? (E[Q] extends { readonly asks: infer A } ? A : never) : never
type Answers<E, Q> = Q extends keyof E ? (E[Q] extends { readonly answers: infer A } ? A : never) : never

/** A question to a room of the record. */
export function record<R extends keyof RecordRooms, Q extends keyof Known<RecordRooms[R]> & string>(room: R, question: Q, asks: Asks<RecordRooms[R], Q>): Promise<Answers<RecordRooms[R], Q>> {
  return post(`record/${room}/${question}`, asks)
}

export const sentenceOf = (error: unknown): string => (error instanceof Refusal ? error.message : texts.done.failed)

/** May this person change anything? */
export const mayAct = (): boolean => session.value?.role === 'operator' || session.value?.role === 'admin'
