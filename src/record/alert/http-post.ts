/** One request with a JSON body, and the first bytes of the answer. No redirect is followed (an alert goes where the settings say), no connection is kept, the answer is bounded. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { oneLine, type SendResult } from './message.ts'

/** Enough for the sentence in which the other side says what is wrong. */
const READ_BYTES = 4_096
const LONGEST_RETRY_AFTER_MS = 300_000

export interface Post {
  readonly method?: 'POST' | 'PUT'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
  /** PEM text of the channel's own authority, or null. */
  readonly ca: string | null
}

/** Never rejects. */
export function post({ method = 'POST', url, headers = {}, body, ca }: Post, signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve) => {
    const options = {
      method, signal, agent: false as const,
      headers: { 'content-type': 'application/json', 'user-agent': 'Polder', ...headers, 'content-length': String(Buffer.byteLength(body)) },
      ...(ca === null ? {} : { ca }),
    }
    const host = url.host
    const fail = (error: Error): void => resolve({ ok: false, retry: true, sentence: signal.aborted ? `${host} did not answer in time` : `${host} could not be reached: ${oneLine(error.message === '' ? ((error as NodeJS.ErrnoException).code ?? error.name) : error.message, 160)}` })
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (answer) => {
      let text = ''
      const finish = (): void => {
        resolve(judge(answer.statusCode ?? 0, text, answer.headers['retry-after'], host))
        request.destroy()
      }
      answer.setEncoding('utf8')
      answer.on('data', (piece: string) => {
        text += piece
        if (text.length >= READ_BYTES) finish()
      })
      answer.on('end', finish)
      answer.on('error', fail)
    })
    request.on('error', fail)
    request.end(body)
  })
}

function judge(status: number, text: string, retryAfter: string | undefined, host: string): SendResult {
  if (status >= 200 && status < 300) return { ok: true, sentence: `${host} answered ${status}` }
  const said = oneLine(text, 160)
  const sentence = `${host} answered ${status}${said === '' ? '' : `: ${said}`}`
  // 408, 425 and 429 are about the moment, not about the message (RFC 9110, 8470, 6585).
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : 0
    return { ok: false, retry: true, ...(seconds > 0 ? { afterMs: Math.min(seconds * 1_000, LONGEST_RETRY_AFTER_MS) } : {}), sentence }
  }
  return { ok: false, retry: false, sentence: status >= 300 && status < 400 ? `${host} answered ${status}, a redirect, which is not followed: put the final address into the settings` : sentence }
}
