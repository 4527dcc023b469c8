/**
 * Which feature's options stand in which section of polder.yaml. A new feature adds its lines here; the parser, `polder check`,
 * the JSON Schema and the manual follow. This file and schema.ts are all that a new section touches.
 */
import type { OptionTable, OptionValues } from '../kernel/option.ts'
import { crawlerOptions } from '../controlplane/crawlers/options.ts'
import { detectionOptions } from '../controlplane/detection/options.ts'
import { mitigationOptions } from '../controlplane/mitigation/options.ts'
import { networkDataOptions } from '../controlplane/network-data/options.ts'
import { accessLogOptions } from '../dataplane/access-log/options.ts'
import { admissionOptions } from '../dataplane/admission/options.ts'
import { cacheOptions } from '../dataplane/cache/options.ts'
import { challengeOptions } from '../dataplane/challenge/options.ts'
import { edgeOptions } from '../dataplane/edge/options.ts'
import { originOptions } from '../dataplane/origin/options.ts'
import { siteOptions } from '../dataplane/pages/options.ts'
import { lifelineOptions } from '../lifeline/options.ts'
import { admitOptions } from '../dataplane/rules/options.ts'
import { calendarOptions } from '../record/calendar/options.ts'
import { alertOptions, channelOptions } from '../record/alert/options.ts'
import { incidentOptions } from '../record/incident/options.ts'
import { journalOptions } from '../record/journal/options.ts'
import { reportOptions } from '../record/report/options.ts'
import { statementOptions } from '../record/statement/options.ts'
import { consoleOptions } from '../surfaces/console/options.ts'
import { waitingRoomOptions } from '../dataplane/waiting-room/options.ts'

export const sectionTables = {
  origin: originOptions,
  edge: edgeOptions,
  cache: cacheOptions,
  admission: admissionOptions,
  admit: admitOptions,
  crawlers: crawlerOptions,
  detection: detectionOptions,
  mitigation: mitigationOptions,
  networkData: networkDataOptions,
  challenge: challengeOptions,
  lifeline: lifelineOptions,
  waitingRoom: waitingRoomOptions,
  site: siteOptions,
  log: accessLogOptions,
  journal: journalOptions,
  incident: incidentOptions,
  calendar: calendarOptions,
  statements: statementOptions,
  report: reportOptions,
  alert: alertOptions,
  console: consoleOptions,
} as const satisfies Readonly<Record<string, OptionTable>>

export type SectionName = keyof typeof sectionTables
export type SectionValues = { readonly [S in SectionName]: OptionValues<(typeof sectionTables)[S]> }

export const sectionNames = Object.keys(sectionTables) as SectionName[]

/** A sentence per section, for the manual and the JSON Schema. */
export const sectionSentences: Readonly<Record<SectionName, string>> = {
  origin: 'The web server that Polder protects, and the way to it.',
  edge: 'Limits towards visitors: connections, deadlines, sizes, TLS, HTTP/2 abuse.',
  cache: 'The shared cache: what is stored, how long, and when an old copy may be shown.',
  admission: 'How many requests may be at the origin at once, and who waits.',
  admit: 'Machines that are always let through: health checks and uptime monitors. See also rules with action allow, and routes with exempt.',
  crawlers: 'How search engines prove who they are: no automatic rule touches a verified crawler. A name in a User-Agent proves nothing.',
  detection: 'When traffic stands out, when the origin suffers, and how long it must be calm again.',
  mitigation: 'What rules that Polder writes by itself may do, and how much harm they may risk.',
  networkData: 'Your files of countries and network operators (AS numbers) by address: they make reports readable and never block anyone.',
  challenge: 'The short check that a rule may put before a page: docs/operator/challenge.md.',
  waitingRoom: 'Turns in order of arrival while the origin is full: docs/operator/waiting-room.md.',
  lifeline: 'The last good copy of the public site: gathered in calm times, shown while the origin fails. docs/operator/lifeline.md.',
  site: 'The institution, as the pages show it that Polder itself sends: check, overload, error.',
  log: 'The access log.',
  journal: 'The journal: what happened, who did what, and figures of the traffic, each entry bound to the one before: docs/operator/journal.md.',
  incident: 'When an incident is opened and closed by itself, and how long what belongs to it is kept.',
  calendar: 'Events that make the shield more watchful for a while: docs/operator/calendar.md.',
  statements: 'The public status page: what people are told. docs/operator/statements.md.',
  report: 'Who reports an incident, under which law, to whom.',
  console: 'What operators see in a browser, and who may: docs/operator/console.md.',
  alert: 'Who is told when something happens, and how: docs/operator/alerts.md. Without channels nobody is told, and nothing is sent anywhere.',
}

/** Options of a table that are written elsewhere in the file, in a friendlier form, and filled in from there. */
export const writtenElsewhere: Readonly<Record<string, string>> = {
  'edge.trustedProxies': 'trustedProxies',
}

/** Options that name a file, or files: made absolute, from the folder of the settings file. */
export const fileOptions: readonly string[] = ['origin.tlsCaFile', 'cache.diskPath', 'log.file', 'crawlers.rangeFiles', 'networkData.countryFile', 'statements.exportFolder', 'networkData.asnFile', 'console.tlsCertFile', 'console.tlsKeyFile']

/** Options whose values are `NAME=FILE or URL`: the file is made absolute. */
export const namedFileOptions: readonly string[] = ['calendar.sources']

/** Options whose value is never repeated in a message: what stands there by mistake may be the secret itself. */
const neverShown: ReadonlySet<string> = new Set(['admit.probeSecretSha256', 'calendar.sources'])

/** Of an alert channel only what its known settings other than the URL hold is shown: somebody may have written `password: …`. */
export function isNeverShown(path: string): boolean {
  const inChannel = /^alert\.channels(?:\[\d+\](?:\.(\w+).*)?)?$/.exec(path)
  if (inChannel === null) return neverShown.has(path)
  return inChannel[1] === undefined || inChannel[1] === 'url' || !Object.hasOwn(channelOptions, inChannel[1])
}
