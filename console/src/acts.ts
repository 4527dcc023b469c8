/** What a person changes, and how it is taken back. Every act ends in a sentence; with an undo when there is one. */
import { signal } from '@preact/signals'
import type { ActAnswer, ConsoleAct, Undo } from '../../src/contract/console.ts'
import { type RuleAction, ruleActions } from '../../src/contract/plan.ts'
import { post, sentenceOf } from './api.ts'
import { texts } from './texts.ts'

/** What takes something back: an order about rules, or whatever a view does. */
export type StepBack = ConsoleAct | (() => Promise<unknown>)

export interface Notice {
  readonly id: number
  readonly tone: 'done' | 'trouble'
  readonly sentence: string
  readonly undo: readonly StepBack[]
}

export const notices = signal<readonly Notice[]>([])
/** Newest last: what `undo the last act` takes back. */
const undoable: Array<{ readonly id: number; readonly steps: readonly StepBack[] }> = []
const MOST_UNDO = 20
const MOST_NOTICES = 3
const SHOWN_MS = 15_000
let numbers = 0

export function tell(tone: Notice['tone'], sentence: string, undo: readonly StepBack[] = []): void {
  const id = ++numbers
  notices.value = [...notices.peek().slice(1 - MOST_NOTICES), { id, tone, sentence, undo }]
  if (undo.length > 0) {
    undoable.push({ id, steps: undo })
    if (undoable.length > MOST_UNDO) undoable.shift()
  }
  // What failed stays until it is read.
  if (tone === 'done') setTimeout(() => dismiss(id), SHOWN_MS)
}

export function dismiss(id: number): void {
  notices.value = notices.peek().filter((one) => one.id !== id)
}

/** Sends orders one after the other; stops at the first that is not done. */
export async function act(...orders: readonly ConsoleAct[]): Promise<boolean> {
  const undo: Undo[] = []
  const said: string[] = []
  try {
    for (const order of orders) {
      const answer = await post<ActAnswer>('act', { act: order })
      said.push(answer.sentence)
      if (!answer.done) {
        tell('trouble', answer.sentence === '' ? texts.done.notDone : answer.sentence, undo.map((one) => one.act).reverse())
        return false
      }
      if (answer.undo !== null) undo.push(answer.undo)
    }
    tell('done', said.join('; '), undo.map((one) => one.act).reverse())
    return true
  } catch (error) {
    tell('trouble', sentenceOf(error), undo.map((one) => one.act).reverse())
    return false
  }
}

export async function takeBack(steps: readonly StepBack[], id?: number): Promise<void> {
  const known = undoable.findIndex((one) => one.id === id)
  if (known !== -1) undoable.splice(known, 1)
  if (id !== undefined) dismiss(id)
  const orders = steps.filter((one) => typeof one !== 'function')
  if (orders.length > 0) await act(...orders)
  for (const step of steps) if (typeof step === 'function') await attempt(step, () => texts.done.undone)
}

export async function takeBackLast(): Promise<void> {
  const last = undoable.at(-1)
  if (last !== undefined) await takeBack(last.steps, last.id)
}

/** Does something that is no order about rules, and says what came of it. `back` takes it back; left out where nothing does. */
export async function attempt<T>(work: () => Promise<T>, sentence: (answer: T) => string, back?: (answer: T) => Promise<unknown>): Promise<T | null> {
  try {
    const answer = await work()
    const said = sentence(answer)
    if (said !== '') tell('done', said, back === undefined ? [] : [() => back(answer)])
    return answer
  } catch (error) {
    tell('trouble', sentenceOf(error))
    return null
  }
}

/** The next milder step, as the ladder has it (a rule never stops at serving copies only); null when there is none. */
export function milderStep(action: RuleAction): RuleAction | null {
  const steps = ruleActions.filter((one) => one !== 'cache-only' || action === one)
  const place = (steps as readonly string[]).indexOf(action)
  return place > 0 ? steps[place - 1] : null
}
