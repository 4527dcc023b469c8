/** Polder with its console open, as an operator runs it, and that operator signed in. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type ClientRequest, get } from 'node:http'
import { join } from 'node:path'
import type { ActAnswer, ConsoleAct, ConsoleSession } from '../../src/contract/console.ts'
import { askUntil } from '../measure/ask.ts'
import { ChildGroup } from '../measure/child-group.ts'
import { SERVER_ADDRESS, freePort } from '../measure/loopback.ts'
import { FEATURE_KEY, HOST, baselineBytes } from '../scenarios/baseline-week.ts'

const root = join(import.meta.dirname, '../..')
const START_MS = 30_000
export const OPERATOR = 'anna'
export const PASSWORD = 'correct horse battery'

export interface ConsoleShield {
  readonly group: ChildGroup
  readonly port: number
  readonly consoleUrl: string
  /** Headers of the operator's session, for orders. */
  readonly signed: Readonly<Record<string, string>>
  act(act: ConsoleAct): Promise<ActAnswer>
  /** Opens the live stream as a page does and reads what comes. Returns how to end it, and how many bytes came. */
  openStream(): { close(): void; readonly bytes: number }
}

/** `share`: of the scenarios' full size, for the baseline that was learned; `more`: lines of settings. @throws with what Polder said when it does not serve. */
export async function startConsoleShield(folder: string, originPort: number, cores: string, workers: number, share: number, more = ''): Promise<ConsoleShield> {
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  writeFileSync(join(data, 'feature-key'), `${FEATURE_KEY.toString(16).padStart(8, '0')}\n`, { mode: 0o600 })
  writeFileSync(join(data, 'baseline.bin'), baselineBytes(share), { mode: 0o600 })
  const [port, consolePort] = [await freePort(), await freePort()]
  const file = join(folder, 'polder.yaml')
  writeFileSync(file, `listen: ${SERVER_ADDRESS}:${port}\norigin: http://${SERVER_ADDRESS}:${originPort}\nworkers: ${workers}\nadmin: {listen: off}\ndataDir: ${data}\nlifeline: {enabled: false}\nconsole: {listen: "${SERVER_ADDRESS}:${consolePort}"}\n${more}`)
  await addAccount(file)
  const group = new ChildGroup(join(root, 'bin/polder'), ['run', '-c', file], { cores, cwd: folder })
  try {
    await askUntil({ port, path: '/style.css', headers: { host: HOST } }, 200, performance.now(), START_MS, () => !group.hasEnded)
    await askUntil({ port: consolePort, path: '/', headers: { host: `${SERVER_ADDRESS}:${consolePort}` } }, 200, performance.now(), START_MS, () => !group.hasEnded)
    const consoleUrl = `http://${SERVER_ADDRESS}:${consolePort}`
    const signed = await signIn(consoleUrl)
    return { group, port, consoleUrl, signed, act: (act) => post<ActAnswer>(consoleUrl, 'act', { act }, signed), openStream: () => openStream(consoleUrl, signed) }
  } catch (error) {
    await group.end()
    throw new Error(`Polder with its console: ${(error as Error).message}\n${(group.err + group.out).slice(-3_000)}`, { cause: error })
  }
}

function addAccount(file: string): Promise<void> {
  const child = spawn(join(root, 'bin/polder'), ['account', 'add', OPERATOR, '--role', 'admin', '--password-stdin', '-c', file], { stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(PASSWORD)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`polder account add ended with ${code}`))))
  })
}

async function signIn(url: string): Promise<Record<string, string>> {
  const response = await fetch(`${url}/api/login`, { method: 'POST', headers: { origin: url, 'content-type': 'application/json' }, body: JSON.stringify({ name: OPERATOR, password: PASSWORD }) })
  if (!response.ok) throw new Error(`sign-in was answered with ${response.status}: ${await response.text()}`)
  const { csrf } = (await response.json()) as ConsoleSession
  return { cookie: response.headers.getSetCookie().map((one) => one.split(';')[0]).join('; '), 'x-polder-csrf': csrf, origin: url, 'content-type': 'application/json' }
}

async function post<T>(url: string, path: string, body: object, headers: Readonly<Record<string, string>>): Promise<T> {
  const response = await fetch(`${url}/api/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}

function openStream(url: string, signed: Readonly<Record<string, string>>): { close(): void; readonly bytes: number } {
  let bytes = 0
  const request: ClientRequest = get(`${url}/api/live`, { headers: { cookie: signed['cookie']! }, agent: false }, (response) => {
    if (response.statusCode !== 200) throw new Error(`the live stream was answered with ${response.statusCode}`)
    response.on('data', (chunk: Buffer) => (bytes += chunk.length))
    response.on('error', () => undefined)
  })
  request.on('error', () => undefined)
  return {
    close: () => request.destroy(),
    get bytes() {
      return bytes
    },
  }
}
