/**
 * Syslog, RFC 5424: over UDP (RFC 5426), TCP with octet counting (RFC 6587) or TLS (RFC 5425); the text plain or in the Common Event Format.
 * Syslog answers nothing: over UDP "sent" only means that it left this machine, over TCP that the other system took the bytes and did not hang up.
 */
import { createSocket } from 'node:dgram'
import { connect, isIPv6, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Severity } from '../../contract/alert.ts'
import { type AlertMessage, body, headline, oneLine, type Sender, type SendResult } from './message.ts'
import type { ChannelSettings } from './options.ts'
import { splitServer } from './server-name.ts'

/** RFC 5424 6.2.1. */
const facilities: Readonly<Record<ChannelSettings['facility'], number>> = { daemon: 3, auth: 4, local0: 16, local1: 17, local2: 18, local3: 19, local4: 20, local5: 21, local6: 22, local7: 23 }
const severities: Readonly<Record<Severity, number>> = { info: 6, warning: 4, critical: 2 }
const NOTICE = 5
/** Receivers SHOULD take 2,048 bytes (RFC 5424 6.1, RFC 5426 3.2); what is longer may be cut or lost there. */
const LONGEST_BYTES = 2_048
/** How long a refusal of a datagram (ICMP) has to come back. */
const REFUSAL_MS = 200

export function syslogSender(channel: ChannelSettings, ca: string | null, hostname: string, version: string, pid: number): Sender {
  const { host, port } = splitServer(channel.server)
  return {
    to: `${channel.transport}://${channel.server}`,
    send(message, signal) {
      const line = syslogLine(message, channel, hostname, version, pid)
      if (channel.transport === 'udp') return sendDatagram(line, host, port, signal)
      return sendStream(Buffer.concat([Buffer.from(`${line.length} `), line]), channel, host, port, ca, signal)
    },
  }
}

/** The whole message, at most 2,048 bytes, cut at a character. */
export function syslogLine(message: AlertMessage, channel: Pick<ChannelSettings, 'facility' | 'form'>, hostname: string, version: string, pid: number): Buffer {
  const severity = message.kind === 'over' || message.kind === 'test' ? NOTICE : severities[message.severity]
  const priority = facilities[channel.facility] * 8 + severity
  const head = `<${priority}>1 ${new Date(message.atWallMs).toISOString()} ${printable(hostname, 255)} polder ${pid} ${printable(message.key, 32)} [origin software="Polder" swVersion="${version.replaceAll(/["\\\]]/g, '')}"] `
  // The byte order mark says that what follows is UTF-8 (RFC 5424 6.4).
  return Buffer.concat([Buffer.from(head), Buffer.from([0xef, 0xbb, 0xbf]), cutUtf8(Buffer.from(channel.form === 'cef' ? cef(message, version) : `${headline(message)}. ${oneLine(body(message), 4_000)}`), LONGEST_BYTES - Buffer.byteLength(head) - 3)])
}

/** HOSTNAME, MSGID: printable ASCII without spaces (RFC 5424 6); `-` for nothing. */
function printable(text: string, longest: number): string {
  const clean = text.replaceAll(/[^\u0021-\u007E]/g, '-').slice(0, longest)
  return clean === '' ? '-' : clean
}

function cutUtf8(bytes: Buffer, longest: number): Buffer {
  if (bytes.length <= longest) return bytes
  let end = longest
  while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

/** ArcSight Common Event Format: header fields escape `\` and `|`; values escape `\`, `=` and line ends. */
export function cef(message: AlertMessage, version: string): string {
  const head = (text: string): string => oneLine(text, 512).replaceAll(/[\\|]/g, String.raw`\$&`)
  const value = (text: string): string => text.replaceAll(/[\\=]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`)
  const level = message.kind === 'over' || message.kind === 'test' ? 1 : { info: 3, warning: 6, critical: 9 }[message.severity]
  const fields = [
    `rt=${message.atWallMs}`, `start=${message.sinceWallMs}`, `act=${message.kind}`, `externalId=${value(message.incidentId ?? message.key)}`,
    `cs1Label=key cs1=${value(message.key)}`, ...(message.site === '' ? [] : [`cs2Label=site cs2=${value(oneLine(message.site, 100))}`]), `msg=${value(message.text.slice(0, 1_023).toWellFormed())}`,
  ]
  return `CEF:0|Polder|Polder|${head(version)}|${head(`polder.alert.${message.key}`)}|${head(message.title)}|${level}|${fields.join(' ')}`
}

function sendDatagram(line: Buffer, host: string, port: number, signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    let timer: NodeJS.Timeout | undefined
    const end = (result: SendResult): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      try {
        socket.close()
      } catch {
        // closed by its own error
      }
      resolve(result)
    }
    const onAbort = (): void => end({ ok: false, retry: true, sentence: 'the datagram could not be sent in time' })
    const fail = (error: Error): void => end({ ok: false, retry: true, sentence: `the collector could not be reached: ${oneLine(error.message, 160)}` })
    socket.on('error', fail)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    // Connected, so that a refusal of the other machine is heard.
    socket.connect(port, host, () => {
      socket.send(line, (error) => {
        if (error !== null) return fail(error)
        timer = setTimeout(() => end({ ok: true, sentence: 'sent; over UDP nobody says whether it arrived' }), REFUSAL_MS)
      })
    })
  })
}

function sendStream(frame: Buffer, channel: ChannelSettings, host: string, port: number, ca: string | null, signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve) => {
    let settled = false
    const end = (result: SendResult): void => {
      if (settled) return
      settled = true
      signal.removeEventListener('abort', onAbort)
      resolve(result)
      socket.destroy()
    }
    const taken = (): void => end({ ok: true, sentence: `${channel.server} took it` })
    const onAbort = (): void => end({ ok: false, retry: true, sentence: `${channel.server} did not take it in time` })
    const onConnect = (): void => {
      // Our end is closed after the message; a collector that reads it closes its own.
      socket.end(frame)
    }
    const socket: Socket = channel.transport === 'tls'
      ? connectTls({ host, port, minVersion: 'TLSv1.2', ...(isAddress(host) ? {} : { servername: host }), ...(ca === null ? {} : { ca }) }, onConnect)
      : connect({ host, port }, onConnect)
    socket.on('error', (error) => end({ ok: false, retry: true, sentence: `${channel.server} could not be reached: ${oneLine(error.message, 160)}` }))
    let flushed = false
    socket.on('finish', () => {
      flushed = true
      // Some collectors keep the connection although we ended it: then a quiet moment is the answer.
      socket.setTimeout(REFUSAL_MS, taken)
    })
    socket.on('close', () => (flushed ? taken() : end({ ok: false, retry: true, sentence: `${channel.server} hung up` })))
    socket.resume()
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

function isAddress(host: string): boolean {
  return isIPv6(host) || /^[\d.]+$/.test(host)
}
