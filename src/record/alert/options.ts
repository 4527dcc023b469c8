import type { OptionTable, OptionValues } from '../../kernel/option.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/units.ts'
import { parseQuietHours, quietForm } from './quiet-hours.ts'

function timeZoneProblem(value: string): string | null {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: value }).resolvedOptions().timeZone === '' ? 'is no time zone' : null
  } catch {
    return 'is no time zone that this machine knows'
  }
}

/** Who is told when, for all channels. Nothing is sent anywhere without a channel. */
export const alertOptions = {
  timeZone: {
    kind: 'text', default: 'UTC', form: 'a name of the IANA time zone database, like Europe/Brussels', check: timeZoneProblem, applies: 'live',
    sentence: 'Time zone of the people who are told: quiet hours are counted in it, and times in messages are written in it, beside UTC.',
  },
  reminderMs: {
    kind: 'durationMs', min: 0, max: 7 * DAY_MS, default: 2 * HOUR_MS, applies: 'live',
    sentence: 'What is not over and not acknowledged is told again after this long. 0: never again.',
  },
  strainForMs: {
    kind: 'durationMs', min: 0, max: HOUR_MS, default: 30 * SECOND_MS, applies: 'live',
    sentence: 'The state STRAIN is told when it has lasted this long: on the way to ATTACK it is passed in seconds. ATTACK and EMERGENCY are told at once.',
  },
  calmForMs: {
    kind: 'durationMs', min: 0, max: HOUR_MS, default: 60 * SECOND_MS, applies: 'live',
    sentence: 'Something is told to be over when it has been away for this long.',
  },
  stormMost: {
    kind: 'count', min: 4, max: 1_000, default: 30, applies: 'live',
    sentence: 'Messages that one channel sends within stormMs at most; a quarter of them is kept for what is critical. The rest is told in one message that lists them.',
  },
  stormMs: {
    kind: 'durationMs', min: MINUTE_MS, max: DAY_MS, default: 10 * MINUTE_MS, applies: 'live',
    sentence: 'The time over which stormMost counts.',
  },
  queueMost: {
    kind: 'count', min: 10, max: 1_000, default: 100, applies: 'live',
    sentence: 'Messages that wait in one channel at most, while the other side does not answer. When it is full, the oldest of the least severity is given up.',
  },
  timeoutMs: {
    kind: 'durationMs', min: SECOND_MS, max: MINUTE_MS, default: 10 * SECOND_MS, applies: 'live',
    sentence: 'Time for one message, from connecting to the answer of the other side.',
  },
  giveUpMs: {
    kind: 'durationMs', min: MINUTE_MS, max: DAY_MS, default: 2 * HOUR_MS, applies: 'live',
    sentence: 'A message that cannot be delivered is tried again, ever more rarely, for this long.',
  },
} as const satisfies OptionTable

export type AlertSettings = OptionValues<typeof alertOptions>

export const channelKinds = Object.freeze(['mail', 'webhook', 'mattermost', 'slack', 'matrix', 'ntfy', 'teams', 'syslog'] as const)
export type ChannelKind = (typeof channelKinds)[number]

function urlProblem(value: string): string | null {
  if (value === '') return null
  if (!URL.canParse(value)) return 'is not a URL'
  const { protocol, username, password, hash } = new URL(value)
  if (protocol !== 'https:' && protocol !== 'http:') return 'must begin with https:// or http://'
  if (username !== '' || password !== '') return 'must not hold a user name or password: put them into secretFile'
  return hash === '' ? null : 'must not have a #part'
}

function serverProblem(value: string): string | null {
  if (value === '') return null
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]{1,253})):(\d{1,5})$/i.exec(value)
  if (match === null) return 'is not host:port'
  return Number(match[3]) >= 1 && Number(match[3]) <= 65_535 ? null : 'has a port that does not exist'
}

