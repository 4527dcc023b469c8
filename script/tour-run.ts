/**
 * The walk itself: starts site, receivers and shield, lets the evening happen, types what people would type, ends everything and says what was measured.
 * Everything it starts listens on 127.0.0.1 and is ended with it; the flood goes only to the port of the shield that it started itself.
 */
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChildGroup } from '../bench/measure/child-group.ts'
import { SERVER_ADDRESS, freePort } from '../bench/measure/loopback.ts'
import { FEATURE_KEY, HOST, baselineBytes } from '../bench/scenarios/baseline-week.ts'
import { IpcChild } from '../bench/scenarios/ipc-child.ts'
import type { CalendarExchanges } from '../src/contract/calendar.ts'
import type { Incident, IncidentSummary } from '../src/contract/incident.ts'
import type { Statement } from '../src/contract/statement.ts'
import type { GeneratorOrder, GeneratorWord } from '../src/drill/generator-process.ts'
import type { Phases } from '../src/drill/scenarios.ts'
import { type Scorecard, scoreRun } from '../src/drill/scorecard.ts'
import { People, type Typed } from './tour-people.ts'
import { attackAlert, type Received, Receivers, unfolded } from './tour-receivers.ts'
import { agendaText, settingsText } from './tour-settings.ts'
import { checkStatusPage, type StatusCheck } from './tour-status-check.ts'

const root = join(import.meta.dirname, '..')
/** Of the full size of the suite: 667 attackers, 667 requests a second, and two thirds of its everyday visitors. */
export const SHARE = 1 / 3
const SEED = 1
const START_MS = 60_000
const SECRET = `whsec_${Buffer.from('tour of polder, not a real secret').toString('base64')}`

export interface TourPlan {
  /** Before, during, after the flood; visitors come all the time. At most two minutes together (src/drill/limits.ts). */
  readonly phases: Phases
  /** From the first look at the calendar to the vote, and how long the vote lasts. */
  readonly voteAfterMs: number
  readonly voteMs: number
  /** Longest wait for an incident that closes by itself, and for the posture to end. */
  readonly calmWithinMs: number
}

export const wholeEvening: TourPlan = Object.freeze({ phases: Object.freeze({ warmMs: 25_000, attackMs: 55_000, afterMs: 35_000 }), voteAfterMs: 30_000, voteMs: 65_000, calmWithinMs: 150_000 })
/** For the test: the same steps, sooner over. */
export const shortEvening: TourPlan = Object.freeze({ phases: Object.freeze({ warmMs: 6_000, attackMs: 24_000, afterMs: 1_000 }), voteAfterMs: 20_000, voteMs: 20_000, calmWithinMs: 150_000 })

export interface TourResult {
  readonly plan: TourPlan
  readonly firstByteWallMs: number
  readonly voteFromWallMs: number
  readonly mail: Received
  readonly hook: Received
  readonly secret: string
  readonly incidentOpenWallMs: number
  /** The first early warning, while the flood goes on; the whole command. */
  readonly earlyWarningMs: number
  readonly postureFromWallMs: number
  readonly postureUntilWallMs: number
  readonly incident: Incident
  readonly score: Scorecard
  readonly withheldRequests: number
  readonly worstLatenessMs: number
  readonly status: StatusCheck
  readonly verified: Typed
  readonly typed: readonly Typed[]
}

interface Evening {
  readonly plan: TourPlan
  readonly place: string
  readonly people: People
  readonly receivers: Receivers
  readonly tell: (line: string) => void
  /** Files that are kept, by name. */
  readonly keep: (name: string, content: string) => void
  readonly copy: (name: string, as?: string) => void
}

