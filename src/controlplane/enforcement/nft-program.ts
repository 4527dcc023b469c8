/**
 * Runs nft: one process per batch, JSON in, JSON out. A pipe kept open does not do: `nft -f -` acts only at the end of its input, and the interactive mode (-i)
 * reads no JSON and does not say which line failed (decision 0010). A batch is one transaction of the kernel: all of it or nothing.
 * The batch goes in as an unlinked file: nft opens /dev/stdin by name, which the kernel refuses for the sockets that Node gives a child instead of pipes.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unpredictableBytes } from '../../kernel/random.ts'

const WITHIN_MS = 5_000
const MOST_ANSWER_BYTES = 64 * 1_048_576

export class NftError extends Error {
  readonly code: 'not-installed' | 'no-rights' | 'no-table' | 'failed'

  constructor(code: NftError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** `program`: the command and what stands before its own arguments; tests run it inside a network namespace. */
export class NftProgram {
  readonly #program: readonly string[]

  constructor(program: readonly string[] = ['nft']) {
    this.#program = program
  }

  /** The batch as one transaction. `check`: only whether it would do. @throws NftError */
  async run(commands: readonly object[], check = false): Promise<void> {
    await this.#spawn(['-j', ...(check ? ['-c'] : []), '-f', '-'], JSON.stringify({ nftables: commands }))
  }

  /** @throws NftError; `no-table` when there is none of that name. */
  async listTable(family: string, table: string): Promise<readonly object[]> {
    const text = await this.#spawn(['-j', 'list', 'table', family, table], '')
    return (JSON.parse(text) as { nftables: object[] }).nftables
  }

  #spawn(args: readonly string[], input: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const [command, ...before] = this.#program
      const stdin = input === '' ? null : unlinkedFile(input)
      const child = spawn(command, [...before, ...args], { stdio: [stdin ?? 'ignore', 'pipe', 'pipe'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }, timeout: WITHIN_MS, killSignal: 'SIGKILL' })
      if (stdin !== null) closeSync(stdin)
      let out = ''
      let error = ''
      child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
        out += chunk
        if (out.length > MOST_ANSWER_BYTES) child.kill('SIGKILL')
      })
      child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
        if (error.length < 4_096) error += chunk
      })
      child.on('error', (failure: NodeJS.ErrnoException) => reject(failure.code === 'ENOENT' ? new NftError('not-installed', `${command} is not installed (apt-get install nftables)`) : new NftError('failed', failure.message)))
      child.on('close', (code, signal) => {
        if (code === 0) resolve(out)
        else if (/Operation not permitted|Permission denied|must be root/i.test(error)) reject(new NftError('no-rights', 'no right to change the packet filter: give Polder CAP_NET_ADMIN (AmbientCapabilities=CAP_NET_ADMIN in the systemd unit)'))
        else if (/No such file or directory|does not exist/i.test(error)) reject(new NftError('no-table', error.trim()))
        else reject(new NftError('failed', signal === null ? `nft: ${error.trim().split('\n')[0] || `code ${code}`}` : `nft was ended (${signal}): it took longer than ${WITHIN_MS / 1_000} s`))
      })
    })
  }
}

/** A descriptor of a file that has no name any more. @throws a system error when there is no room for it. */
function unlinkedFile(text: string): number {
  const file = join(tmpdir(), `polder-${Buffer.from(unpredictableBytes(8)).toString('hex')}`)
  const fd = openSync(file, 'wx+', 0o600)
  try {
    rmSync(file)
    writeFileSync(fd, text)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}
