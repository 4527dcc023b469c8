/** Type what you want to do: every view, every act on every rule, every range. */
import { signal } from '@preact/signals'
import { useEffect, useId, useState } from 'preact/hooks'
import { takeBackLast } from '../acts.ts'
import { record, session } from '../api.ts'
import { setUtc, shown, utc } from '../format.ts'
import { chooseRange, ranges, type RangeName } from '../live/history.ts'
import { backToLive } from '../live/moment.ts'
import { second } from '../live/stream.ts'
import { go, viewNames } from '../router.ts'
import { texts } from '../texts.ts'
import { Dialog } from './dialog.tsx'
import { actsOn, actWish, wish } from './rule-acts.tsx'
import { signOut } from './shell.tsx'

export const paletteOpen = signal(false)
export const helpOpen = signal(false)

interface Command {
  readonly label: string
  readonly hint: string
  readonly run: () => void
}

const words = texts.palette
const MOST_SHOWN = 12

function commands(): Command[] {
  const list: Command[] = viewNames.filter((view) => view !== 'accounts' || session.peek()?.role === 'admin').map((view) => ({ label: words.go(texts.views[view]), hint: '', run: () => go(view) }))
  list.push({ label: words.live, hint: 'Esc', run: backToLive }, { label: words.undoLast, hint: 'Z', run: () => void takeBackLast() }, { label: words.help, hint: '?', run: () => { helpOpen.value = true } })
  for (const rule of second.peek()?.status.control.view?.rules ?? []) for (const [name, label] of actsOn(rule)) list.push({ label: words.rule(label, rule.id), hint: shown(rule.sentence, 60), run: () => wish(name, rule) })
  for (const name of ['dry-run-all', 'dry-run-all-off'] as const) list.push({ label: name === 'dry-run-all' ? texts.now.dryAll : texts.now.dryAllOff, hint: '', run: () => { actWish.value = { name, rule: null } } })
  for (const name of Object.keys(ranges) as RangeName[]) list.push({ label: words.range(texts.ranges[name]), hint: '', run: () => { go('now'); chooseRange(name) } })
  list.push({ label: utc.peek() ? texts.times.switchLocal : texts.times.switchUtc, hint: '', run: () => setUtc(!utc.peek()) }, { label: texts.login.out, hint: '', run: () => void signOut() })
  return list
}

/** All words of the question, anywhere; beginnings first. */
function found(list: readonly Command[], question: string): Command[] {
  const parts = question.toLowerCase().split(/\s+/).filter((part) => part !== '')
  const score = ({ label, hint }: Command): number => {
    const text = `${label} ${hint}`.toLowerCase()
    let sum = 0
    for (const part of parts) {
      const at = text.indexOf(part)
      if (at === -1) return -1
      sum += at === 0 || text[at - 1] === ' ' ? 2 : 1
    }
    return sum
  }
  return list.map((command) => ({ command, points: score(command) })).filter((one) => one.points >= 0).sort((a, b) => b.points - a.points).slice(0, MOST_SHOWN).map((one) => one.command)
}

export function Palette() {
  return paletteOpen.value ? <OpenPalette /> : null
}

function OpenPalette() {
  const [question, setQuestion] = useState('')
  const [at, setAt] = useState(0)
  const [all, setAll] = useState(commands)
  const id = useId()
  const close = (): void => { paletteOpen.value = false }
  useEffect(() => {
    void record('incident', 'list', {}).then((list) => setAll((before) => [...before, ...list.slice(-20).map((one) => ({ label: words.incident(shown(one.title, 80)), hint: one.id, run: () => go('incidents', one.id) }))]), () => {})
  }, [])
  const shownNow = found(all, question)
  const chosen = Math.min(at, shownNow.length - 1)
  const run = (command: Command | undefined): void => {
    if (command === undefined) return
    close()
    // The next dialog, if the command opens one, comes after this one is gone.
    setTimeout(command.run)
  }
  return (
    <Dialog title={words.title} onClose={close}>
      <input
        // The dialog gives it the focus as it opens, so that no letter is lost of what is typed right after Control+K.
        autofocus class="palette-input" role="combobox" aria-expanded="true" aria-controls={id} aria-activedescendant={shownNow.length > 0 ? `${id}-${chosen}` : undefined} aria-label={words.find} placeholder={words.find} autocomplete="off" spellcheck={false} value={question}
        onInput={(event) => { setQuestion(event.currentTarget.value); setAt(0) }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt((chosen + 1) % Math.max(1, shownNow.length))
          else if (event.key === 'ArrowUp') setAt((chosen - 1 + shownNow.length) % Math.max(1, shownNow.length))
          else if (event.key === 'Enter') run(shownNow[chosen])
          else return
          event.preventDefault()
        }}
      />
      {shownNow.length === 0 && <p class="muted" role="status">{words.none}</p>}
      <ul class="palette" id={id} role="listbox" aria-label={words.title}>
        {shownNow.map((command, place) => (
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the keys are those of the field above
          <li key={command.label} id={`${id}-${place}`} role="option" aria-selected={place === chosen} onClick={() => run(command)}><span>{command.label}</span><small class="muted">{command.hint}</small></li>
        ))}
      </ul>
    </Dialog>
  )
}

export function Help() {
  if (!helpOpen.value) return null
  const { groups, keys } = texts.help
  return (
    <Dialog title={texts.help.title} onClose={() => { helpOpen.value = false }}>
      {(Object.keys(groups) as Array<keyof typeof groups>).map((group) => (
        <section key={group}>
          <h3>{groups[group]}</h3>
          <dl class="keys">{keys.filter(([one]) => one === group).map(([, key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
        </section>
      ))}
    </Dialog>
  )
}
