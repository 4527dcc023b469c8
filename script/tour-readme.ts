/** The tour's README: what was measured, and a walk through the files in the order of the evening. Every number comes from the run. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cohort } from '../src/drill/world.ts'
import { SHARE, type TourResult } from './tour-run.ts'
import { shortened, VOTE } from './tour-settings.ts'

export function writeReadme(folder: string, result: TourResult): void {
  writeFileSync(join(folder, 'README.md'), readme(result))
}

function readme(result: TourResult): string {
  const { firstByteWallMs: first, mail, hook, incident, score, plan, status } = result
  const people = score.harm.filter((one) => (['human', 'human-no-js', 'mobile-cgnat'] satisfies Cohort[] as Cohort[]).includes(one.cohort))
  const offered = sum(people.map((one) => one.offered))
  const figure = (code: string): number | null => incident.figures.find((one) => one.code === code && one.of === undefined)?.value ?? null
  const estimated = figure('visitors-served')
  return `# An evening with Polder
On ${day(first)} the Parliament of Exampleland votes on a contested bill, and its website is flooded. This folder holds what people saw, got and sent. \`script/tour\` makes it
anew in a few minutes: the sample site, a real shield, a real mail server and a webhook receiver, all on 127.0.0.1; every order was typed through \`bin/polder\`. Times are real, in UTC.
The same kind of evening as operators see it in a browser: [console.md](console.md).
The institution, ada (security officer), ben (spokesperson) and the group are invented. The folder of the run is written as \`/srv/polder\`.

| measured in this run | | target |
|---|---|---|
| first byte of the flood → alert at the webhook receiver | ${seconds(hook.atWallMs - first)} | 10 s |
| first byte of the flood → alert at the mail server | ${seconds(mail.atWallMs - first)} | 10 s |
| first byte of the flood → incident open | ${seconds(result.incidentOpenWallMs - first)} | 10 s |
| early warning, from the command to the file, while the flood goes on | ${seconds(result.earlyWarningMs)} | 2 s |
| everyday visitors during the flood: requests answered rightly within 2 s, counted by themselves | ${percent(score.goodput.attack)} | |
| visitors with a browser that were ever refused by a rule | ${sum(people.map((one) => one.clientsEverBlocked))} of ${sum(people.map((one) => one.clients))} (${count(offered)} requests from the flood's beginning on) | 0 |
| the flood: sent, refused by rules or checks, told to come back later, lost, answered | ${count(score.attack.sent)}, ${count(score.attack.blocked)}, ${count(score.attack.busy)}, ${count(score.attack.failed)}, ${count(score.attack.right)} | |
| status page with shield and site stopped: files reached from a static server, broken links | ${status.reached.size}, ${status.broken.length} | 0 broken |

Polder itself says that ${estimated === null ? 'an unknown share' : percent(estimated)} of the visitors' requests were served: it cannot tell visitors from attackers among those it turned away, so it divides the loss evenly; the visitors'
own count above is what happened.

## The evening
**1. Before the vote.** The agenda ([agenda.ics](agenda.ics)) now has "${VOTE}" at ${clock(result.voteFromWallMs)}; \`polder calendar refresh\` reads it at once, \`polder calendar\` says what will hold when, and why: [calendar-before.txt](calendar-before.txt).

**2. The posture rises by itself** at ${clock(result.postureFromWallMs)}: thresholds from which the origin counts as strained are halved (the alert below says "target 25 ms"; the setting is 50), the short check is rehearsed,
and the duty desk is told: [alert-posture-mail.eml](alert-posture-mail.eml), [calendar-during.txt](calendar-during.txt). Visitors notice nothing.

**3. The flood** begins at ${clock(first)}. ${clock(hook.atWallMs)}: the alert arrives, as [mail](alert-mail.eml) and as [signed webhook](alert-webhook.json): what happens, what Polder does, whom it touches, what to do.

**4. The incident opened by itself** at ${clock(result.incidentOpenWallMs)}. ada says that she knows, so that the legal clocks start, and asks the question that everybody will ask:
\`polder incident hypothesis open "link to the vote"\`. [incident.txt](incident.txt) shows the answer: **not known**, with the vote beside it as a fact of the calendar. Each figure says how it is known.

**5. Early warning** to the CSIRT (NIS2, Article 23(4), point (a)). The command writes a draft and lists [what only people know](early-warning-missing.txt); ada answers and writes it again:
[HTML](early-warning.html), [PDF](early-warning.pdf). She sends it and says so; its clock stops.

**6. The public.** ben drafts from a template, ada approves (four eyes), ben publishes, in two languages: [status-page/index.html](status-page/index.html). What we know, what we do not know, what we do, when we speak next.
All statements with their words: [statements.txt](statements.txt).

**7. It ends.** A group says it was them: kept as a claim with a saved copy and a rating (E5), not as a fact. The rules end by themselves, the incident closes by itself: [incident-closed.txt](incident-closed.txt),
[timeline.md](timeline.md), [incident.json](incident.json). The posture fell at ${clock(result.postureUntilWallMs)}: [calendar-after.txt](calendar-after.txt), [calendar-journal.txt](calendar-journal.txt).

**8. Final report** [HTML](final-report.html), [PDF](final-report.pdf), with [what was left open](final-report-missing.txt); for other teams [STIX 2.1](incident.stix.json) and [MISP](incident.misp.json).

**9. Everything is switched off.** The status page stands: any static server shows [status-page/](status-page/). The journal is whole: [journal-verify.txt](journal-verify.txt). Try it:
\`bin/polder journal verify docs/tour/journal\`; change one letter in it and try again. Every \`#12\` in a report is an entry there.

## What was made shorter, and what this does not show
- [polder.yaml](polder.yaml): the posture begins ${shortened.calendarBefore} before the vote and ends ${shortened.calendarAfter} after it (6 and 12 hours when left out); the shield relaxes a step after ${shortened.calmDwell} of calm (1 minute), the incident closes
  after ${shortened.closeAfterCalm} of it (30 minutes). The vote itself lasts ${plan.voteMs / 1_000} seconds.
- The flood is A2 of the suite ([docs/benchmarks](../benchmarks/scenarios.md)): one program on many addresses, ${Math.round(2_000 * SHARE)} requests a second from ${Math.round(2_000 * SHARE)} addresses for ${plan.phases.attackMs / 1_000} seconds. It asks for the search: the front page of the sample site
  may be kept by any cache, and a flood of it would not reach the site at all.
- What is usual was learned from a simulated week of the same visitors (in real life: a week of traffic, or \`polder learn\` on access logs).
- One machine, loopback: no lines that can be full, no TLS. What was withheld by the generator's own limits: ${result.withheldRequests} requests; it was late by at most ${Math.round(result.worstLatenessMs)} ms.

## Every command, in order
\`\`\`
${result.typed.map(({ who, line, tookMs }) => `${who}$ ${line}   # ${seconds(tookMs)}`).join('\n')}
\`\`\`
`
}

function day(wallMs: number): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(wallMs)
}

function clock(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(11, 19)
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function count(value: number): string {
  return value.toLocaleString('en-GB')
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0)
}
