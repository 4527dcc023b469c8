/** The one screen: five seconds to know, one click to act. What it shows is now, or the moment somebody has chosen. */
import { useState } from 'preact/hooks'
import type { HistoryPoint, KeptMoment } from '../../../src/contract/console.ts'
import type { RuleRecord } from '../../../src/contract/control.ts'
import type { ShieldStatus } from '../../../src/contract/control-socket.ts'
import type { Rule } from '../../../src/contract/plan.ts'
import { ScreenCharts } from '../charts/screen-charts.tsx'
import { count, clockTime, shown, timeOfDay, utc } from '../format.ts'
import { headline, knownRules, toneOf } from '../headline.ts'
import { mayAct, get, record } from '../api.ts'
import { chooseRange, historyState, loadHistory, points, range, ranges, type RangeName } from '../live/history.ts'
import { backToLive, moment, momentAtWallMs, momentLoading, momentTrouble, shownPoint, shownStatus } from '../live/moment.ts'
import { acted, connection, events, heardAtWallMs, presence, second, tick } from '../live/stream.ts'
import { AddRule } from '../parts/add-rule.tsx'
import { useLoad } from '../parts/load.tsx'
import { actWish } from '../parts/rule-acts.tsx'
import { HeldBack, RuleCard, share } from '../parts/rule-card.tsx'
import { Bar } from '../parts/table.tsx'
import { session } from '../api.ts'
import { addressOf, viewNames, type ViewName } from '../router.ts'
import { brief, withoutActor } from '../sentences.ts'
import { texts } from '../texts.ts'
import type { LifelineState } from '../../../src/contract/lifeline.ts'

const words = texts.now
/** What a tired reader takes in at a glance; the rest is one click away. */
const MOST_REASONS = 3

export function NowView() {
  const status = shownStatus.value
  const point = shownPoint.value
  return (
    <>
      <MomentBanner />
      {status === null ? (momentAtWallMs.value === null ? <><h1 class="headline">{words.starting}</h1></> : <h1 class="headline muted">{momentTrouble.value === '' ? texts.moment.loading : momentTrouble.value === 'none' ? texts.moment.none : `${texts.moment.failed} ${momentTrouble.value}`}</h1>) : <Top status={status} point={point} />}
      <div class="screen">
        <div class="acting">
          {status !== null && <Rules status={status} />}
          {status !== null && <Side status={status} />}
        </div>
        <div class="seeing">
          <section class="area-charts" aria-labelledby="charts-title"><h2 id="charts-title" class="hidden">{words.inTime}</h2><RangeBar /><ScreenCharts /></section>
          {status !== null && <Excess status={status} kept={momentAtWallMs.value === null ? null : moment.value} />}
        </div>
      </div>
    </>
  )
}

function MomentBanner() {
  const at = momentAtWallMs.value
  if (at === null) return null
  return (
    <div class="banner moment" role="status">
      <p><b>{texts.moment.title(clockTime(at))}</b> {momentLoading.value ? texts.moment.loading : mayAct() ? <span class="held">{texts.moment.actsHeld}</span> : ''}</p>
      <button type="button" onClick={backToLive}>{texts.moment.back}</button>
    </div>
  )
}

function Top({ status, point }: { status: ShieldStatus; point: HistoryPoint | null }) {
  const { view, alive } = status.control
  const live = momentAtWallMs.value === null
  void utc.value
  const reasons = view === null ? [] : [...view.health.signs.map((sign) => sign.sentence), ...(view.state === 'NORMAL' ? [] : view.evidence).filter((item) => item.logLikelihood > 0.5).map((item) => item.sentence)]
  const alarms = live ? status.record.state?.alerts?.open : undefined
  const open = alarms === undefined ? 0 : alarms.critical + alarms.warning + alarms.info
  // One line that says "1 more" takes the place of that one.
  const first = reasons.length === MOST_REASONS + 1 ? reasons.length : MOST_REASONS
  const more = reasons.slice(first)
  return (
    <section class={`top${live && connection.value === 'lost' && tick.value - heardAtWallMs.value > 5_000 ? ' stale' : ''}`} aria-label={words.state}>
      <h1 class="headline" aria-live="off">{headline(status, point, points.value)}</h1>
      {view !== null && (
        <p class="state-line">
          <span class={`state ${toneOf(view.state)}`}>{texts.states[view.state]}</span>
          <span class="muted">{texts.stateSince(timeOfDay(view.stateSinceWallMs === 0 ? status.startedAtWallMs : view.stateSinceWallMs, status.atWallMs), status.atWallMs - (view.stateSinceWallMs === 0 ? status.startedAtWallMs : view.stateSinceWallMs))}</span>
          <span>{texts.stateSentences[view.state]}</span>
          {open > 0 && <a href={addressOf('alerts')}>{words.alarms(open)}</a>}
        </p>
      )}
      {!alive && live && <p class="trouble" role="alert">{words.controlGone}</p>}
      {!status.record.alive && live && <p class="trouble" role="alert">{words.recordGone}</p>}
      {second.value?.historySuspended && live && <p class="trouble">{second.value.historySuspended}</p>}
      {view?.baseline.coldStart === true && <p class="muted">{words.learnt(view.baseline.minutesLearned)}</p>}
      <Figures point={point} />
      {reasons.length > 0 && (
        <div class="reasons">
          <ul aria-label={words.reasons}>{reasons.slice(0, first).map((reason) => <li key={reason}>{shown(reason, 300)}</li>)}</ul>
          {more.length > 0 && <details><summary>{words.moreReasons(more.length)}</summary><ul>{more.map((reason) => <li key={reason}>{shown(reason, 300)}</li>)}</ul></details>}
        </div>
      )}
    </section>
  )
}

