/**
 * The channels of alerts: does each have what its kind needs, and nothing that would do nothing? And can its files be used? A missing secret is a warning:
 * it must not keep a shield from starting in the middle of an attack; the channel itself shows the trouble.
 */
import { accessSync, constants } from 'node:fs'
import { type ChannelSettings, channelFields, channelOptions, everyChannelField, needsSecret } from '../record/alert/options.ts'
import type { Option } from '../kernel/option.ts'
import { readSecretFile } from '../kernel/secret-file.ts'
import type { Findings } from './explain.ts'
import { nearestWord } from './did-you-mean.ts'

export const channelPath = (index: number): string => `alert.channels[${index}]`

/** Judges those that are valid one by one (null: not). `written` says whether a key stands in the file. */
export function checkChannels(channels: ReadonlyArray<ChannelSettings | null>, written: (path: string) => boolean, findings: Findings): void {
  const seen = new Map<string, number>()
  channels.forEach((channel, i) => {
    const at = channelPath(i)
    if (channel === null) return
    if (!written(`${at}.name`)) findings.add({ code: 'missing', path: `${at}.name`, message: 'is missing: how commands and the journal call this channel', mend: 'add "name: duty-mail"' })
    if (!written(`${at}.kind`)) findings.add({ code: 'missing', path: `${at}.kind`, message: 'is missing: what is at the other end', allowed: channelOptions.kind.choices.join(', ') })
    if (!written(`${at}.name`) || !written(`${at}.kind`)) return
    const first = seen.get(channel.name)
    if (first === undefined) seen.set(channel.name, i)
    else findings.add({ code: 'duplicate', path: `${at}.name`, message: `is the name of ${channelPath(first)} too`, mend: 'give each channel a name of its own' })
    checkFields(channel, at, written, findings)
    checkSecrecy(channel, at, findings)
  })
}

function checkFields(channel: ChannelSettings, at: string, written: (path: string) => boolean, findings: Findings): void {
  const { needs, may } = channelFields[channel.kind]
  for (const field of needs) {
    const value = channel[field]
    if (Array.isArray(value) ? value.length === 0 : value === '') findings.add({ code: 'missing', path: `${at}.${field}`, message: `is missing: a channel of kind ${channel.kind} needs it`, allowed: formOf(field) })
  }
  for (const field of Object.keys(channelOptions) as Array<keyof typeof channelOptions>) {
    if (!written(`${at}.${field}`) || needs.includes(field) || may.includes(field) || everyChannelField.includes(field)) continue
    const meant = nearestWord(field, [...needs, ...may])
    findings.add({ code: 'no-effect', path: `${at}.${field}`, message: `does nothing for a channel of kind ${channel.kind}`, allowed: [...needs, ...may].join(', '), mend: meant === '' ? 'remove this line' : `did you mean ${meant}?` })
  }
  if (channel.secretFile !== '' && channel.secretEnvironment !== '') findings.add({ code: 'conflict', path: `${at}.secretEnvironment`, message: 'stands beside secretFile', mend: 'keep one of the two' })
  const named = channel.secretFile !== '' || channel.secretEnvironment !== ''
  const wanted = needsSecret[channel.kind]
  if (wanted === 'secret' && !named) findings.add({ code: 'missing', path: `${at}.secretFile`, message: `is missing: a channel of kind ${channel.kind} needs a secret`, mend: channel.kind === 'webhook' ? 'make one: umask 077; echo "whsec_$(openssl rand -base64 32)" > FILE' : 'put the access token into a file of its own (chmod 600) and name it' })
  if (wanted === 'url or secret' && channel.url === '' && !named) findings.add({ code: 'missing', path: `${at}.secretFile`, message: 'is missing: the file that holds the URL of the incoming webhook', mend: 'put the URL into a file of its own (chmod 600) and name it' })
  if (wanted === 'url or secret' && channel.url !== '' && named) findings.add({ code: 'conflict', path: `${at}.url`, message: 'stands beside a secret that holds the URL', mend: 'keep the secret' })
  if (channel.kind === 'mail' && channel.user !== '' && !named) findings.add({ code: 'missing', path: `${at}.secretFile`, message: `is missing: the password of ${channel.user}`, mend: 'put it into a file of its own (chmod 600) and name it' })
  if (channel.kind === 'mail' && channel.user === '' && named) findings.add({ code: 'no-effect', path: `${at}.${channel.secretFile === '' ? 'secretEnvironment' : 'secretFile'}`, message: 'does nothing without user', mend: 'add user, or remove this line' })
  if (channel.kind === 'matrix' && channel.room !== '' && !/^!.+:.+/.test(channel.room)) findings.add({ code: 'wrong-form', path: `${at}.room`, message: 'is not the id of a room', allowed: '!…:server, as the settings of the room show it' })
  if (channel.kind === 'ntfy' && !/^[\w-]{0,64}$/.test(channel.room)) findings.add({ code: 'wrong-form', path: `${at}.room`, message: 'is not a topic of ntfy', allowed: 'letters, digits, - and _, at most 64' })
  if (channel.kind === 'syslog' && channel.transport !== 'tls' && channel.tlsCaFile !== '') findings.add({ code: 'no-effect', path: `${at}.tlsCaFile`, message: `does nothing with transport: ${channel.transport}`, mend: 'remove this line, or write transport: tls' })
  if (written(`${at}.throughQuiet`) && channel.quiet.length === 0) findings.add({ code: 'no-effect', path: `${at}.throughQuiet`, message: 'does nothing without quiet', mend: 'add quiet, or remove this line' })
}

