/** Shortcuts of the whole page. Never while somebody writes, never with Ctrl, Alt or ⌘ (but for the palette), never over a dialog. */
import { takeBackLast } from '../acts.ts'
import { backToLive, momentAtWallMs } from '../live/moment.ts'
import { go, type ViewName } from '../router.ts'
import { helpOpen, paletteOpen } from './palette.tsx'

const viewKeys: Readonly<Record<string, ViewName>> = { n: 'now', e: 'explore', i: 'incidents', s: 'statements', a: 'alerts', l: 'lifeline', c: 'calendar', j: 'journal' }
const SEQUENCE_MS = 1_500

export function nextRule(step: 1 | -1): void {
  const rules = [...document.querySelectorAll<HTMLElement>('article.rule')].filter((rule) => rule.offsetParent !== null)
  if (rules.length === 0) return
  const at = rules.findIndex((rule) => rule.contains(document.activeElement))
  const next = rules[at === -1 ? (step === 1 ? 0 : rules.length - 1) : Math.min(rules.length - 1, Math.max(0, at + step))]
  next.focus()
  next.scrollIntoView({ block: 'nearest' })
}

export function listenForKeys(): () => void {
  let goAt = 0
  const onKey = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      if (document.querySelector('dialog[open]') === null) paletteOpen.value = true
      return
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    const target = event.target as Element
    if (document.querySelector('dialog[open]') !== null || target.closest('input:not([type=radio]):not([type=checkbox]), textarea, select') !== null) return
    const key = event.key.toLowerCase()
    const view = viewKeys[key]
    if (Date.now() - goAt < SEQUENCE_MS && view !== undefined) {
      goAt = 0
      go(view)
    } else if (key === 'g') goAt = Date.now()
    else if (event.key === '?') helpOpen.value = true
    else if (key === 'j' || key === 'k') nextRule(key === 'j' ? 1 : -1)
    else if (key === 'z') void takeBackLast()
    else if (event.key === 'Escape' && momentAtWallMs.peek() !== null) backToLive()
    else return
    event.preventDefault()
  }
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}
