/** docs/tour/console.md: each picture with the sentence that says what to see. What is quoted comes from the run. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConsoleTourPlan, type ConsoleTourResult, SHARE } from './console-tour-run.ts'

/** All pictures together; a clone of the repository should not wait for them. */
const MOST_BYTES = 4_000_000
/** In points of a page that is read on a desktop. */
const PHONE_WIDTH = 240

interface Picture {
  readonly name: string
  /** What it shows, for those who do not see it. */
  readonly alt: string
  readonly sentence: string
}

/** Sentences: a picture that no word of the page explains, a word without its picture, too many bytes. */
export function pictureFaults(folder: string): string[] {
  const file = join(folder, 'console.md')
  const page = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const names = readdirSync(join(folder, 'console'))
  const bytes = names.reduce((sum, name) => sum + statSync(join(folder, 'console', name)).size, 0)
  return [
    ...names.filter((name) => !page.includes(`console/${name}`)).map((name) => `console.md says nothing of ${name}`),
    ...[...page.matchAll(/console\/([\w-]+\.png)/g)].filter(([, name]) => !names.includes(name)).map(([, name]) => `console.md names ${name}, and there is none`),
    ...(bytes > MOST_BYTES ? [`the pictures have ${bytes} bytes, more than ${MOST_BYTES}`] : []),
  ]
}

export function writeConsolePage(folder: string, plan: ConsoleTourPlan, result: ConsoleTourResult): void {
  const pictures = new Map<string, Picture>(picturesOf(result).map((one) => [one.name, one]))
  const show = (...names: readonly string[]): string => names.filter((name) => result.taken.includes(name)).map((name) => {
    const { alt, sentence } = pictures.get(name)!
    const image = name.includes('phone') ? `<img src="console/${name}.png" alt="${alt}" width="${PHONE_WIDTH}">` : `![${alt}](console/${name}.png)`
    return `${sentence}\n\n${image}`
  }).join('\n\n')
  writeFileSync(join(folder, 'console.md'), `# The console, an evening in pictures
What the operators of the Parliament of Exampleland saw on ${day(result.beganWallMs)}: a calm evening, a crowd, a flood, and what is left to do after it. \`script/console-tour\` makes all of it anew
in about five minutes: the sample site, a real shield with three accounts, the drill's own visitors, crowd and flood (A2 at a third of its size: ${Math.round(2_000 * SHARE)} requests a second from
${Math.round(2_000 * SHARE)} addresses for ${plan.flood.attackMs / 1_000} seconds), and Chromium, all on 127.0.0.1. Nothing is drawn by hand; ada (admin, at a desk), ben (operator, on a phone) and the institution are invented.

## Calm
${show('sign-in-phone', 'calm', 'calm-phone', 'lifeline')}

## A crowd
${show('crowd')}

## The flood
${show('flood', 'flood-dark', 'flood-phone-dark', 'flood-rules-phone')}

## To act, and to take it back
${show('rule-evidence', 'step-down-undo', 'veto-dialog', 'commands', 'two-people')}

## To look closer, and to make a rule of it
${show('explore', 'explore-phone', 'explore-harm', 'explore-rule')}

## After it
${show('aftermath', 'time-travel', 'time-travel-phone', 'incidents', 'incident', 'incident-phone', 'report-preview', 'statement', 'statement-approve-phone', 'journal', 'journal-phone')}

## Everything else
${show('alerts', 'calendar', 'settings', 'accounts', 'keyboard', 'no-news')}
`)
}

