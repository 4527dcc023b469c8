/** What the tour sets: a small parliament's polder.yaml with the times that must pass in minutes instead of hours made short, and its calendar. */

/** Shorter than in real life so that rising and falling is seen; each is named in the README of the tour. */
export const shortened = Object.freeze({
  calendarBefore: '15s', calendarAfter: '20s', calmDwell: '5s', closeAfterCalm: '10s', alertCalmFor: '5s',
})

export interface Places {
  readonly sitePort: number
  readonly port: number
  readonly statusPort: number
  readonly smtpPort: number
  readonly hookPort: number
}

export const VOTE = 'Plenary: final vote on the Lake Crossings Bill'

export function settingsText({ sitePort, port, statusPort, smtpPort, hookPort }: Places): string {
  return `listen: 127.0.0.1:${port}
origin: http://127.0.0.1:${sitePort}
workers: 1
dataDir: data
admin: {listen: off}
site: {name: Parliament of Exampleland, contact: press@parliament.example}
routes:
  - {path: /search, class: search}
  - {path: "/api/*", class: api, exempt: true}

calendar:
  timeZone: Europe/Brussels
  sources: [plenary=agenda.ics]
  alertWords: [vote*, resolution]
  beforeMs: ${shortened.calendarBefore}      # 6h when left out; short here, to be seen in minutes
  afterMs: ${shortened.calendarAfter}       # 12h
alert:
  timeZone: Europe/Brussels
  calmForMs: ${shortened.alertCalmFor}      # 60s
  channels:
    - {name: duty, kind: mail, server: "127.0.0.1:${smtpPort}", tls: none, from: polder@parliament.example, to: [duty@parliament.example], atLeast: info}
    - {name: csirt, kind: webhook, url: "http://127.0.0.1:${hookPort}/alerts", secretFile: hook.secret}
report:
  institution: Parliament of Exampleland
  site: www.parliament.example
  contact: Duty desk, +32 2 000 00 00, duty@parliament.example
  regime: nis2-essential
  country: BE
  authority: CSIRT of Exampleland
  timeZone: Europe/Brussels
statements:
  listen: 127.0.0.1:${statusPort}
  exportFolder: status-page
  languages: [en, fr]
  fourEyes: true
detection: {calmDwellMs: ${shortened.calmDwell}}         # 60s
incident: {closeAfterCalmMs: ${shortened.closeAfterCalm}}   # 30m
`
}

/** A weekly plenary from next week on, a visit of a school that no word names, and the vote once it is called. */
export function agendaText(nowWallMs: number, vote: { readonly fromWallMs: number; readonly untilWallMs: number } | null): string {
  const day = 86_400_000
  const lines = [
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Parliament of Exampleland//Agenda//EN',
    ...(vote === null ? [] : event('vote-lake-crossings', VOTE, vote.fromWallMs, vote.untilWallMs, 'CATEGORIES:Votes')),
    ...event('sitting-weekly', 'Plenary: votes of the week', nowWallMs + 7 * day, nowWallMs + 7 * day + 7_200_000, 'RRULE:FREQ=WEEKLY;COUNT=8'),
    ...event('school-visit', 'Visit of the primary school of Skerra', nowWallMs + day, nowWallMs + day + 3_600_000),
    'END:VCALENDAR',
  ]
  return lines.map((line) => `${line}\r\n`).join('')
}

function event(uid: string, title: string, fromWallMs: number, untilWallMs: number, ...more: readonly string[]): string[] {
  return ['BEGIN:VEVENT', `UID:${uid}@parliament.example`, `DTSTAMP:${stamp(fromWallMs)}`, `DTSTART:${stamp(fromWallMs)}`, `DTEND:${stamp(untilWallMs)}`, `SUMMARY:${title}`, ...more, 'END:VEVENT']
}

function stamp(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}
