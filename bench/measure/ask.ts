/** One request over a connection of its own, for checks before and after timing. Loopback only. */
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { type RequestOptions, request as requestTls } from 'node:https'
import { connect } from 'node:http2'
import { SERVER_ADDRESS } from './loopback.ts'

export interface Heard {
  readonly status: number
  readonly bodyBytes: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface Question {
  readonly port: number
  readonly path: string
  readonly scheme?: 'http' | 'https' | 'h2'
  readonly headers?: Readonly<Record<string, string>>
  readonly withinMs?: number
  readonly localAddress?: string
}

export const HOST_NAME = 'bench.test'

/** @throws when there is no whole answer in time. */
export function ask(question: Question): Promise<Heard> {
  return question.scheme === 'h2' ? askH2(question) : askH1(question)
}

function askH1({ port, path, scheme = 'http', headers = {}, withinMs = 5_000, localAddress }: Question): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = { host: SERVER_ADDRESS, port, path, headers: { host: HOST_NAME, ...headers }, agent: false, timeout: withinMs, localAddress, rejectUnauthorized: false, servername: HOST_NAME }
    const hear = (response: IncomingMessage): void => {
      let bodyBytes = 0
      response.on('data', (chunk: Buffer) => (bodyBytes += chunk.length))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bodyBytes, headers: response.headers }))
      response.on('error', reject)
    }
    const request = scheme === 'https' ? requestTls(options, hear) : requestPlain(options, hear)
    request.on('timeout', () => request.destroy(new Error(`no answer within ${withinMs} ms`)))
    request.on('error', reject)
    request.end()
  })
}

function askH2({ port, path, headers = {}, withinMs = 5_000 }: Question): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const session = connect(`https://${SERVER_ADDRESS}:${port}`, { rejectUnauthorized: false, servername: HOST_NAME })
    const give = (error: Error): void => {
      session.destroy()
      reject(error)
    }
    session.on('error', give)
    const stream = session.request({ ':path': path, ':authority': HOST_NAME, ...headers })
    stream.setTimeout(withinMs, () => give(new Error(`no answer within ${withinMs} ms`)))
    let heard: Heard = { status: 0, bodyBytes: 0, headers: {} }
    let bodyBytes = 0
    stream.on('response', (fields) => (heard = { status: Number(fields[':status']), bodyBytes: 0, headers: fields as Heard['headers'] }))
    stream.on('data', (chunk: Buffer) => (bodyBytes += chunk.length))
    stream.on('error', give)
    stream.on('end', () => {
      session.close()
      resolve({ ...heard, bodyBytes })
    })
    stream.end()
  })
}

/** Asks until the answer has `status`. Returns the milliseconds since `sinceMs`. @throws with the last thing heard. */
export async function askUntil(question: Question, status: number, sinceMs: number, withinMs: number, stillThere: () => boolean): Promise<number> {
  let last = 'nothing'
  while (performance.now() - sinceMs < withinMs) {
    try {
      const heard = await ask({ withinMs: 1_000, ...question })
      if (heard.status === status) return performance.now() - sinceMs
      last = `status ${heard.status}`
    } catch (error) {
      last = (error as Error).message
    }
    if (!stillThere()) throw new Error('it ended before it served')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error(`no status ${status} from ${question.path} within ${withinMs / 1_000} s; last: ${last}`)
}