function picturesOf({ headlines }: ConsoleTourResult): readonly Picture[] {
  const said = (scene: string): string => (headlines[scene] ?? '').replaceAll('\u00A0', ' ')
  return [
    { name: 'sign-in-phone', alt: 'The sign-in page on a phone', sentence: '**The door.** A name, a password, and how the first account is made on the machine.' },
    { name: 'calm', alt: 'The main screen in calm', sentence: `**Five seconds to know.** The first line says all that matters: "${said('calm')}" Below it five figures, the rules (none), and the charts.` },
    { name: 'calm-phone', alt: 'The main screen in calm, on a phone', sentence: 'The same on a phone: sentence, figures and rules first, charts below.' },
    { name: 'lifeline', alt: 'The lifeline view', sentence: '**Lifeline.** How much of what people read could be served if the origin died now, and what is still missing from the copy.' },
    { name: 'crowd', alt: 'The main screen while a crowd comes', sentence: `**Many people are not an attack.** "${said('crowd')}" Polder watches, says why, and holds nobody back.` },
    { name: 'flood', alt: 'The main screen in the flood', sentence: `**The flood.** "${said('flood')}" The state has its reasons, the rule its evidence: what it explains, what it was allowed to harm, what it has harmed.` },
    { name: 'flood-dark', alt: 'The main screen in the flood, dark', sentence: 'The same at night: colours follow the system and keep their contrast.' },
    { name: 'flood-phone-dark', alt: 'The main screen in the flood, on a phone, dark', sentence: 'Ben, woken by the alert, sees the same on his phone.' },
    { name: 'flood-rules-phone', alt: 'A rule on a phone', sentence: 'The rule and what can be done with it, without scrolling sideways.' },
    { name: 'rule-evidence', alt: 'A rule with its evidence and history unfolded', sentence: '**Why this rule?** Its conditions in words, the gates that it had to pass with their figures, and each step that it took.' },
    { name: 'step-down-undo', alt: 'A rule after a step down, with a notice that offers Undo', sentence: '**One click to act.** Ada presses S: the rule does the next milder thing. The notice says what was done and takes it back; so does Z.' },
    { name: 'veto-dialog', alt: 'The dialog of a veto', sentence: 'Each act asks two short things, how long and why; the reason goes into the journal.' },
    { name: 'commands', alt: 'The command palette', sentence: '**Ctrl K** finds every view, every act on every rule, every time range.' },
    { name: 'two-people', alt: 'What happened, and what people did', sentence: '**Two people at once.** What Polder did and what people did, each with a name and a reason; where the others look.' },
    { name: 'explore', alt: 'Explore: user agents of the last seconds', sentence: '**Explore.** The traffic of the last seconds broken down, beside what is normal: one program stands out, and none of its clients behaves like a visitor.' },
    { name: 'explore-phone', alt: 'Explore on a phone', sentence: 'On a phone the table becomes cards.' },
    { name: 'explore-harm', alt: 'Explore: whom a rule would touch', sentence: 'A value is chosen. **Whom would a rule touch?** is answered from requests of normal times, before there is a rule.' },
    { name: 'explore-rule', alt: 'The dialog that makes a rule of a selection', sentence: 'A rule made of the selection: what happens, for how long, why.' },
    { name: 'aftermath', alt: 'The main screen after the flood', sentence: `**It is over.** "${said('aftermath')}" The whole evening is in the charts; the rules end by themselves.` },
    { name: 'time-travel', alt: 'The main screen at a moment of the flood, chosen on the chart', sentence: `**What was it like?** Dragging over a chart shows that moment on the whole screen, here the first seconds of the flood: "${said('moment')}"` },
    { name: 'time-travel-phone', alt: 'A moment of the past on a phone', sentence: 'With a finger it is the same.' },
    { name: 'incidents', alt: 'The list of incidents', sentence: '**Incidents** open and close by themselves.' },
    { name: 'incident', alt: 'An incident: deadlines, timeline, tasks, figures', sentence: 'One incident: the legal deadlines run down, the timeline has every step; figures say how they are known. What people claim stays apart from what was measured.' },
    { name: 'incident-phone', alt: 'An incident on a phone', sentence: 'The same incident on a phone.' },
    { name: 'report-preview', alt: 'The early warning as a preview, with the questions that only people can answer', sentence: '**The early warning** as it stands now; beside it the questions that only a person can answer.' },
    { name: 'statement', alt: 'The editor of a public statement with its preview', sentence: '**The public.** What we know, what we do not know, what we do, when we speak next; in two languages, with what people will read beside it.' },
    { name: 'statement-approve-phone', alt: 'A statement to be approved, on a phone', sentence: 'Somebody else must approve: Ben reads it on his phone.' },
    { name: 'journal', alt: 'The journal, proven unaltered', sentence: '**The journal.** What happened and who did what; each entry is bound to the one before, and one click proves it.' },
    { name: 'journal-phone', alt: 'The journal on a phone', sentence: 'The journal on a phone.' },
    { name: 'alerts', alt: 'Alerts and the channels', sentence: '**Alerts.** Nothing is open any more; the channels say whether they work.' },
    { name: 'calendar', alt: 'The calendar', sentence: '**Calendar.** The days on which Polder will be more watchful, and why.' },
    { name: 'settings', alt: 'The settings in force', sentence: '**Settings.** What is in force and the line of the file that it comes from.' },
    { name: 'accounts', alt: 'The accounts', sentence: '**Accounts.** Who may look, act, and manage accounts.' },
    { name: 'keyboard', alt: 'The help with all keys', sentence: '**?** shows the keys; everything works without a mouse.' },
    { name: 'no-news', alt: 'The main screen after the shield was killed', sentence: '**The shield is gone** (killed at the end of the tour): the page says how old its news is and comes back by itself.' },
  ]
}

function day(wallMs: number): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(wallMs)
}
