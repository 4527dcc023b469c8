/**
 * Mail by SMTP: one connection for each message, plain text only, no link. STARTTLS is demanded where it is set, never only hoped for (a stripped STARTTLS
 * would send the password in the clear). The whole exchange has one deadline: then the connection is destroyed, whatever the server does.
 */
import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import MailComposer from 'nodemailer/lib/mail-composer'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { type AlertMessage, body, headline, oneLine, type Sender, type SendResult } from './message.ts'
import type { ChannelSettings } from './options.ts'
import { splitServer } from './server-name.ts'

/** `ca` : the PEM text of the channel's own authority, or null. `hostname`: what EHLO says. */
export function mailSender(channel: ChannelSettings, password: string, ca: string | null, hostname: string, timeoutMs: number): Sender {
  const { host, port } = splitServer(channel.server)
  return {
    to: `${channel.to.join(', ')} by ${channel.server}`,
    async send(message, signal) {
      const raw = await compose(message, channel)
      return deliver(raw, channel, password, signal, {
        host, port, name: hostname,
        secure: channel.tls === 'tls', requireTLS: channel.tls === 'starttls', ignoreTLS: channel.tls === 'none',
        connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, dnsTimeout: timeoutMs, socketCloseTimeout: 1_000, maxResponseSize: 65_536,
        tls: { minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) },
      })
    },
  }
}

/** The alert, its reminders and its end are one thread in a mail program. */
async function compose(message: AlertMessage, channel: ChannelSettings): Promise<Buffer> {
  const domain = channel.from.slice(channel.from.lastIndexOf('@') + 1)
  const thread = createHash('sha256').update(`${message.key} ${message.sinceWallMs}`).digest('hex').slice(0, 32)
  const first = `<${thread}@${domain}>`
  const own = `<${message.id}@${domain}>`
  return new MailComposer({
    from: { name: `Polder${message.site === '' ? '' : ` (${oneLine(message.site, 60)})`}`, address: channel.from },
    to: channel.to.map((address) => ({ name: '', address })),
    subject: headline(message),
    text: `${body(message)}\n`,
    date: new Date(message.atWallMs),
    messageId: own,
    references: [first],
    headers: {
      // RFC 3834: no answering machine shall answer. The others are what mail programs and pagers sort by.
      'Auto-Submitted': 'auto-generated',
      'X-Polder-Key': message.key,
      'X-Polder-Severity': message.severity,
      ...(message.severity === 'critical' && message.kind !== 'over' && message.kind !== 'test' ? { Importance: 'high', 'X-Priority': '1 (Highest)' } : {}),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: 'win',
  }).compile().build()
}

type Failure = Error & { readonly code?: string; readonly responseCode?: number; readonly response?: string }

function deliver(raw: Buffer, channel: ChannelSettings, password: string, signal: AbortSignal, options: ConstructorParameters<typeof SMTPConnection>[0]): Promise<SendResult> {
  return new Promise((resolve) => {
    const connection = new SMTPConnection(options)
    const end = (result: SendResult): void => {
      signal.removeEventListener('abort', onAbort)
      // First: leaving brings an 'end' of its own.
      resolve(result)
      if (result.ok) connection.quit()
      connection.close()
    }
    const fail = (error: Failure): void => end(failureOf(error))
    const onAbort = (): void => {
      end({ ok: false, retry: true, sentence: `the mail server ${channel.server} did not finish in time` })
      // A server that drips bytes would hold a connection that is only asked to end.
      if (connection._socket instanceof Socket) connection._socket.destroy()
    }
    connection.on('error', fail)
    connection.on('end', () => end({ ok: false, retry: true, sentence: `the mail server ${channel.server} hung up` }))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    const send = (): void => {
      connection.send({ from: channel.from, to: [...channel.to] }, raw, (error, info) => {
        if (error !== null) return fail(error)
        const rejected = info?.rejected ?? []
        const said = oneLine(info?.response ?? '', 120)
        if (rejected.length === 0) end({ ok: true, sentence: `the mail server took it: ${said}` })
        else end({ ok: true, sentence: `the mail server took it, but not for ${rejected.join(', ')}: ${said}` })
      })
    }
    connection.connect((error) => {
      if (error) return fail(error)
      if (channel.user === '') return send()
      connection.login({ user: channel.user, pass: password, credentials: { user: channel.user, pass: password } }, (loginError) => (loginError ? fail(loginError) : send()))
    })
  })
}

/** RFC 5321 4.2.1: 4yz may work later, 5yz will not. What is wrong with the connection or its certificate is mended by people, so it is tried again. */
function failureOf(error: Failure): SendResult {
  const said = error.responseCode === undefined ? oneLine(error.message, 200) : `${error.responseCode} ${oneLine((error.response ?? '').replace(/^\d{3}[ -]/, ''), 160)}`
  if (error.code === 'EAUTH') return { ok: false, retry: false, sentence: `the mail server refused the user name or password: ${said}` }
  // ETLS: STARTTLS was refused or stripped on the way; the way may be another one later.
  if (error.code !== 'ETLS' && error.responseCode !== undefined && error.responseCode >= 500) return { ok: false, retry: false, sentence: `the mail server refused the message: ${said}` }
  return { ok: false, retry: true, sentence: `the mail could not be delivered: ${said}` }
}
