/** Issue 2, Shows 6: ten thousand connections held at once, and a gigabyte each way in bounded memory. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { get, request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { LoadOrigin } from '../support/load-origin.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { residentBytes } from '../support/resident-memory.ts'
import { SampleSiteProcess } from '../support/sample-site-process.ts'

const CONNECTIONS = 10_000
const MIB = 1_048_576
const GIB = 1_024 * MIB
/** More than twice the connections of one process are never needed; 2,000 are for everything else. */
const FILES_NEEDED = CONNECTIONS + 2_000

interface Answered {
  readonly opened: number
  readonly answered: number
  readonly open: number
  readonly ms: number
}

/** The lines of the holding process, one promise each. */
class Holder {
  readonly child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(port: number, path: string) {
    this.child = spawn(process.execPath, [join(import.meta.dirname, '../support/hold-connections-program.ts'), String(port), String(CONNECTIONS), path], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]()
  }

  async next(): Promise<Answered> {
    const line = await this.#lines.next()
    assert.ok(line.done !== true, 'the holding process ended')
    return JSON.parse(line.value) as Answered
  }

  again(): Promise<Answered> {
    this.child.stdin!.write('again\n')
    return this.next()
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      if (this.child.exitCode !== null) resolve()
      else this.child.once('exit', () => resolve())
      this.child.stdin!.end()
    })
  }
}

test('ten thousand keep-alive connections are held at once, each answered, and answered again after a pause', async () => {
  const allowed = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()
  assert.ok(allowed === 'unlimited' || Number(allowed) >= FILES_NEEDED, `this machine lets a process open ${allowed} files; this test needs ${FILES_NEEDED}. Raise the limit (ulimit -Hn, LimitNOFILE).`)
  const origin = await LoadOrigin.start()
  let polder: PolderProcess | null = null
  let holder: Holder | null = null
  try {
    polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 2\n`)
    await (await fetch(`${polder.url}/page`)).text()
    const before = residentBytes(polder.pid)
    holder = new Holder(Number(new URL(polder.url).port), '/page')
    const first = await holder.next()
    assert.deepEqual([first.opened, first.answered, first.open], [CONNECTIONS, CONNECTIONS, CONNECTIONS])
    // Idle, but not for as long as keepAliveIdleMs.
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    const idle = residentBytes(polder.pid)
    const counted = (await polder.metric('polder_open_connections{worker="0"}')) + (await polder.metric('polder_open_connections{worker="1"}'))
    assert.ok(counted >= CONNECTIONS && counted < CONNECTIONS + 50, `${counted} counted`)
    const second = await holder.again()
    assert.deepEqual([second.answered, second.open], [CONNECTIONS, CONNECTIONS])
    const perConnection = (idle - before) / CONNECTIONS
    process.stdout.write(
      `${CONNECTIONS} connections: answered in ${first.ms} ms and again in ${second.ms} ms; ${Math.round(before / MIB)} MiB before, ${Math.round(idle / MIB)} MiB with all of them open, ${(perConnection / 1_024).toFixed(1)} KiB each\n`,
    )
    assert.ok(perConnection < 32 * 1_024, `${perConnection} bytes for each connection`)
  } finally {
    await holder?.end()
    await polder?.stop()
    await origin.close()
  }
})

/** Bytes received; each block of 64 KiB must begin with its number. */
function download(url: string, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    get(`${url}/downloads/session-recording.bin?bytes=${bytes}`, { agent: false }, (response) => {
      assert.equal(response.statusCode, 200)
      let received = 0
      let wrong = 0
      let looked = 0
      response.on('data', (chunk: Buffer) => {
        for (let at = (65_536 - (received % 65_536)) % 65_536; at + 8 <= chunk.length; at += 65_536) {
          looked++
          if (Number(chunk.readBigUInt64BE(at)) !== (received + at) / 65_536) wrong++
        }
        received += chunk.length
      })
      response.once('end', () => (wrong === 0 && looked > (bytes / 65_536) * 0.9 ? resolve(received) : reject(new Error(`${wrong} of ${looked} blocks out of place`))))
      response.once('error', reject)
    }).once('error', reject)
  })
}

/** Sends so many bytes at the speed at which they are taken; resolves when the origin has confirmed every one of them. */
function upload(url: string, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256')
    const sending = request(`${url}/upload`, { method: 'POST', agent: false, headers: { 'content-length': bytes, 'content-type': 'application/octet-stream' } }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.once('end', () => {
        try {
          assert.equal(response.statusCode, 200, text)
          assert.deepEqual(JSON.parse(text), { bytes, sha256: hash.digest('hex') })
          resolve()
        } catch (error) {
          reject(error as Error)
        }
      })
    })
    sending.once('error', reject)
    let sent = 0
    const send = (): void => {
      while (sent < bytes) {
        const block = Buffer.alloc(Math.min(65_536, bytes - sent), sent / 65_536)
        hash.update(block)
        sent += block.length
        if (!sending.write(block)) {
          sending.once('drain', send)
          return
        }
      }
      sending.end()
    }
    send()
  })
}

test('a gigabyte down and a gigabyte up at once: whole, and the memory of Polder grows by 64 MB at most', async () => {
  const site = await SampleSiteProcess.start()
  let polder: PolderProcess | null = null
  try {
    polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${site.url}\nworkers: 2\nroutes:\n  - { path: /upload, maxBodyBytes: 2GiB }\n`)
    const { url, pid } = polder
    await Promise.all([download(url, 64 * MIB), upload(url, 64 * MIB)])
    const before = residentBytes(pid)
    let most = before
    const watching = setInterval(() => {
      most = Math.max(most, residentBytes(pid))
    }, 50)
    const from = performance.now()
    const [received] = await Promise.all([download(url, GIB), upload(url, GIB)])
    clearInterval(watching)
    const seconds = (performance.now() - from) / 1_000
    process.stdout.write(`1 GiB down and 1 GiB up at once in ${seconds.toFixed(1)} s: resident memory ${Math.round(before / MIB)} MiB before, ${Math.round(most / MIB)} MiB at most\n`)
    assert.equal(received, GIB)
    assert.ok(most - before <= 64_000_000, `grew by ${most - before} bytes`)
  } finally {
    await polder?.stop()
    await site.stop()
  }
})
