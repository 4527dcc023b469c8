/**
 * The main job on one machine: sample site, shield, admin listener, each a process of its own as in real life. Ends all of it on Ctrl-C.
 * Settings: examples/development.yaml, or the file given as the first argument. `--under-attack`: every page asks for the short check first.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '..')
const underAttack = process.argv[2] === '--under-attack'
const settings = underAttack ? join(root, 'examples/under-attack.yaml') : (process.argv[2] ?? join(root, 'examples/development.yaml'))
const children: ChildProcess[] = []
let ending = false

function start(name: string, command: string, args: readonly string[], isReady: (line: string) => boolean): Promise<void> {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return new Promise((resolve, reject) => {
    const hear = (line: string): void => {
      if (isReady(line)) resolve()
      else if (!ending && !line.includes('"level":"info"')) process.stderr.write(`${name}: ${line}\n`)
    }
    createInterface({ input: child.stdout! }).on('line', hear)
    createInterface({ input: child.stderr! }).on('line', hear)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      reject(new Error(`${name} ended (${signal ?? `code ${code}`})`))
      if (!ending) void end(1, `${name} ended (${signal ?? `code ${code}`})`)
    })
  })
}

async function end(code: number, why: string): Promise<void> {
  if (ending) return
  ending = true
  process.stdout.write(`\n${why}: stopping\n`)
  await Promise.all(
    children.toReversed().map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) resolve()
          else {
            child.once('exit', () => resolve())
            child.kill('SIGTERM')
          }
        }),
    ),
  )
  process.exit(code)
}

process.on('SIGINT', () => void end(0, 'Ctrl-C'))
process.on('SIGTERM', () => void end(0, 'SIGTERM'))

/** Runs a polder command to its end; its output, or null when it said no. */
function polder(args: readonly string[], input = ''): Promise<string | null> {
  const child = spawn(join(root, 'bin/polder'), args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(input)
  let out = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (part: string) => (out += part))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code === 0 ? out : null))
  })
}

/** The first account of the console, when there is none: its password is drawn anew, shown once and kept nowhere but as a hash. */
async function consoleAccount(): Promise<string> {
  const listed = await polder(['account', '--json', '-c', settings])
  if (listed === null) return ''
  const accounts = listed.startsWith('[') ? (JSON.parse(listed) as ReadonlyArray<{ name: string }>) : []
  if (accounts.length > 0) return `sign in as ${accounts[0]!.name}; a new password: bin/polder account password ${accounts[0]!.name} -c ${relative(root, settings)}`
  const password = randomBytes(12).toString('base64url')
  return (await polder(['account', 'add', 'dev', '--role', 'admin', '--password-stdin', '-c', settings], password)) === null ? '' : `sign in as dev with ${password} (shown this once)`
}

const tryCalm = (): string => `Try:
  curl -s -o /dev/null -D - http://127.0.0.1:8080/ | grep -i -e ^cache-status -e ^age    twice: a miss, then a hit
  curl -sik --http2 https://127.0.0.1:8443/news | head -1              HTTP/2
  curl -si http://127.0.0.1:8080/blocked | head -1                     a rule of examples/development.yaml
  bin/polder status --watch -c ${relative(root, settings)}                 what the shield sees and does, live
  bin/polder lifeline status -c ${relative(root, settings)}              how much of the site would survive its server
  kill the origin (kill ${children[0].pid}) and reload the page: it stays readable
`

const tryUnderAttack = `Try:
  open http://127.0.0.1:8080/ in a browser: a short check, then the page; then once more without JavaScript, and without cookies
  curl -si http://127.0.0.1:8080/ -H 'accept: text/html' -H 'accept-language: mt' | head -20    what a browser is sent, in Maltese
  curl -si http://127.0.0.1:8080/rss.xml | head -1                                              a feed is never asked
`

try {
  await start('sample site', process.execPath, [join(root, 'sample-site/main.ts'), '--quiet'], (line) => line.startsWith('sample site '))
  const account = underAttack ? '' : await consoleAccount()
  await start('polder', join(root, 'bin/polder'), ['run', '-c', settings], (line) => line.includes('"msg":"ready"'))
  process.stdout.write(`
Polder stands in front of the Parliament of Exampleland.

  http://127.0.0.1:8080/           the site through Polder
  https://127.0.0.1:8443/          the same over TLS and HTTP/2 (self-made certificate: the browser will warn)
  http://127.0.0.1:8090/           the origin itself, without Polder
  http://127.0.0.1:8081/metrics    what Polder counts; also /healthz and /readyz
${account === '' ? '' : `  http://127.0.0.1:8083/           the console: ${account}\n`}${underAttack ? '' : '  http://127.0.0.1:8082/           the public status page (polder statement)\n'}
${underAttack ? tryUnderAttack : tryCalm()}
Ctrl-C stops all of it.
`)
} catch (error) {
  await end(1, (error as Error).message)
}
