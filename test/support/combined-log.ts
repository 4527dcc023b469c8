/** Reads an access log in combined format, gzipped: what was asked and how it was answered. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export interface LoggedRequest {
  readonly client: string
  readonly method: string
  readonly target: string
  readonly version: 'HTTP/1.0' | 'HTTP/1.1'
  readonly status: number
  readonly bytes: number
  /** '' where the log has a dash. */
  readonly referer: string
  readonly agent: string
}

const line = /^(\S+) \S+ \S+ \[[^\]]+\] "([A-Z]+) (\S+) (HTTP\/1\.[01])" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)/

/** Lines that are no request in this format are counted, not guessed. */
export function readCombinedLog(file: string): { readonly requests: readonly LoggedRequest[]; readonly unreadable: number } {
  const requests: LoggedRequest[] = []
  let unreadable = 0
  for (const text of gunzipSync(readFileSync(file)).toString('latin1').split('\n')) {
    if (text === '') continue
    const found = line.exec(text)
    if (found === null) {
      unreadable++
      continue
    }
    const [, client, method, target, version, status, bytes, referer, agent] = found
    requests.push({
      client, method, target, version: version as LoggedRequest['version'], status: Number(status), bytes: bytes === '-' ? 0 : Number(bytes),
      referer: referer === '-' ? '' : referer, agent: agent === '-' ? '' : agent,
    })
  }
  return { requests, unreadable }
}