function Figures({ point }: { point: HistoryPoint | null }) {
  const rate = (value: number | undefined): string => (point === null || value === undefined || value < 0 || point.seconds <= 0 ? '–' : count(value / point.seconds))
  const figures: ReadonlyArray<readonly [label: string, value: string, unit: string, tone: string]> = [
    [words.figures.served, rate(point?.served), words.figures.perSecond, ''],
    [words.figures.waiting, point === null || point.waiting < 0 ? '–' : count(point.waiting), words.figures.now, (point?.waiting ?? 0) > 0 ? 'watch' : ''],
    [words.figures.challenged, rate(point?.challenged), words.figures.perSecond, ''],
    [words.figures.refused, rate(point?.refused), words.figures.perSecond, ''],
    [words.figures.failed, rate(point?.failed), words.figures.perSecond, (point?.failed ?? 0) > 0 ? 'attack' : ''],
  ]
  return <dl class="figures">{figures.map(([label, value, unit, tone]) => <div key={label} class={tone}><dt>{label}</dt><dd><b>{value}</b> <small>{unit}</small></dd></div>)}</dl>
}

function RangeBar() {
  return (
    <div class="range-bar">
      <fieldset class="range">
        <legend class="hidden">{texts.ranges['label']}</legend>
        {(Object.keys(ranges) as RangeName[]).map((name) => (
          <label key={name} class={range.value === name ? 'chosen' : ''}>
            <input type="radio" name="range" value={name} checked={range.value === name} onChange={() => chooseRange(name)} />
            <span aria-hidden="true">{name}</span><span class="hidden">{texts.ranges[name]}</span>
          </label>
        ))}
      </fieldset>
      <p class="muted hint">{texts.moment.hint}</p>
      {historyState.value !== 'there' && historyState.value !== 'loading' && <p class="trouble" role="alert">{words.charts.failed_} <button type="button" onClick={() => void loadHistory()}>{texts.retry}</button></p>}
    </div>
  )
}

function recordOfSettingsRule(rule: Rule, status: ShieldStatus): RuleRecord {
  return {
    id: rule.id, origin: 'operator', sentence: '', when: rule.when, action: rule.action, stage: 'active', dryRun: rule.dryRun, bornAtWallMs: 0, expiresAtWallMs: rule.expiresAtWallMs, who: '', why: '', evidence: null,
    since: status.ruleMatches[rule.id] ?? { matched: 0, positive: 0, canaryTried: 0, canaryPassed: 0 }, history: [],
  }
}

function restingWords(resting: readonly RuleRecord[]): string {
  const asleep = resting.filter((rule) => rule.stage === 'dormant').length
  return [asleep > 0 ? words.asleep(asleep) : '', resting.length > asleep ? words.vetoed(resting.length - asleep) : ''].filter((part) => part !== '').join(', ')
}

const order: readonly string[] = ['block', 'limit', 'challenge', 'cache-only', 'tag', 'observe', 'allow']

