/**
 * From events to postures: which of them ask for more watchfulness, from when to when, and what holds now. Pure.
 * A posture never blocks, challenges or refuses anybody: it makes the shield look earlier, and it ends by itself with its event.
 */
import type { Posture, PostureEffects } from '../../contract/calendar.ts'
import type { CalendarSettings } from './options.ts'
import type { CalendarEvent } from './read-ics.ts'

export const postureNames = Object.freeze(['watch', 'alert'] as const)
export type PostureName = (typeof postureNames)[number]

export const calmEffects: PostureEffects = Object.freeze({ sensitivity: 1, rehearseChallenge: false, refreshLifeline: false, tell: false })

export function effectsOf(name: PostureName, settings: CalendarSettings): PostureEffects {
  return name === 'alert'
    ? { sensitivity: settings.alertThresholdShare, rehearseChallenge: true, refreshLifeline: true, tell: true }
    : { sensitivity: settings.watchThresholdShare, rehearseChallenge: false, refreshLifeline: true, tell: false }
}

/** The strictest of what is in force; calm when nothing is. */
export function strictest(postures: readonly Posture[]): PostureEffects {
  return postures.reduce<PostureEffects>((so, { effects }) => ({
    sensitivity: Math.min(so.sensitivity, effects.sensitivity),
    rehearseChallenge: so.rehearseChallenge || effects.rehearseChallenge,
    refreshLifeline: so.refreshLifeline || effects.refreshLifeline,
    tell: so.tell || effects.tell,
  }), calmEffects)
}

/** Says whether a title or category holds one of the words or phrases: whole words, in any case; `*` at a word's end stands for any ending. */
export class WordList {
  readonly #patterns: readonly RegExp[]

  constructor(words: readonly string[]) {
    this.#patterns = words.map((phrase) => {
      const parts = phrase.normalize('NFC').trim().split(/\s+/).map((word) => (word.endsWith('*') ? `${escape(word.slice(0, -1))}[\\p{L}\\p{N}]*` : escape(word)))
      return new RegExp(`(?<![\\p{L}\\p{N}])${parts.join('\\s+')}(?![\\p{L}\\p{N}])`, 'iu')
    })
  }

  finds(event: CalendarEvent): boolean {
    return [event.title, ...event.categories].some((text) => this.#patterns.some((pattern) => pattern.test(text.normalize('NFC'))))
  }
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)
}

/** Postures that the events of one source ask for, in order of their beginning. */
export function posturesOf(source: string, events: readonly CalendarEvent[], settings: CalendarSettings): Posture[] {
  const alert = new WordList(settings.alertWords)
  const watch = new WordList(settings.watchWords)
  return events.flatMap((event) => {
    const name = alert.finds(event) ? 'alert' : watch.finds(event) ? 'watch' : null
    if (name === null) return []
    return [{ name, because: event.title, source, fromWallMs: event.fromWallMs - settings.beforeMs, untilWallMs: event.toWallMs + settings.afterMs, event: { fromWallMs: event.fromWallMs, untilWallMs: event.toWallMs }, effects: effectsOf(name, settings) }]
  })
}

export function inForce(postures: readonly Posture[], atWallMs: number): Posture[] {
  return postures.filter((one) => one.fromWallMs <= atWallMs && atWallMs < one.untilWallMs)
}
