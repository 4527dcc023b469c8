/**
 * From the settings of a channel to the way it sends. Made anew for every try: secrets and authorities are then what stands in their files now, and stand in no
 * memory longer than needed. What is missing becomes a trouble that is shown, never a reason not to start.
 */
import { readFileSync } from 'node:fs'
import type { Clock } from '../../kernel/clock.ts'
import { readSecretFile } from '../../kernel/secret-file.ts'
import { chatSender } from './chat.ts'
import { mailSender } from './mail.ts'
import type { Sender } from './message.ts'
import { type ChannelSettings, needsSecret } from './options.ts'
import { syslogSender } from './syslog.ts'
import { signingKey, webhookSender } from './webhook.ts'

export interface SenderParts {
  readonly clock: Clock
  readonly hostname: string
  readonly version: string
  readonly pid: number
  readonly timeoutMs: number
  /** From the environment, by name. */
  readonly secrets: Readonly<Record<string, string>>
}

/** `trouble` '' : none; else why nothing can be sent. */
export function makeSender(channel: ChannelSettings, parts: SenderParts): { readonly sender: Sender; readonly trouble: string } {
  const unusable = (to: string, trouble: string): { sender: Sender; trouble: string } => ({ trouble, sender: { to, send: () => Promise.resolve({ ok: false, retry: true, sentence: trouble }) } })
  const { kind } = channel
  const to = channel.server === '' ? kind : channel.server
  const read = secretOf(channel, parts.secrets)
  if ('trouble' in read) return unusable(to, read.trouble)
  const { secret } = read
  let ca: string | null = null
  if (channel.tlsCaFile !== '') {
    try {
      ca = readFileSync(channel.tlsCaFile, 'utf8')
    } catch (error) {
      return unusable(to, `tlsCaFile cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`)
    }
  }
  if (kind === 'mail') {
    if (channel.user !== '' && secret === '') return unusable(to, `the password of ${channel.user} is missing: name a secretFile`)
    return { trouble: '', sender: mailSender(channel, secret, ca, parts.hostname, parts.timeoutMs) }
  }
  if (kind === 'syslog') return { trouble: '', sender: syslogSender(channel, ca, parts.hostname, parts.version, parts.pid) }
  const secretIsUrl = needsSecret[kind] === 'url or secret'
  const address = secretIsUrl && channel.url === '' ? secret : channel.url
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) return unusable(to, secretIsUrl ? 'the URL of the incoming webhook is missing, or what secretFile holds is no URL' : 'url is missing')
  const url = new URL(address)
  if (kind === 'webhook') {
    const key = signingKey(secret)
    return key === null ? unusable(url.origin, 'the signing key is missing, or is not whsec_ and 24 to 64 bytes in base64: make one with: echo "whsec_$(openssl rand -base64 32)"') : { trouble: '', sender: webhookSender(url, key, ca, parts.clock) }
  }
  if (kind === 'matrix' && secret === '') return unusable(url.origin, 'the access token is missing: name a secretFile')
  return { trouble: '', sender: chatSender(kind, url, secretIsUrl ? '' : secret, channel.room, ca) }
}

/** '' when the channel names none. */
function secretOf({ secretFile, secretEnvironment }: ChannelSettings, secrets: Readonly<Record<string, string>>): { readonly secret: string } | { readonly trouble: string } {
  if (secretFile !== '') return readSecretFile(secretFile)
  if (secretEnvironment === '') return { secret: '' }
  const secret = Object.hasOwn(secrets, secretEnvironment) ? secrets[secretEnvironment] : ''
  return secret === '' ? { trouble: `${secretEnvironment} is not set in the environment of Polder` } : { secret }
}