function Rules({ status }: { status: ShieldStatus }) {
  const [adding, setAdding] = useState(false)
  const known = knownRules(status)
  const acting = known.filter((rule) => rule.stage !== 'dormant' && rule.stage !== 'vetoed').sort((a, b) => order.indexOf(a.action) - order.indexOf(b.action) || (b.evidence?.excessShare ?? 0) - (a.evidence?.excessShare ?? 0))
  const resting = known.filter((rule) => rule.stage === 'dormant' || rule.stage === 'vetoed')
  const settings = status.settingsRules.filter((rule) => rule.expiresAtWallMs === null || rule.expiresAtWallMs > status.atWallMs)
  const live = momentAtWallMs.value === null
  return (
    <section aria-labelledby="rules-title" class="rules">
      <div class="section-head">
        <h2 id="rules-title">{words.rules}</h2>
        {mayAct() && live && (
          <div class="row">
            <button type="button" onClick={() => setAdding(true)}>{words.addRule}</button>
            <button type="button" onClick={() => { actWish.value = { name: 'dry-run-all', rule: null } }}>{words.dryAll}</button>
          </div>
        )}
      </div>
      {acting.length + settings.length === 0 && <p class="muted">{words.noRules}</p>}
      {acting.map((rule) => <RuleCard key={rule.id} rule={rule} now={status.atWallMs} />)}
      {settings.map((rule) => <RuleCard key={`settings ${rule.id}`} rule={recordOfSettingsRule(rule, status)} now={status.atWallMs} fromSettings />)}
      {resting.length > 0 && (
        <details class="fold">
          <summary>{restingWords(resting)}</summary>
          <div class="fold-body">{resting.map((rule) => <RuleCard key={rule.id} rule={rule} now={status.atWallMs} />)}</div>
        </details>
      )}
      {adding && <AddRule onClose={() => setAdding(false)} when={null} />}
    </section>
  )
}

function Excess({ status, kept }: { status: ShieldStatus; kept: KeptMoment | null }) {
  const { view } = status.control
  const excess = view?.excess ?? null
  const held = (view?.candidates ?? []).filter((one) => one.evidence.gates.some((gate) => !gate.passed)).slice(0, 3)
  const patterns = (view?.rules ?? []).filter((rule) => rule.evidence !== null && rule.stage !== 'dormant' && rule.stage !== 'vetoed').map((rule) => ({ name: rule.sentence, share: rule.evidence!.excessShare })).sort((a, b) => b.share - a.share)
  for (const one of held) if (!patterns.some((other) => other.name === one.sentence)) patterns.push({ name: one.sentence, share: one.evidence.excessShare })
  const nets = view?.networks === undefined ? [] : [...view.networks.countries.slice(0, 4), ...view.networks.networks.slice(0, 4)]
  return (
    <section aria-labelledby="excess-title" class="excess">
      <h2 id="excess-title">{words.excess}</h2>
      {(excess === null || excess.perSecond < 1) && <p class="muted">{words.noExcess}</p>}
      {excess !== null && excess.perSecond >= 1 && <p>{words.tooMany(excess.perSecond, excess.suspiciousPerSecond)}</p>}
      {patterns.length > 0 && (
        <table class="numbers">
          <thead><tr><th scope="col">{words.pattern}</th><th scope="col">{words.ofExcess}</th></tr></thead>
          <tbody>{patterns.slice(0, 6).map((one) => <tr key={one.name}><th scope="row">{shown(one.name, 200)}</th><td><Bar share={one.share} /></td></tr>)}</tbody>
        </table>
      )}
      {nets.length > 0 && (
        <table class="numbers">
          <thead><tr><th scope="col">{words.nets}</th><th scope="col">{words.ofExcess}</th><th scope="col">{words.visitorsShare}</th></tr></thead>
          <tbody>{nets.map((one) => <tr key={one.code}><th scope="row">{shown(one.code)}{one.name !== '' && <small class="muted"> {shown(one.name, 60)}</small>}</th><td><Bar share={one.share} /></td><td>{share(one.visitorShare)}</td></tr>)}</tbody>
        </table>
      )}
      {held.length > 0 && <><h3>{words.heldBack}</h3><ul class="held-back">{held.map((one) => <HeldBack key={one.id} sentence={one.sentence} gates={one.evidence.gates.filter((gate) => !gate.passed).map((gate) => gate.sentence)} />)}</ul></>}
      {kept !== null && kept.samples.filter((top) => top.rows.length > 0).slice(0, 4).map((top) => (
        <table key={top.attribute} class="numbers">
          <thead><tr><th scope="col">{texts.explore.attributes[top.attribute] ?? top.attribute}</th><th scope="col">{texts.explore.share}</th><th scope="col">{texts.explore.normal}</th></tr></thead>
          <tbody>{top.rows.slice(0, 5).map((row) => <tr key={row.value}><th scope="row">{shown(row.label, 120)}</th><td><Bar share={row.share} /></td><td>{share(row.normalShare)}</td></tr>)}</tbody>
        </table>
      ))}
    </section>
  )
}