/** Plain addresses only, and one at a time: what else a header field could hold has no place here. */
function mailProblem(value: string): string | null {
  return value === '' || /^[^\s<>,;:"()[\]\\@]{1,64}@[a-z0-9.-]{1,253}$/i.test(value) ? null : 'is not a plain mail address'
}

/** One channel of the list alert.channels. */
export const channelOptions = {
  name: {
    kind: 'text', default: '', form: 'a name of lower-case letters, digits and hyphens, at most 40', applies: 'live', check: (value) => (/^[a-z0-9][a-z0-9-]{0,39}$/.test(value) ? null : 'is not a channel name'),
    sentence: 'How commands, metrics and the journal call this channel. Required.',
  },
  kind: { kind: 'choice', choices: channelKinds, default: 'mail', applies: 'live', sentence: 'What is at the other end. Required.' },
  atLeast: { kind: 'choice', choices: ['info', 'warning', 'critical'], default: 'warning', applies: 'live', sentence: 'Told from this severity on.' },
  afterMs: {
    kind: 'durationMs', min: 0, max: DAY_MS, default: 0, applies: 'live',
    sentence: 'Escalation: told only when nobody has acknowledged the alert for this long (`polder alert acknowledge`). 0: told at once.',
  },
  quiet: {
    kind: 'textList', default: [], maxItems: 14, form: quietForm, applies: 'live', check: (value) => (parseQuietHours(value) === null ? 'cannot be read as quiet hours' : null),
    sentence: 'Quiet hours, by the clock of alert.timeZone. What comes then is held and told when they end.',
  },
  throughQuiet: { kind: 'choice', choices: ['warning', 'critical', 'nothing'], default: 'critical', applies: 'live', sentence: 'From this severity on, quiet hours do not count.' },
  over: { kind: 'flag', default: true, applies: 'live', sentence: 'Also tell when something is over.' },
  url: {
    kind: 'text', default: '', form: 'https://host/path', check: urlProblem, applies: 'live',
    sentence: 'Where to post. webhook: your receiver; matrix: the home server; ntfy: the server; mattermost, slack, teams: the incoming webhook, which is a secret by itself and is better kept in secretFile.',
  },
  server: { kind: 'text', default: '', form: 'host:port, like mail.example.org:587 or "[2001:db8::25]:25"', check: serverProblem, applies: 'live', sentence: 'mail: the SMTP server. syslog: the collector.' },
  tls: {
    kind: 'choice', choices: ['starttls', 'tls', 'none'], default: 'starttls', applies: 'live',
    sentence: 'mail: how the connection is kept private. `starttls` is required of the server, never only hoped for; `none` only on a network of your own.',
  },
  transport: { kind: 'choice', choices: ['udp', 'tcp', 'tls'], default: 'tls', applies: 'live', sentence: 'syslog: UDP (RFC 5426), TCP with octet counting (RFC 6587) or TLS (RFC 5425).' },
  form: { kind: 'choice', choices: ['text', 'cef'], default: 'text', applies: 'live', sentence: 'syslog: the message as text, or in the Common Event Format.' },
  facility: { kind: 'choice', choices: ['daemon', 'auth', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'], default: 'local0', applies: 'live', sentence: 'syslog: the facility.' },
  tlsCaFile: { kind: 'text', default: '', form: 'the path of a PEM file', applies: 'live', sentence: 'Authorities to trust for this channel, instead of those of the system: for an authority of your own.' },
  from: { kind: 'text', default: '', form: 'a mail address', check: mailProblem, applies: 'live', sentence: 'mail: the sender.' },
  to: { kind: 'textList', default: [], maxItems: 32, form: 'mail addresses', check: mailProblem, applies: 'live', sentence: 'mail: who gets it.' },
  user: { kind: 'text', default: '', form: 'a user name', applies: 'live', sentence: 'mail: the user name at the SMTP server; its password is the secret.' },
  room: {
    kind: 'text', default: '', form: 'matrix: !room:server; ntfy: a topic', applies: 'live', check: (value) => (/^[!#]?[\w.:=/+-]{0,255}$/.test(value) ? null : 'is neither a room id nor a topic'),
    sentence: 'matrix: the id of the room (!…:server). ntfy: the topic.',
  },
  secretFile: {
    kind: 'text', default: '', form: 'the path of a file that only the user that runs Polder may read (chmod 600)', applies: 'live',
    sentence: 'The secret, in a file of its own. mail: the password; webhook: the signing key (whsec_…); matrix, ntfy: the access token; mattermost, slack, teams: the whole URL. Read anew for every message, so that a changed one needs no reload; never shown.',
  },
  secretEnvironment: {
    kind: 'text', default: '', form: 'a name that begins with POLDER_SECRET_', applies: 'live', check: (value) => (value === '' || /^POLDER_SECRET_[A-Z0-9_]{1,64}$/.test(value) ? null : 'must begin with POLDER_SECRET_, in capitals'),
    sentence: 'The same secret from the environment instead of a file.',
  },
} as const satisfies OptionTable

/** Secrets are not in it: they are read when something is sent (make-sender.ts). */
export type ChannelSettings = OptionValues<typeof channelOptions>

type Field = keyof typeof channelOptions

/** What each kind needs and may have beside the fields of every channel; anything else would do nothing and is refused. */
export const channelFields: Readonly<Record<ChannelKind, { readonly needs: readonly Field[]; readonly may: readonly Field[] }>> = {
  mail: { needs: ['server', 'from', 'to'], may: ['tls', 'tlsCaFile', 'user', 'secretFile', 'secretEnvironment'] },
  webhook: { needs: ['url'], may: ['tlsCaFile', 'secretFile', 'secretEnvironment'] },
  mattermost: { needs: [], may: ['url', 'tlsCaFile', 'secretFile', 'secretEnvironment'] },
  slack: { needs: [], may: ['url', 'tlsCaFile', 'secretFile', 'secretEnvironment'] },
  teams: { needs: [], may: ['url', 'tlsCaFile', 'secretFile', 'secretEnvironment'] },
  matrix: { needs: ['url', 'room'], may: ['tlsCaFile', 'secretFile', 'secretEnvironment'] },
  ntfy: { needs: ['url', 'room'], may: ['tlsCaFile', 'secretFile', 'secretEnvironment'] },
  syslog: { needs: ['server'], may: ['transport', 'form', 'facility', 'tlsCaFile'] },
}
export const everyChannelField: readonly Field[] = ['name', 'kind', 'atLeast', 'afterMs', 'quiet', 'throughQuiet', 'over']
/** Kinds that cannot do without a secret; for the last three it is the URL, which may stand in `url` instead. */
export const needsSecret: Readonly<Partial<Record<ChannelKind, 'secret' | 'url or secret'>>> = { webhook: 'secret', matrix: 'secret', mattermost: 'url or secret', slack: 'url or secret', teams: 'url or secret' }

export const MAX_CHANNELS = 32