/** Keeps what people get and send in `folder`, which is made anew. @throws when a step does not come about; nothing is left running. */
export async function runTour(plan: TourPlan, folder: string, tell: (line: string) => void): Promise<TourResult> {
  emptied(folder)
  const place = mkdtempSync(join(tmpdir(), 'polder-tour-'))
  const receivers = new Receivers()
  const groups: ChildGroup[] = []
  const generator = new IpcChild<GeneratorOrder, GeneratorWord>(join(root, 'src/drill/generator-process.ts'), '')
  const evening: Evening = {
    plan, place, receivers, tell, people: new People(place, tell),
    keep: (name, content) => writeFileSync(join(folder, name), content.replaceAll(place, '/srv/polder')),
    copy: (name, as = name) => copyFileSync(join(place, name), join(folder, as)),
  }
  try {
    const { smtpPort, hookPort } = await receivers.start()
    const [sitePort, port, statusPort] = [await freePort(), await freePort(), await freePort()]
    const data = join(place, 'data')
    mkdirSync(data, { mode: 0o700 })
    tell('learning a week of normal days (simulated)')
    writeFileSync(join(data, 'feature-key'), `${FEATURE_KEY.toString(16).padStart(8, '0')}\n`, { mode: 0o600 })
    writeFileSync(join(data, 'baseline.bin'), baselineBytes(SHARE, 'sample'), { mode: 0o600 })
    writeFileSync(join(place, 'hook.secret'), `${SECRET}\n`, { mode: 0o600 })
    writeFileSync(join(place, 'polder.yaml'), settingsText({ sitePort, port, statusPort, smtpPort, hookPort }))
    evening.copy('polder.yaml')
    groups.push(new ChildGroup(process.execPath, [join(root, 'sample-site/main.ts'), '--port', String(sitePort), '--documents', '1000', '--quiet']))
    await said(groups[0], () => groups[0].out, 'sample site ')
    writeFileSync(join(place, 'agenda.ics'), agendaText(Date.now(), null))
    groups.push(new ChildGroup(join(root, 'bin/polder'), ['run'], { cwd: place, env: { USER: 'polder', LOGNAME: 'polder', SUDO_USER: '' } }))
    await said(groups[1], () => groups[1].err, '"msg":"ready"')
    await generator.hear('ready', START_MS)
    tell('the shield serves')

    const voteFromWallMs = await before(evening)
    generator.tell({ targets: [{ address: SERVER_ADDRESS, port }], plain: 0, tls: -1, host: HOST, site: 'sample', scenario: 'A2', seed: SEED, share: SHARE, phases: plan.phases, bare503: 'busy' })
    const { wallMs } = await generator.hear('began', START_MS)
    const firstByteWallMs = Math.round(wallMs) + plan.phases.warmMs
    tell(`visitors come; the flood begins at ${clock(firstByteWallMs)} UTC`)
    const told = await during(evening, firstByteWallMs)
    const ended = await generator.hear('ended', plan.phases.attackMs + 120_000)
    tell('the flood has ended')
    const score = scoreRun(ended.columns, plan.phases, [], wallMs)
    const incident = await after(evening)
    const posture = await lowered(evening)

    for (const group of groups.splice(0).toReversed()) await group.end()
    tell('shield and sample site are stopped')
    cpSync(join(place, 'status-page'), join(folder, 'status-page'), { recursive: true })
    await evening.people.type('ada', 'journal', 'export', 'journal')
    cpSync(join(place, 'journal'), join(folder, 'journal'), { recursive: true })
    const status = await checkStatusPage(join(folder, 'status-page'))
    const verified = await evening.people.type('ada', 'journal', 'verify', 'journal')
    evening.keep('journal-verify.txt', screen(verified))
    return {
      plan, firstByteWallMs, voteFromWallMs, ...told, ...posture, secret: SECRET, incident, score, withheldRequests: ended.withheldRequests, worstLatenessMs: ended.worstLatenessMs, status, verified,
      typed: evening.people.typed.map((one) => ({ ...one, out: one.out.replaceAll(place, '/srv/polder'), err: one.err.replaceAll(place, '/srv/polder') })),
    }
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${groups.map((group) => group.err.slice(-4_000)).join('\n')}`, { cause: error })
  } finally {
    await Promise.all([generator.end(), receivers.stop(), ...groups.map((group) => group.end())])
    rmSync(place, { recursive: true, force: true })
  }
}

/** script/console-tour keeps these beside it. */
const ofTheConsole: ReadonlySet<string> = new Set(['console', 'console.md'])

/** @throws when something lies there that no earlier tour has left. */
function emptied(folder: string): void {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => !ofTheConsole.has(name)) : []
  if (names.length > 0 && !(names.includes('agenda.ics') && names.includes('polder.yaml'))) throw new Error(`${folder} is there and holds no earlier tour: name a new folder`)
  for (const name of names) rmSync(join(folder, name), { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
}

/** Calm: who is told is tested, the vote is called, and the calendar says what will be. Returns when the vote begins. */
async function before({ plan, place, people, keep, copy, tell }: Evening): Promise<number> {
  await eventually('the record answers', START_MS, () => people.ask('calendar').then(() => true, () => false))
  await people.type('ada', 'alert', 'test')
  const fromWallMs = Math.ceil((Date.now() + plan.voteAfterMs) / 1_000) * 1_000
  writeFileSync(join(place, 'agenda.ics'), agendaText(Date.now(), { fromWallMs, untilWallMs: fromWallMs + plan.voteMs }))
  copy('agenda.ics')
  tell(`the agenda has the vote, from ${clock(fromWallMs)} to ${clock(fromWallMs + plan.voteMs)} UTC`)
  await people.type('ada', 'calendar', 'refresh')
  keep('calendar-before.txt', screen(await people.type('ada', 'calendar')))
  return fromWallMs
}

/** The flood: people are told, look, say that they know, report, and speak to the public. */
async function during({ people, receivers, keep, copy, tell }: Evening, firstByteWallMs: number): Promise<Pick<TourResult, 'mail' | 'hook' | 'incidentOpenWallMs' | 'earlyWarningMs'>> {
  await eventually('an alert has come by mail and webhook', firstByteWallMs - Date.now() + 40_000, () => attackAlert(receivers.mails) !== null && attackAlert(receivers.hooks) !== null)
  const [mail, hook] = [attackAlert(receivers.mails)!, attackAlert(receivers.hooks)!]
  tell(`alert: mail after ${seconds(mail.atWallMs - firstByteWallMs)}, webhook after ${seconds(hook.atWallMs - firstByteWallMs)}`)
  keep('alert-mail.eml', mail.text.replaceAll('\r\n', '\n'))
  keep('alert-webhook.json', `${JSON.stringify({ headers: hook.headers, body: JSON.parse(hook.text) as unknown }, null, 2)}\n`)
  await eventually('an incident is open', 20_000, async () => (await people.ask<IncidentSummary[]>('incident', 'list')).some((one) => one.closedAtWallMs === null))
  const [{ openedAtWallMs }] = await people.ask<IncidentSummary[]>('incident', 'list')

  keep('calendar-during.txt', screen(await people.type('ada', 'calendar')))
  keep('alert-open.txt', screen(await people.type('ada', 'alert', 'open')))
  await people.type('ada', 'alert', 'acknowledge', 'attack')
  await people.type('ada', 'incident', 'aware', 'open')
  await people.type('ada', 'incident', 'hypothesis', 'open', 'link to the vote')
  const early = await people.type('ada', 'incident', 'report', 'open', '--kind', 'early-warning', '--out', 'early-warning.html')
  keep('early-warning-missing.txt', screen(early))
  keep('incident.txt', screen(await people.type('ada', 'incident', 'show')))
  await people.type('ada', 'incident', 'answer', 'open', 'suspected-malicious', 'Yes: a flood of one kind of program from some hundred addresses. By whom and why is not known.')
  await people.type('ada', 'incident', 'answer', 'open', 'cross-border', 'None known.')
  await people.type('ada', 'incident', 'report', 'open', '--kind', 'early-warning', '--out', 'early-warning.html', '--force')
  await people.type('ada', 'incident', 'report', 'open', '--kind', 'early-warning', '--out', 'early-warning.pdf')
  copy('early-warning.html')
  copy('early-warning.pdf')
  await people.type('ada', 'incident', 'reported', 'open', '--kind', 'early-warning', '--to', 'CSIRT of Exampleland', '--file', 'early-warning.pdf')
  await statement(people, 'attack', firstByteWallMs, 'open')
  return { mail, hook, incidentOpenWallMs: openedAtWallMs, earlyWarningMs: early.tookMs }
}

/** Two people: one writes, the other reads it aloud and says yes. */
async function statement(people: People, template: 'attack' | 'over', firstByteWallMs: number, incident: string): Promise<void> {
  const before = await people.ask<{ readonly statements: readonly Statement[] }>('statement')
  await people.type('ben', 'statement', 'draft', '--template', template, '--incident', incident)
  const { statements } = await people.ask<{ readonly statements: readonly Statement[] }>('statement')
  const { id } = statements.find((one) => !before.statements.some((old) => old.id === one.id))!
  const began = local(firstByteWallMs, 'en')
  const next = local(Date.now() + 3_600_000, 'en')
  const words = template === 'attack'
    ? {
        en: ['--know', `Since ${began} our website has been flooded with requests in order to make it unreachable. Such an attack keeps visitors out; as far as we know, no data was read or changed.`, '--not-known', 'We do not know who is behind it. We do not know whether it is linked to tonight\'s vote; the time alone does not show that.', '--doing', 'We refuse the requests of the attack and keep the site readable. We have informed the national CSIRT.', '--next', `We will report again at ${next}.`],
        fr: ['--know', `Depuis ${local(firstByteWallMs, 'fr')}, notre site est submergé de requêtes qui visent à le rendre inaccessible. Une telle attaque empêche l'accès ; à notre connaissance, aucune donnée n'a été lue ni modifiée.`, '--not-known', 'Nous ne savons pas qui en est l\'auteur. Nous ne savons pas s\'il y a un lien avec le vote de ce soir ; le seul moment ne le montre pas.', '--doing', 'Nous refusons les requêtes de l\'attaque et gardons le site lisible. Nous avons informé le CSIRT national.', '--next', `Nous reprendrons la parole à ${local(Date.now() + 3_600_000, 'fr')}.`],
      }
    : {
        en: ['--know', `The attack that began at ${began} has ended. Our website works as usual.`, '--not-known', 'Who was behind it is being investigated. Whether it is linked to tonight\'s vote is not known.', '--next', 'We will publish a summary next week.'],
        fr: ['--know', `L'attaque qui a commencé à ${local(firstByteWallMs, 'fr')} a pris fin. Notre site fonctionne comme d'habitude.`, '--not-known', 'Une enquête doit établir qui en est l\'auteur. Un lien avec le vote de ce soir n\'est pas connu.', '--next', 'Nous publierons un résumé la semaine prochaine.'],
      }
  await people.type('ben', 'statement', 'draft', id, ...words.en)
  await people.type('ben', 'statement', 'draft', id, '--language', 'fr', ...words.fr)
  await people.type('ada', 'statement', 'approve', id)
  await people.type('ben', 'statement', 'publish', id)
}

/** The incident closes by itself; then the final report, the exports and the last word to the public. */
async function after({ plan, people, keep, copy, place, tell }: Evening): Promise<Incident> {
  writeFileSync(join(place, 'post.html'), '<!doctype html><title>Night Ferry</title><p>We stopped the parliament of Exampleland tonight.</p>\n')
  await people.type('ada', 'incident', 'evidence', 'last', 'post.html', '--provenance', 'page of the group, saved by ada')
  await people.type('ada', 'incident', 'claim', 'last', 'We stopped the parliament of Exampleland tonight.', '--by', 'a group that calls itself Night Ferry', '--where', 'its channel', '--source', 'E', '--credibility', '5', '--copy', 'evidence-1')
  tell('waiting for the incident to close by itself')
  await eventually('the incident is closed', plan.calmWithinMs, async () => (await people.ask<IncidentSummary[]>('incident', 'list'))[0].closedAtWallMs !== null, 1_000)
  const incident = await people.ask<Incident>('incident', 'show', 'last')
  for (const [field, answer] of [
    ['description', 'The search of our website was flooded on the evening of a vote. The flood was refused; the site stayed readable.'],
    ['severity', 'Low: at most some searches were slow or failed in the first seconds.'],
    ['impact', 'Some searches may have failed in the first seconds. No other service suffered.'],
    ['cause', 'A flood of requests from many addresses (a botnet).'],
    ['measures-applied', 'None beyond those listed.'],
    ['measures-ongoing', 'None.'],
  ] as const) await people.type('ada', 'incident', 'answer', 'last', field, answer)
  for (const name of ['final-report.html', 'final-report.pdf']) {
    keep('final-report-missing.txt', screen(await people.type('ada', 'incident', 'report', 'last', '--kind', 'final', '--out', name)))
    copy(name)
  }
  for (const name of ['incident.stix.json', 'incident.misp.json']) {
    await people.type('ada', 'incident', 'report', 'last', '--out', name)
    copy(name)
  }
  await people.type('ada', 'incident', 'export', 'last', '--out', 'archive')
  for (const name of ['timeline.md', 'incident.json']) copy(join('archive', name), name)
  keep('incident-closed.txt', screen(await people.type('ada', 'incident', 'show', '--all')))
  await statement(people, 'over', incident.figures.find((figure) => figure.code === 'start')?.value ?? incident.openedAtWallMs, 'last')
  keep('statements.txt', screen(await people.type('ben', 'statement', 'list', '--all')))
  return incident
}

/** The posture ends by itself after the vote. */
async function lowered({ plan, people, receivers, keep }: Evening): Promise<Pick<TourResult, 'postureFromWallMs' | 'postureUntilWallMs'>> {
  await eventually('the posture has ended', plan.calmWithinMs, async () => (await people.ask<CalendarExchanges['show']['answers']>('calendar')).now.length === 0, 1_000)
  keep('calendar-after.txt', screen(await people.type('ada', 'calendar')))
  const rises = receivers.mails.find(({ text }) => /^Subject: .*Posture alert:/m.test(unfolded(text)))
  if (rises === undefined) throw new Error('nobody was told of the posture')
  keep('alert-posture-mail.eml', rises.text.replaceAll('\r\n', '\n'))
  const journal = await people.type('ada', 'journal', 'list', '--kind', 'posture')
  keep('calendar-journal.txt', screen(journal))
  const entries = await people.lines<{ readonly atWallMs: number; readonly data: { readonly what?: string } | null }>('journal', 'list', '--all', '--kind', 'posture')
  const at = (what: string): number => entries.find((entry) => entry.data?.what === what)?.atWallMs ?? Number.NaN
  return { postureFromWallMs: at('begins'), postureUntilWallMs: at('ends') }
}

/** As on a terminal: the command, then what it said. */
function screen({ who, line, out, err }: Typed): string {
  return `${who}$ ${line}\n${out}${err}`
}

function clock(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(11, 19)
}

function local(wallMs: number, language: string): string {
  return new Intl.DateTimeFormat(language === 'fr' ? 'fr-BE' : 'en-GB', { timeZone: 'Europe/Brussels', hour: '2-digit', minute: '2-digit' }).format(wallMs)
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

async function said(group: ChildGroup, text: () => string, wanted: string): Promise<void> {
  await eventually(`${group.command} says ${wanted}`, START_MS, () => {
    if (group.hasEnded) throw new Error(`${group.command} ended: ${group.err.slice(-2_000)}`)
    return text().includes(wanted)
  })
}

async function eventually(what: string, withinMs: number, holds: () => boolean | Promise<boolean>, everyMs = 100): Promise<void> {
  const until = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`not within ${seconds(withinMs)}: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
