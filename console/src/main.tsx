/** The console: signs in, opens the stream, and shows the view that the address names. */
import { render } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import type { ConsoleSession } from '../../src/contract/console.ts'
import { get, session } from './api.ts'
import { loadHistory } from './live/history.ts'
import { connection, second, startStream } from './live/stream.ts'
import { listenForKeys } from './parts/keys.ts'
import { Notices } from './parts/notices.tsx'
import { Help, Palette } from './parts/palette.tsx'
import { ActDialog } from './parts/rule-acts.tsx'
import { Shell } from './parts/shell.tsx'
import { place } from './router.ts'
import { texts } from './texts.ts'
import { AccountsView } from './views/accounts.tsx'
import { AlertsView } from './views/alerts.tsx'
import { CalendarView } from './views/calendar.tsx'
import { ExploreView } from './views/explore.tsx'
import { IncidentView } from './views/incident.tsx'
import { IncidentsView } from './views/incidents.tsx'
import { JournalView } from './views/journal.tsx'
import { LifelineView } from './views/lifeline.tsx'
import { LoginView } from './views/login.tsx'
import { NowView } from './views/now.tsx'
import { SettingsView } from './views/settings.tsx'
import { StatementsView } from './views/statements.tsx'

function View() {
  const { view, id } = place.value
  switch (view) {
    case 'now': return <NowView />
    case 'explore': return <ExploreView />
    case 'incidents': return id === '' ? <IncidentsView /> : <IncidentView key={id} id={id} />
    case 'statements': return <StatementsView />
    case 'alerts': return <AlertsView />
    case 'lifeline': return <LifelineView />
    case 'calendar': return <CalendarView />
    case 'journal': return <JournalView />
    case 'settings': return <SettingsView />
    case 'accounts': return <AccountsView />
    default: return <h1>{texts.notFound}</h1>
  }
}

function Inside() {
  const first = useRef(true)
  useEffect(() => {
    void loadHistory()
    const endStream = startStream()
    const endKeys = listenForKeys()
    return () => {
      endStream()
      endKeys()
    }
  }, [])
  const { view, id } = place.value
  useEffect(() => {
    const state = second.peek()?.status.control.view?.state
    document.title = `${view === 'unknown' ? '' : `${texts.views[view]} · `}${texts.product}${state === undefined ? '' : ` · ${texts.states[state]}`}`
    // A new view begins at its beginning, also for a screen reader; the first one does not take the focus.
    if (!first.current) {
      document.querySelector<HTMLElement>('#content')?.focus({ preventScroll: true })
      scrollTo(0, 0)
    }
    first.current = false
  }, [view, id])
  return (
    <>
      <Shell><View /></Shell>
      <Notices />
      <ActDialog />
      <Palette />
      <Help />
    </>
  )
}

function App() {
  const who = session.value
  useEffect(() => {
    if (who === undefined) void ask()
  }, [who])
  if (who === undefined) return <p class="muted loading whole" role="status">{connection.value === 'lost' ? `${texts.login.unreachable} ${texts.connection.trying}` : texts.loading}</p>
  return who === null ? <LoginView /> : <Inside key={who.name} />
}

/** Who am I? Asked until there is an answer, so that a page opened while Polder restarts comes up by itself. */
async function ask(): Promise<void> {
  for (;;) {
    try {
      session.value = await get<ConsoleSession>('session')
      return
    } catch {
      if (session.peek() === null) return
      connection.value = 'lost'
      await new Promise((resolve) => { setTimeout(resolve, 2_000) })
    }
  }
}

render(<App />, document.querySelector('#app')!)