/** `incidents 2026-11-23-1` as the menu names it. */
function placeWords(at: string): string {
  const [view, ...rest] = at.split(' ')
  return shown([(viewNames as readonly string[]).includes(view) ? texts.views[view as ViewName] : view, ...rest].join(' '), 80)
}

function Side({ status }: { status: ShieldStatus }) {
  const live = momentAtWallMs.value === null
  const calendar = useLoad(() => record('calendar', 'show', { days: 30 }), [], 60_000)
  const lifeline = useLoad(() => get<LifelineState>('lifeline'), [], 30_000)
  // What people did here has a list of its own.
  const byPeople = new Set(acted.value.map((one) => one.sentence))
  const happened = (live ? events.value.filter((event) => !byPeople.has(event.sentence)) : (moment.value?.events ?? []).filter((event) => event.atWallMs <= (momentAtWallMs.value ?? 0))).slice(-8).reverse()
  const { upstreams, workers } = status
  const down = upstreams.filter((one) => !one.healthy).length
  const posture = status.control.view?.posture
  return (
    <div class="side">
      <section aria-labelledby="events-title">
        <h2 id="events-title">{words.events}</h2>
        {happened.length === 0 ? <p class="muted">{words.noEvents}</p> : <ol class="when-list">{happened.map((event) => <li key={`${event.atWallMs}${event.sentence}`}><time>{clockTime(event.atWallMs, status.atWallMs)}</time> <span>{brief(event.sentence)}</span></li>)}</ol>}
      </section>
      <section aria-labelledby="people-title">
        <h2 id="people-title">{texts.presence.acted}</h2>
        <p class="muted">{presence.value.some((one) => one.name !== session.value?.name) ? presence.value.filter((one) => one.name !== session.value?.name).map((one) => (one.lookingAt === '' ? shown(one.name) : texts.presence.at(shown(one.name), placeWords(one.lookingAt)))).join('; ') : texts.presence.alone}</p>
        {acted.value.length > 0 && <ol class="when-list">{acted.value.slice(-5).reverse().map((one) => <li key={`${one.atWallMs}${one.sentence}`}><time>{clockTime(one.atWallMs)}</time> <span><b>{shown(one.who)}</b> {brief(withoutActor(one.sentence, one.who))}</span></li>)}</ol>}
      </section>
      <section aria-labelledby="posture-title">
        <div class="section-head"><h2 id="posture-title">{words.posture}</h2><a href={addressOf('calendar')}>{texts.views.calendar}</a></div>
        {posture !== undefined && <p>{words.watchful(posture.sensitivity)}</p>}
        {(calendar.value?.now ?? []).map((one) => <p key={one.name + one.because}><b>{shown(one.name)}</b>: {shown(one.because)}, {texts.rule.until.toLowerCase()} {timeOfDay(one.untilWallMs)}</p>)}
        {posture === undefined && (calendar.value?.now.length ?? 0) === 0 && <p class="muted">{words.postureUsual}</p>}
        <p><b>{words.postureNext}</b>: {calendar.value?.next[0] === undefined ? <span class="muted">{words.postureNone}</span> : <>{timeOfDay(calendar.value.next[0].fromWallMs)} {shown(calendar.value.next[0].because)} <span class="muted">({shown(calendar.value.next[0].name)})</span></>}</p>
      </section>
      <section aria-labelledby="lifeline-title">
        <div class="section-head"><h2 id="lifeline-title">{words.lifeline}</h2><a href={addressOf('lifeline')}>{words.coverage}</a></div>
        <p>{lifeline.value === null ? (lifeline.busy ? texts.loading : texts.lifeline.failed) : lifeline.value.coverage.share < 0 ? words.lifelineNone : words.lifelineShare(lifeline.value.coverage.share)}</p>
        <p class="muted">{words.workers(workers.ready, workers.wanted)}, {words.connections(status.connections)}{down > 0 && <>; <span class="tone-attack">{words.upstreamsDown(down, upstreams.length)}</span></>}{status.kernelDrop.state === 'on' && <>; {shown(status.kernelDrop.sentence)}</>}. {texts.product} {status.version}</p>
      </section>
    </div>
  )
}

export const nowSentence = (): string => {
  const view = second.peek()?.status.control.view
  return view === null || view === undefined ? '' : `${texts.states[view.state]}. ${headline(second.peek()!.status, second.peek()!.point, points.peek())}`
}
