/** Sentences of the shield, fitted to the place where they are shown. */
import type { ShieldState } from '../../src/contract/plan.ts'
import { dayAndTime, shown } from './format.ts'
import { texts } from './texts.ts'

const STATE_CHANGE = /^(NORMAL|WATCH|STRAIN|ATTACK|EMERGENCY) to (NORMAL|WATCH|STRAIN|ATTACK|EMERGENCY)\b/
const STATE_IS = /\b(the state is|state left) (NORMAL|WATCH|STRAIN|ATTACK|EMERGENCY)\b/g
const ISO_TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g
const BRIEF = 120
/** A shorter beginning says too little. */
const LEAST = 30

/** States as the page names them, times as it shows them. */
export const named = (sentence: string): string => sentence
  .replace(STATE_CHANGE, (_, from: ShieldState, to: ShieldState) => `${texts.states[from]} → ${texts.states[to]}`)
  .replaceAll(STATE_IS, (_, before: string, state: ShieldState) => `${before} ${texts.states[state]}`)
  .replaceAll(ISO_TIME, (time) => dayAndTime(Date.parse(time)))

/** For a narrow column: of a long list of reasons, the first that fit. A quoted text is not cut in two. */
export function brief(sentence: string): string {
  const text = named(sentence)
  if (text.length <= BRIEF) return shown(text, BRIEF)
  let end = -1
  let quoted = false
  for (let at = 0; at <= BRIEF; at++) {
    if (text[at] === '"') quoted = !quoted
    else if (!quoted && at >= LEAST && (text.startsWith('; ', at) || text.startsWith(': ', at))) end = at
  }
  return end === -1 ? shown(text, BRIEF) : `${shown(text.slice(0, end), BRIEF)} …`
}

/** A date in a title is not broken at its hyphens. */
export const unbroken = (title: string): string => title.replaceAll(/(\d{4})-(\d\d)-(\d\d)/g, '$1\u2011$2\u2011$3')

/** Without the name at the end of what a person did: `… (ada: why)` where ada is named beside it. */
export function withoutActor(sentence: string, who: string): string {
  const end = `(${who}: `
  const at = sentence.lastIndexOf(end)
  return at === -1 ? sentence : `${sentence.slice(0, at)}(${sentence.slice(at + end.length)}`
}
