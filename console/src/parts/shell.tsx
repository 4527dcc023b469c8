/** What stands around every view: where one can go, how Polder is, who else is here, whether the news is fresh. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { post, session } from '../api.ts'
import { clockTime, setUtc, shown, utc, zoneName } from '../format.ts'
import { toneOf } from '../headline.ts'
import { momentAtWallMs } from '../live/moment.ts'
import { connection, heardAtWallMs, presence, second, tick } from '../live/stream.ts'
import { addressOf, place, viewNames } from '../router.ts'
import { texts } from '../texts.ts'
import { nowSentence } from '../views/now.tsx'
import { helpOpen, paletteOpen } from './palette.tsx'

export async function signOut(): Promise<void> {
  await post('logout').catch(() => {})
  session.value = null
}

/** Shorter than this is a hiccup. */
const LOST_MS = 2_000

function Connection() {
  const state = connection.value
  const now = tick.value
  const silentMs = now - heardAtWallMs.value
  const lost = state === 'lost' && silentMs > LOST_MS
  return <span class={`connection ${lost ? 'lost' : state}`}>{lost ? texts.connection.lost(silentMs) : state === 'connecting' ? texts.connection.connecting : texts.connection.live}</span>
}

/** What is on the screen is old: said where people look, once. */
function OldNews() {
  if (connection.value !== 'lost' || tick.value - heardAtWallMs.value <= LOST_MS || momentAtWallMs.value !== null) return null
  return <p class="banner old"><b>{texts.connection.old(clockTime(heardAtWallMs.value))}</b>{texts.connection.oldWhy}</p>
}

function Nav({ onGo }: { onGo: () => void }) {
  const here = place.value.view
  return (
    <ul>
      {viewNames.map((view) => (
        <li key={view}><a href={addressOf(view)} aria-current={here === view ? 'page' : undefined} onClick={onGo}>{texts.views[view]}</a></li>
      ))}
    </ul>
  )
}

/** Says a change of state once, calmly; never every second. */
function Announcer() {
  const state = second.value?.status.control.view?.state ?? null
  const [said, setSaid] = useState('')
  const before = useRef(state)
  useEffect(() => {
    if (state !== null && before.current !== null && state !== before.current) setSaid(nowSentence())
    if (state !== null) before.current = state
  }, [state])
  return <p class="hidden" role="status" aria-live="polite">{said}</p>
}

export function Shell({ children }: { children: ComponentChildren }) {
  const [open, setOpen] = useState(false)
  const view = second.value?.status.control.view ?? null
  const others = [...new Set(presence.value.map((one) => one.name).filter((name) => name !== session.value?.name))]
  const state = view?.state ?? null
  return (
    <div class="shell">
      <a class="skip" href="#content" onClick={(event) => { event.preventDefault(); document.querySelector<HTMLElement>('#content')?.focus() }}>{texts.skip}</a>
      <header class="bar-top">
        <button type="button" class="menu-button" aria-expanded={open} aria-controls="nav" onClick={() => setOpen(!open)}>{texts.menu}</button>
        <a class="brand" href={addressOf('now')}>{texts.product}</a>
        {state !== null && <span class={`state ${toneOf(state)}`}>{texts.states[state]}</span>}
        <Connection />
        <span class="push" />
        {others.length > 0 && <span class="presence">{texts.presence.others(others.map((name) => shown(name, 40)))}</span>}
        <button type="button" class="quiet clock" title={utc.value ? texts.times.switchLocal : texts.times.switchUtc} onClick={() => setUtc(!utc.value)}>{clockTime(tick.value, tick.value)} {zoneName()}<span class="hidden">. {utc.value ? texts.times.switchLocal : texts.times.switchUtc}</span></button>
        <button type="button" class="quiet palette-button" onClick={() => { paletteOpen.value = true }}>{texts.palette.title} <kbd aria-hidden="true">{texts.palette.keys}</kbd></button>
        <button type="button" class="quiet help-button" aria-label={`? ${texts.help.open}`} onClick={() => { helpOpen.value = true }}>?</button>
      </header>
      <nav id="nav" class={open ? 'open' : ''} aria-label={texts.menu}>
        <Nav onGo={() => setOpen(false)} />
        <div class="me"><span class="muted">{session.value?.name}, {texts.accounts.roles[session.value?.role ?? 'viewer']}</span><button type="button" class="quiet" onClick={() => void signOut()}>{texts.login.out}</button></div>
      </nav>
      <main id="content" tabIndex={-1}><OldNews />{children}</main>
      <Announcer />
    </div>
  )
}