function formOf(field: keyof typeof channelOptions): string {
  const option: Option = channelOptions[field]
  return option.kind === 'text' || option.kind === 'textList' ? option.form : ''
}

/** What goes out readable for others on the way. */
function checkSecrecy(channel: ChannelSettings, at: string, findings: Findings): void {
  if (channel.kind === 'mail' && channel.tls === 'none' && !isLoopback(channel.server)) findings.add({ severity: 'warning', code: 'exposed', path: `${at}.tls`, message: `sends mail${channel.user === '' ? '' : ', and its password,'} unprotected`, mend: 'write tls: starttls' })
  if (channel.url.startsWith('http:') && !isLoopback(new URL(channel.url).host)) findings.add({ severity: 'warning', code: 'exposed', path: `${at}.url`, message: 'is not protected on its way (http://)', mend: 'write https://' })
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?$/.test(host)
}

/** Read by whoever checks or starts: what cannot be used is a warning with its mend. */
export function checkChannelFiles(channels: readonly ChannelSettings[], environment: Readonly<Record<string, string>>, findings: Findings): void {
  channels.forEach((channel, i) => {
    const at = channelPath(i)
    const warn = (key: string, message: string): void => findings.add({ severity: 'warning', code: 'file-unreadable', path: `${at}.${key}`, message: `${message}; until then this channel sends nothing`, mend: 'mend it; no reload is needed' })
    if (channel.secretFile !== '') {
      const read = readSecretFile(channel.secretFile)
      if ('trouble' in read) warn('secretFile', read.trouble)
    }
    if (channel.secretEnvironment !== '' && (environment[channel.secretEnvironment] ?? '') === '') findings.add({ severity: 'warning', code: 'missing', path: `${at}.secretEnvironment`, message: 'is not set in this environment; without it this channel sends nothing', mend: 'set it where Polder is started (systemctl edit polder)' })
    if (channel.tlsCaFile !== '') {
      try {
        accessSync(channel.tlsCaFile, constants.R_OK)
      } catch (error) {
        warn('tlsCaFile', `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`)
      }
    }
  })
}

/** For `polder check --effective`: no URL whose path may be a password. */
export function channelText(channel: ChannelSettings): string {
  const { kind, name } = channel
  const to = kind === 'mail' ? `${channel.to.join(', ')} by ${channel.server}` : kind === 'syslog' ? `${channel.transport}://${channel.server}` : channel.url === '' ? 'the URL in its secret' : `${new URL(channel.url).origin}/…`
  const when = [`from ${channel.atLeast}`, ...(channel.afterMs > 0 ? [`after ${Math.round(channel.afterMs / 60_000)} min without acknowledgement`] : []), ...(channel.quiet.length > 0 ? [`quiet ${channel.quiet.join(', ')}`] : [])]
  return `${name}: ${kind} to ${to}; ${when.join('; ')}`
}
