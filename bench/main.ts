/** script/bench: one table of commands. Each command is a file that exports a BenchCommand; `--help` is made from it. */
import { type BenchCommand, UsageError, helpOf, readFlags } from './command-line.ts'
import { endAllChildren } from './measure/child-group.ts'

/** Loaded when asked for, so that one broken command does not take the others with it. */
const commands: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<BenchCommand> }>> = {
  all: { summary: 'everything in docs/benchmarks, one after another', load: async () => (await import('./all-command.ts')).allCommand },
  peers: { summary: 'Polder beside nginx, HAProxy, Varnish and Node proxies, same workload, same run', load: async () => (await import('./peers/peers-command.ts')).peersCommand },
  addresses: { summary: 'a million client addresses: memory and latency', load: async () => (await import('./peers/addresses-command.ts')).addressesCommand },
  steps: { summary: 'nanoseconds and bytes for each hot step of a request; budget check; branch against base', load: async () => (await import('./steps/steps-command.ts')).stepsCommand },
  fingerprint: { summary: 'what the JA4 of a TLS handshake costs', load: async () => (await import('./fingerprint/fingerprint-command.ts')).fingerprintCommand },
  fuzz: { summary: 'the HTTP/1 codec against llhttp', load: async () => (await import('./fuzz-command.ts')).fuzzCommand },
  soak: { summary: 'mixed traffic for minutes: do memory or handles grow?', load: async () => (await import('./soak/soak-command.ts')).soakCommand },
  scenarios: { summary: 'the fixed suite of floods and crowds, on real sockets, for Polder, its peers and no shield', load: async () => (await import('./scenarios/scenarios-command.ts')).scenariosCommand },
  lifeline: { summary: 'a crawl of 10,000 pages: memory, the origin\'s other readers, kill -9 in the middle', load: async () => (await import('./lifeline/lifeline-command.ts')).lifelineCommand },
  journal: { summary: 'kill -9 of a writing journal at random moments', load: async () => (await import('./journal/journal-command.ts')).journalCommand },
  console: { summary: 'the console: eight hours open, fresh and quick while A2 runs, twenty of them beside visitors', load: async () => (await import('./console/console-command.ts')).consoleCommand },
  slow: { summary: 'slow and HTTP/2 attacks while a second visitor reads', load: async () => (await import('./slow/slow-command.ts')).slowCommand },
}

async function main(argv: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = argv
  if (name === '--help' || name === '-h' || name === 'help') {
    const lines = Object.entries(commands).map(([command, { summary }]) => `  ${command.padEnd(12)} ${summary}`)
    process.stdout.write(`Usage: script/bench COMMAND [options]\n\n${lines.join('\n')}\n\nscript/bench COMMAND --help says more. All traffic stays on loopback; no option can name another machine.\n`)
    return 0
  }
  if (!Object.hasOwn(commands, name)) throw new UsageError(`no command ${name}; there are: ${Object.keys(commands).join(', ')}`)
  const command = await commands[name].load()
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(helpOf(name, command))
    return 0
  }
  return command.run(readFlags(command, rest))
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    endAllChildren()
    process.exit(130)
  })
}
process.on('exit', endAllChildren)

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`bench: ${error instanceof UsageError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
} finally {
  endAllChildren()
}
// Sockets that a failed measurement left open must not keep the process.
process.exit()
