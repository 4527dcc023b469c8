/** One rule: what it does and to whom, what it was promised to harm and what it did, when it ends, and what one may do about it. */
import { useRef } from 'preact/hooks'
import type { RuleRecord } from '../../../src/contract/control.ts'
import { mayAct } from '../api.ts'
import { clockTime, percent, shown, timeOfDay } from '../format.ts'
import { momentAtWallMs } from '../live/moment.ts'
import { texts } from '../texts.ts'
import { actsOn, wish } from './rule-acts.tsx'

const words = texts.rule

function marksOf(rule: RuleRecord, now: number): readonly string[] {
  const marks = []
  if (rule.stage === 'pinned' || rule.stage === 'decaying' || rule.stage === 'dormant' || rule.stage === 'vetoed') marks.push(words.marks[rule.stage])
  if (rule.dryRun) marks.push(words.marks.dryRun)
  if (rule.heldUntilWallMs !== undefined && rule.heldUntilWallMs > now) marks.push(words.heldFor(rule.heldUntilWallMs - now))
  return marks
}

function endOf(rule: RuleRecord, now: number): string {
  if (rule.stage === 'dormant' || rule.stage === 'vetoed') return words.doesNotAct
  if (rule.expiresAtWallMs === null) return words.noEnd
  if (rule.expiresAtWallMs <= now) return words.ended
  return `${words.endsIn(rule.expiresAtWallMs - now)}${rule.origin === 'automatic' && rule.stage !== 'pinned' ? `, ${words.unlessFlood}` : ''}`
}

export function RuleCard({ rule, now, fromSettings = false }: { rule: RuleRecord; now: number; fromSettings?: boolean }) {
  const details = useRef<HTMLDetailsElement>(null)
  const { evidence, since } = rule
  const marks = marksOf(rule, now)
  const acts = fromSettings ? [] : actsOn(rule)
  const strict = rule.action === 'block' || rule.action === 'limit'
  const name = rule.origin === 'operator' ? rule.when.map(texts.condition).join(words.and) : rule.sentence
  return (
    <article
      class="rule" tabIndex={-1} data-rule={rule.id} aria-label={`${rule.id}: ${texts.actions[rule.action]}`}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return
        if (event.key === 'Enter' && event.target === event.currentTarget && details.current !== null) details.current.open = !details.current.open
        const chosen = acts.find(([, , key]) => key === event.key.toLowerCase())
        if (chosen === undefined || (event.target as Element).closest('input, select, textarea') !== null) return
        event.preventDefault()
        event.stopPropagation()
        wish(chosen[0], rule)
      }}
    >
      <header>
        <span class={`badge ${rule.action === 'allow' ? 'calm' : strict ? 'attack' : 'watch'}${rule.dryRun ? ' hollow' : ''}`}>{texts.actions[rule.action]}</span>
        <h3>{shown(name, 300)}</h3>
        <p class="muted id">{rule.id}{fromSettings ? `, ${texts.now.fromSettings}` : ''} · {endOf(rule, now)}{marks.length > 0 && <> · <b>{marks.join(', ')}</b></>}</p>
      </header>
      <dl class="facts">
        {evidence !== null && <div><dt>{words.explains}</dt><dd>{words.ofExcess(evidence.excessShare)}</dd></div>}
        {evidence !== null && <div><dt>{words.rate}</dt><dd>{words.normalPerSecond(evidence.matchedPerSecond, evidence.expectedPerSecond)}</dd></div>}
        {rule.matchesPerSecond !== undefined && <div><dt>{words.rateNow}</dt><dd>{words.perSecond(rule.matchesPerSecond)}</dd></div>}
        {evidence !== null && <div><dt>{words.expected}</dt><dd>{words.harmBound(evidence.harm.upperShare)}</dd></div>}
        <div><dt>{rule.action === 'allow' ? words.matchedSoFar : words.live}</dt><dd>{since.matched === 0 ? words.harmNone : words.harmLive(since.positive, since.matched)}{since.canaryTried > 0 && <>; {words.canary(since.canaryPassed, since.canaryTried)}</>}</dd></div>
      </dl>
      {!fromSettings && (
        <details class="fold" ref={details}>
          <summary>{words.details}<span class="hidden">: {rule.id}</span></summary>
          <div class="fold-body">
            {rule.bornAtWallMs > 0 && <p>{words.bornAt(timeOfDay(rule.bornAtWallMs, now))}{rule.origin === 'operator' && ` ${words.by(shown(rule.who), shown(rule.why))}`}</p>}
            <h4>{words.conditions}</h4>
            <ul>{rule.when.map((one) => <li key={JSON.stringify(one)}>{shown(texts.condition(one), 400)}</li>)}</ul>
            {evidence !== null && evidence.gates.length > 0 && (
              <>
                <h4>{words.gates}</h4>
                <ul class="gates">{evidence.gates.map((gate) => <li key={gate.gate} class={gate.passed ? '' : 'held'}><b>{gate.passed ? words.passed : words.held}</b> {shown(gate.sentence, 300)}</li>)}</ul>
              </>
            )}
            {rule.history.length > 0 && (
              <>
                <h4>{words.history}</h4>
                <ol class="when-list">{rule.history.toReversed().map((entry) => <li key={`${entry.atWallMs}${entry.code}${entry.sentence}`}><time>{clockTime(entry.atWallMs, now)}</time> <span>{shown(entry.sentence, 300)}</span></li>)}</ol>
              </>
            )}
          </div>
        </details>
      )}
      {acts.length > 0 && mayAct() && momentAtWallMs.value === null && (
        <div class="acts" role="group" aria-label={words.acts(rule.id)}>
          {acts.map(([act, label, key]) => <button key={act} type="button" aria-keyshortcuts={key.toUpperCase()} onClick={() => wish(act, rule)}>{label}</button>)}
        </div>
      )}
    </article>
  )
}

/** A rule that was thought of; the gates that hold it back are the news. */
export function HeldBack({ sentence, gates }: { sentence: string; gates: readonly string[] }) {
  return <li><span>{shown(sentence, 300)}</span><small class="muted">{gates.map((gate) => shown(gate, 200)).join('; ')}</small></li>
}

export const share = (value: number): string => (value < 0 ? '–' : percent(value))
