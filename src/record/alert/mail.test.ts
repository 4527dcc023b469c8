/** Against a real SMTP server (smtp-server) on loopback. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { SimulatedClock } from '../../kernel/clock.ts'
import { channel, message, testCertificate } from './alert.testing.ts'
import { makeSender } from './make-sender.ts'
import type { SendResult } from './message.ts'
import type { ChannelSettings } from './options.ts'

interface Received {
  readonly raw: string
  readonly from: string
  readonly to: readonly string[]
  readonly secure: boolean
  readonly user: string
}

let tls: ReturnType<typeof testCertificate>
before(() => {
  tls = testCertificate()
})
after(() => rmSync(tls.folder, { recursive: true, force: true }))

async function smtp(options: SMTPServerOptions = {}): Promise<{ port: number; mails: Received[]; close: () => Promise<void> }> {
  const mails: Received[] = []
  const server = new SMTPServer({
    key: tls.key, cert: tls.cert, authOptional: true, logger: false, closeTimeout: 500,
    onAuth: (auth, _, callback) => (auth.username === 'polder' && auth.password === 'correct horse' ? callback(null, { user: 'polder' }) : callback(new Error('535 wrong password'))),
    onData(stream, session, callback) {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        mails.push({ raw: Buffer.concat(pieces).toString(), from: mailFrom === false ? '' : mailFrom!.address, to: rcptTo.map((one) => one.address), secure: session.secure, user: String(session.user ?? '') })
        callback(null)
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.server.address() as AddressInfo).port, mails, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

function send(port: number, { secret = '', ...more }: Partial<ChannelSettings> & { readonly secret?: string } = {}, text = message(), withinMs = 10_000): Promise<SendResult> {
  const settings = channel({ name: 'mail', kind: 'mail', server: `127.0.0.1:${port}`, from: 'polder@example.org', to: ['duty@example.org', 'office@example.org'], tlsCaFile: tls.caFile, secretEnvironment: secret === '' ? '' : 'POLDER_SECRET_MAIL', ...more })
  const { sender, trouble } = makeSender(settings, { clock: new SimulatedClock(), hostname: 'shield.example.org', version: '0', pid: 1, timeoutMs: withinMs, secrets: { POLDER_SECRET_MAIL: secret } })
  assert.equal(trouble, '')
  return sender.send(text, AbortSignal.timeout(withinMs))
}

test('a mail arrives over STARTTLS with password: plain text, one thread for an alert and its end, marked as automatic', async () => {
  const server = await smtp()
  assert.deepEqual(await send(server.port, { user: 'polder', secret: 'correct horse' }), { ok: true, sentence: 'the mail server took it: 250 OK: message queued' })
  assert.equal((await send(server.port, { user: 'polder', secret: 'correct horse' }, message({ id: 'bb22', kind: 'over', title: 'All is calm again' }))).ok, true)
  await server.close()
  const [first, end] = server.mails
  assert.deepEqual([first.from, first.to, first.secure, first.user], ['polder@example.org', ['duty@example.org', 'office@example.org'], true, 'polder'])
  const head = (mail: Received, name: string): string => new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'im').exec(mail.raw)?.[1].replaceAll(/\r\n\s+/g, ' ') ?? ''
  assert.equal(head(first, 'Subject'), '[Polder CRITICAL] Parliament of Exampleland: Attack under way')
  assert.equal(head(end, 'Subject'), '[Polder] Parliament of Exampleland: OVER: All is calm again')
  assert.equal(head(first, 'Auto-Submitted'), 'auto-generated')
  assert.equal(head(first, 'X-Priority'), '1 (Highest)')
  assert.equal(head(end, 'X-Priority'), '')
  assert.match(head(first, 'Content-Type'), /^text\/plain/)
  assert.equal(head(first, 'References'), head(end, 'References'))
  assert.notEqual(head(first, 'Message-Id'), head(end, 'Message-Id'))
  assert.match(first.raw, /What: a flood\.\r\nWhat to do: nothing\.\r\n\r\nIncident: 2023-11-14-1 \(polder incident show 2023-11-14-1\)\r\nI have seen it: polder alert acknowledge attack/)
})

test('text of an attacker cannot add a header or a recipient', async () => {
  const server = await smtp()
  assert.equal((await send(server.port, {}, message({ title: 'x\r\nBcc: all@example.org\r\n\r\nbody', key: 'k\r\nX-Evil: 1', site: 'S", <evil@example.org>' }))).ok, true)
  await server.close()
  assert.deepEqual(server.mails[0].to, ['duty@example.org', 'office@example.org'])
  assert.doesNotMatch(server.mails[0].raw.slice(0, server.mails[0].raw.indexOf('\r\n\r\n')), /^(Bcc|X-Evil):/im)
})

test('without STARTTLS on the other side nothing is sent when it is demanded', async () => {
  const server = await smtp({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] })
  const result = await send(server.port)
  assert.equal(result.ok, false)
  assert.equal(result.ok || result.retry, true)
  assert.equal(server.mails.length, 0)
  assert.equal((await send(server.port, { tls: 'none' })).ok, true)
  await server.close()
})

test('TLS from the first byte, and a certificate of an unknown authority is refused', async () => {
  const server = await smtp({ secure: true })
  assert.equal((await send(server.port, { tls: 'tls' })).ok, true)
  const stranger = await send(server.port, { tls: 'tls', tlsCaFile: '' })
  assert.match(stranger.sentence, /self-signed certificate/)
  await server.close()
  assert.equal(server.mails.length, 1)
})

test('a wrong password is said and not tried again; a full mailbox is', async () => {
  const server = await smtp({ onRcptTo: (_, __, callback) => callback(Object.assign(new Error('mailbox full'), { responseCode: 452 })) })
  const wrong = await send(server.port, { user: 'polder', secret: 'battery staple' })
  assert.deepEqual([wrong.ok, wrong.ok || wrong.retry], [false, false])
  assert.match(wrong.sentence, /refused the user name or password/)
  assert.doesNotMatch(wrong.sentence, /battery/)
  const full = await send(server.port)
  assert.deepEqual([full.ok, full.ok || full.retry], [false, true])
  assert.match(full.sentence, /452 .*mailbox full/)
  await server.close()
})

test('some recipients refused is said, and the others get it', async () => {
  const server = await smtp({ onRcptTo: ({ address }, _, callback) => callback(address.startsWith('office') ? Object.assign(new Error('unknown'), { responseCode: 550 }) : null) })
  const result = await send(server.port)
  assert.deepEqual([result.ok, server.mails[0].to], [true, ['duty@example.org']])
  assert.match(result.sentence, /not for office@example\.org/)
  await server.close()
})

test('a server that says nothing, or drips, is let go at the deadline, and its connection is closed', async () => {
  for (const greet of ['', '220-wait\r\n']) {
    let drip: NodeJS.Timeout | undefined
    const server: Server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.resume()
      if (greet !== '') drip = setInterval(() => socket.write(greet), 50)
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const result = await send((server.address() as AddressInfo).port, {}, message(), 400)
    assert.deepEqual([result.ok, result.ok || result.retry], [false, true])
    clearInterval(drip)
    // Resolves when the last connection is gone.
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
})

test('nobody there', async () => {
  const result = await send(1)
  assert.deepEqual([result.ok, result.ok || result.retry], [false, true])
  assert.match(result.sentence, /ECONNREFUSED/)
})
