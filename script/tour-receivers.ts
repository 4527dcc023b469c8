/** Who is told: a real SMTP server and a real HTTP receiver on loopback. They keep what came, as it came, and when. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { SERVER_ADDRESS } from '../bench/measure/loopback.ts'

export interface Received {
  readonly atWallMs: number
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

/** More than any run sends; what comes after is not kept. */
const MOST_KEPT = 200

export class Receivers {
  readonly mails: Received[] = []
  readonly hooks: Received[] = []
  readonly #smtp: SMTPServer
  readonly #http: Server

  constructor() {
    this.#smtp = new SMTPServer({
      authOptional: true, disabledCommands: ['AUTH', 'STARTTLS'], logger: false, closeTimeout: 500, size: 1_048_576,
      onData: (stream, _, done) => {
        let text = ''
        stream.setEncoding('utf8').on('data', (piece: string) => (text += piece)).on('end', () => {
          keep(this.mails, { atWallMs: Date.now(), text, headers: {} })
          done()
        })
      },
    })
    this.#http = createServer((request, response) => {
      let text = ''
      request.setEncoding('utf8').on('data', (piece: string) => (text += piece)).on('end', () => {
        keep(this.hooks, { atWallMs: Date.now(), text, headers: request.headers as Record<string, string> })
        response.end('ok')
      })
    })
  }

  async start(): Promise<{ readonly smtpPort: number; readonly hookPort: number }> {
    await Promise.all([this.#smtp, this.#http].map((server) => new Promise<void>((resolve) => void server.listen(0, SERVER_ADDRESS, resolve))))
    return { smtpPort: (this.#smtp.server.address() as AddressInfo).port, hookPort: (this.#http.address() as AddressInfo).port }
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections()
    await Promise.all([this.#smtp, this.#http].map((server) => new Promise<void>((resolve) => void server.close(() => resolve()))))
  }
}

function keep(list: Received[], one: Received): void {
  if (list.length < MOST_KEPT) list.push(one)
}

/** The alert "Attack under way", first of its kind; null: none came yet. */
export function attackAlert(list: readonly Received[]): Received | null {
  return list.find(({ text }) => /Attack under way/.test(unfolded(text))) ?? null
}

/** Long header lines of a mail in one piece (RFC 5322, 2.2.3). */
export function unfolded(text: string): string {
  return text.replaceAll(/\r\n[ \t]/g, ' ')
}
