/** Webhooks, chat systems and syslog against real receivers on loopback. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { after, before, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { systemClock } from '../../kernel/clock.ts'
import { channel, message, testCertificate } from './alert.testing.ts'
import { makeSender } from './make-sender.ts'
import type { AlertMessage, SendResult } from './message.ts'
import type { ChannelSettings } from './options.ts'
import { cef, syslogLine } from './syslog.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
let tls: ReturnType<typeof testCertificate>
before(() => {
  tls = testCertificate()
})
after(() => rmSync(tls.folder, { recursive: true, force: true }))

interface Got {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

async function receiver(status = 200, headers: Readonly<Record<string, string>> = {}, answer = 'ok', secure = false): Promise<{ url: string; got: Got[]; close: () => Promise<void> }> {
  const got: Got[] = []
  const serve = (request: IncomingMessage, response: import('node:http').ServerResponse): void => {
    let text = ''
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece)).on('end', () => {
      got.push({ method: request.method!, path: request.url!, headers: request.headers, text })
      response.writeHead(status, headers).end(answer)
    })
  }
  const server: Server = secure ? createHttps({ key: tls.key, cert: tls.cert }, serve) : createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { got, url: `http${secure ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

type WithSecret = Partial<ChannelSettings> & { readonly secret?: string }

function named({ secret = '', ...settings }: WithSecret): Partial<ChannelSettings> {
  return { ...settings, ...(secret === '' ? {} : { secretEnvironment: 'POLDER_SECRET_X' }) }
}

function send(settings: WithSecret, text: AlertMessage = message(), withinMs = 10_000): Promise<SendResult> {
  const { sender, trouble } = makeSender(channel({ name: 'x', ...named(settings) }), { clock: systemClock, hostname: 'shield.example.org', version: '0.1.0', pid: 42, timeoutMs: withinMs, secrets: { POLDER_SECRET_X: settings.secret ?? '' } })
  assert.equal(trouble, '')
  return sender.send(text, AbortSignal.timeout(withinMs))
}

test('a webhook is signed as Standard Webhooks says: their own library verifies it, and finds an alteration', async () => {
  const { url, got, close } = await receiver()
  assert.equal((await send({ kind: 'webhook', url: `${url}/hook?a=1`, secret: SECRET }, message({ title: 'Überlast — ü' }))).ok, true)
  await close()
  const [one] = got
  assert.deepEqual([one.method, one.path, one.headers['content-type'], one.headers['webhook-id']], ['POST', '/hook?a=1', 'application/json', 'msg_aa11'])
  const verified = new Webhook(SECRET).verify(one.text, one.headers as Record<string, string>) as { type: string; timestamp: string; data: Record<string, unknown> }
  assert.equal(verified.type, 'polder.alert.alert')
  assert.equal(verified.timestamp, '2023-11-14T22:13:20.000Z')
  assert.deepEqual(
    [verified.data['key'], verified.data['severity'], verified.data['resolved'], verified.data['title'], verified.data['since'], verified.data['incidentId'], verified.data['site']],
    ['attack', 'critical', false, 'Überlast — ü', '2023-11-14T22:13:10.000Z', '2023-11-14-1', 'Parliament of Exampleland'],
  )
  assert.throws(() => new Webhook(SECRET).verify(one.text.replace('critical', 'info'), one.headers as Record<string, string>))
})

test('a receiver with a certificate of an own authority', async () => {
  const { url, got, close } = await receiver(204, {}, '', true)
  assert.equal((await send({ kind: 'webhook', url, secret: SECRET, tlsCaFile: tls.caFile })).ok, true)
  const stranger = await send({ kind: 'webhook', url, secret: SECRET })
  assert.match(stranger.sentence, /self-signed certificate/)
  await close()
  assert.equal(got.length, 1)
})

test('Mattermost gets an attachment with a colour', async () => {
  const { url, got, close } = await receiver()
  // Its address is its secret.
  await send({ kind: 'mattermost', secret: `${url}/hooks/abc` })
  await send({ kind: 'mattermost', url: `${url}/hooks/abc` }, message({ kind: 'over', title: 'All is calm again' }))
  await close()
  assert.equal(got[0].path, '/hooks/abc')
  const [attack, over] = got.map((one) => JSON.parse(one.text) as { attachments: Array<Record<string, string>>; priority?: unknown })
  assert.deepEqual([attack.attachments[0]['title'], attack.attachments[0]['color'], attack.priority], [String.raw`\[Polder CRITICAL\] Parliament of Exampleland: Attack under way`, '#b3261e', { priority: 'urgent' }])
  assert.match(attack.attachments[0]['text'], /^What: a flood\.\nWhat to do: nothing\./)
  assert.deepEqual([over.attachments[0]['color'], over.priority], ['#2e7d32', undefined])
})

test('Slack gets blocks of plain text and a fallback', async () => {
  const { url, got, close } = await receiver()
  await send({ kind: 'slack', url }, message({ title: 'x <!channel> & y', text: 'z'.repeat(3_900) }))
  await close()
  const body = JSON.parse(got[0].text) as { text: string; blocks: Array<{ type: string; text: { type: string; text: string } }> }
  assert.equal(body.text, '[Polder CRITICAL] Parliament of Exampleland: x &lt;!channel&gt; &amp; y')
  assert.deepEqual(body.blocks.map((block) => [block.type, block.text.type]), [['header', 'plain_text'], ['section', 'plain_text']])
  assert.ok(body.blocks[0].text.text.length <= 150 && body.blocks[1].text.text.length <= 3_000)
})

test('Matrix gets an event in the room, with a transaction id that stays over all tries', async () => {
  const { url, got, close } = await receiver(200, {}, '{"event_id":"$x"}')
  await send({ kind: 'matrix', url, room: '!duty:example.org', secret: 'syt_token' })
  await close()
  assert.deepEqual([got[0].method, got[0].path, got[0].headers.authorization], ['PUT', '/_matrix/client/v3/rooms/!duty%3Aexample.org/send/m.room.message/aa11', 'Bearer syt_token'])
  const body = JSON.parse(got[0].text) as { msgtype: string; body: string }
  assert.equal(body.msgtype, 'm.text')
  assert.match(body.body, /^\[Polder CRITICAL\] Parliament of Exampleland: Attack under way\n\nWhat: a flood/)
})

test('ntfy gets topic, title, priority and tags', async () => {
  const { url, got, close } = await receiver()
  await send({ kind: 'ntfy', url, room: 'duty' })
  await close()
  const body = JSON.parse(got[0].text) as Record<string, unknown>
  assert.deepEqual([got[0].path, got[0].headers.authorization, body['topic'], body['title'], body['priority'], body['tags']], ['/', undefined, 'duty', '[Polder CRITICAL] Parliament of Exampleland: Attack under way', 5, ['rotating_light']])
})

test('Teams gets an Adaptive Card, a block for each line', async () => {
  const { url, got, close } = await receiver(202)
  assert.equal((await send({ kind: 'teams', url })).ok, true)
  await close()
  const body = JSON.parse(got[0].text) as { type: string; attachments: Array<{ contentType: string; content: { type: string; version: string; body: Array<{ type: string; wrap: boolean; text: string }> } }> }
  const [{ contentType, content }] = body.attachments
  assert.deepEqual([body.type, contentType, content.type, content.version], ['message', 'application/vnd.microsoft.card.adaptive', 'AdaptiveCard', '1.4'])
  assert.deepEqual(content.body.map((block) => block.text).slice(1, 3), ['What: a flood.', 'What to do: nothing.'])
  assert.ok(content.body.every((block) => block.type === 'TextBlock' && block.wrap))
})

test('what an attacker wrote is no link, no picture and calls nobody by name', async () => {
  const evil = 'agent "![x](https://evil.example/p.png) @channel @all <!here> www.evil.example [go](http://evil.example)"'
  const { url, got, close } = await receiver()
  for (const kind of ['mattermost', 'slack', 'teams'] as const) await send({ kind, url }, message({ title: evil, text: evil, site: '' }))
  await send({ kind: 'matrix', url, room: '!r:x', secret: 't' }, message({ title: evil, text: evil, site: '' }))
  await close()
  for (const { text } of got) {
    const parts: string[] = []
    JSON.parse(text, (key, value: unknown) => {
      if (key !== '$schema' && typeof value === 'string') parts.push(value)
      return value
    })
    const joined = parts.join('\n')
    assert.doesNotMatch(joined, /:\/\/|@channel|@all|www\.evil/)
    // Slack and Matrix get plain text, where this is only text; what Slack reads as markup is its fallback.
    const markup = text.includes('plain_text') ? (JSON.parse(text) as { text: string }).text : text.includes('m.text') ? '' : joined
    assert.doesNotMatch(markup, /(?<!\\)<!here/)
    if (!text.includes('plain_text')) assert.doesNotMatch(markup, /(?<!\\)!\[|(?<!\\)\]\(/)
  }
})

test('what the other side answers decides: a refusal is not tried again, trouble is, a redirect is not followed', async () => {
  const judged = async (status: number, headers: Readonly<Record<string, string>> = {}): Promise<SendResult> => {
    const { url, close, got } = await receiver(status, headers, 'invalid_payload\u001B[31m')
    const result = await send({ kind: 'slack', url })
    await close()
    assert.equal(got.length, 1)
    return result
  }
  const gone = await judged(404)
  assert.deepEqual(gone.ok ? null : gone.retry, false)
  assert.match(gone.sentence, /answered 404: invalid_payload \[31m$/)
  const busy = await judged(429, { 'retry-after': '30' })
  assert.deepEqual(busy.ok ? null : [busy.retry, busy.afterMs], [true, 30_000])
  const broken = await judged(503, { 'retry-after': '999999' })
  assert.deepEqual(broken.ok ? null : [broken.retry, broken.afterMs], [true, 300_000])
  const moved = await judged(302, { location: 'http://127.0.0.1:1/' })
  assert.deepEqual(moved.ok ? null : moved.retry, false)
})

test('a receiver that never answers is let go at the deadline; one that answers without end is cut short', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  const late = await send({ kind: 'slack', url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` }, message(), 200)
  assert.deepEqual(late.ok ? null : late.retry, true)
  assert.match(late.sentence, /did not answer in time/)
  await new Promise<void>((resolve) => silent.close(() => resolve()))
  const endless = createServer((_, response) => {
    response.writeHead(200)
    const more = setInterval(() => response.write('x'.repeat(65_536)), 1)
    response.on('close', () => clearInterval(more))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => endless.once('listening', resolve))
  assert.equal((await send({ kind: 'slack', url: `http://127.0.0.1:${(endless.address() as AddressInfo).port}` })).ok, true)
  await new Promise<void>((resolve) => endless.close(() => resolve()))
})

/** RFC 5424, section 6, as a strict receiver reads it. */
function parseSyslog(bytes: Buffer): { facility: number; severity: number; at: string; host: string; app: string; pid: string; id: string; data: string; text: string } {
  const found = /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) ((?:\[[!-~]+?(?: [!-~]+?="(?:[^"\\\]]|\\["\\\]])*")*\])+|-) (?:\uFEFF)(.*)$/su.exec(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  assert.ok(found !== null, bytes.toString())
  assert.ok(Number(found[1]) <= 191)
  return { facility: Number(found[1]) >> 3, severity: Number(found[1]) & 7, at: found[2], host: found[3], app: found[4], pid: found[5], id: found[6], data: found[7], text: found[8] }
}

test('syslog over UDP', async () => {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const came = new Promise<Buffer>((resolve) => socket.once('message', resolve))
  assert.equal((await send({ kind: 'syslog', server: `127.0.0.1:${socket.address().port}`, transport: 'udp', facility: 'auth' })).ok, true)
  const parsed = parseSyslog(await came)
  socket.close()
  assert.deepEqual(parsed, {
    facility: 4, severity: 2, at: '2023-11-14T22:13:20.000Z', host: 'shield.example.org', app: 'polder', pid: '42', id: 'attack', data: '[origin software="Polder" swVersion="0.1.0"]',
    text: '[Polder CRITICAL] Parliament of Exampleland: Attack under way. What: a flood. What to do: nothing. Incident: 2023-11-14-1 (polder incident show 2023-11-14-1) I have seen it: polder alert acknowledge attack',
  })
})

test('a collector that refuses datagrams is noticed where the system says so', async () => {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  const result = await send({ kind: 'syslog', server: `127.0.0.1:${port}`, transport: 'udp' })
  assert.equal(result.ok, false)
  assert.match(result.sentence, /ECONNREFUSED/)
})

test('syslog over TCP and TLS is counted in octets', async () => {
  for (const transport of ['tcp', 'tls'] as const) {
    let stream = Buffer.alloc(0)
    const ended = Promise.withResolvers<void>()
    const serve = (socket: Socket): void => {
      socket.on('data', (piece) => (stream = Buffer.concat([stream, piece as Buffer])))
      socket.on('end', () => ended.resolve())
      socket.on('error', () => undefined)
    }
    const server = transport === 'tls' ? createTls({ key: tls.key, cert: tls.cert }, serve) : createTcp(serve)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const settings = { kind: 'syslog', transport, server: `127.0.0.1:${(server.address() as AddressInfo).port}`, tlsCaFile: transport === 'tls' ? tls.caFile : '' } as const
    assert.equal((await send(settings, message({ title: 'Überlast', kind: 'over' }))).ok, true)
    await ended.promise
    const count = /^(\d+) /.exec(stream.toString('latin1'))!
    assert.equal(stream.length, count[0].length + Number(count[1]))
    const parsed = parseSyslog(stream.subarray(count[0].length))
    assert.equal(parsed.severity, 5)
    assert.match(parsed.text, /OVER: Überlast/)
    if (transport === 'tls') assert.match((await send({ ...settings, tlsCaFile: '' })).sentence, /self-signed certificate/)
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
})

test('a collector that is not there, hangs up at once, or never takes the connection', async () => {
  assert.equal((await send({ kind: 'syslog', server: '127.0.0.1:1', transport: 'tcp' })).ok, false)
  const rude = createTcp((socket) => socket.resetAndDestroy()).listen(0, '127.0.0.1')
  await new Promise((resolve) => rude.once('listening', resolve))
  assert.equal((await send({ kind: 'syslog', server: `127.0.0.1:${(rude.address() as AddressInfo).port}`, transport: 'tls' })).ok, false)
  await new Promise<void>((resolve) => rude.close(() => resolve()))
  const silent = createTcp((socket) => socket.resume().on('error', () => undefined)).listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  const result = await send({ kind: 'syslog', server: `127.0.0.1:${(silent.address() as AddressInfo).port}`, transport: 'tls' }, message(), 200)
  assert.match(result.sentence, /did not take it in time/)
  await new Promise<void>((resolve) => silent.close(() => resolve()))
})

test('the longest message is cut at a character, and everything odd in it stays one valid message', () => {
  const line = syslogLine(message({ text: 'ü'.repeat(3_000), key: 'ключ\n', site: 'a\u0000\u202Eb' }), { facility: 'local0', form: 'text' }, 'host name\n', '0.1.0', 1)
  assert.ok(line.length <= 2_048 && line.length > 2_040)
  const parsed = parseSyslog(line)
  assert.match(parsed.text, /ü$/)
  assert.deepEqual([parsed.host, parsed.id], ['host-name-', '-----'])
})

test('the Common Event Format: seven fields of head, escaped; then key=value', () => {
  const text = cef(message({ title: 'a|b\\c', key: 'attack', text: 'x=1\ny\\z', incidentId: null }), '0.1.0')
  const fields = text.split(/(?<!\\)\|/)
  assert.deepEqual(fields.slice(0, 7), ['CEF:0', 'Polder', 'Polder', '0.1.0', 'polder.alert.attack', String.raw`a\|b\\c`, '9'])
  assert.equal(fields.length, 8)
  assert.equal(fields[7], String.raw`rt=1700000000000 start=1699999990000 act=alert externalId=attack cs1Label=key cs1=attack cs2Label=site cs2=Parliament of Exampleland msg=x\=1\ny\\z`)
  assert.match(parseSyslog(syslogLine(message(), { facility: 'local0', form: 'cef' }, 'h', '0.1.0', 1)).text, /^CEF:0\|/)
})

test('what is missing is said, and no secret is ever in what is shown', () => {
  const parts = { clock: systemClock, hostname: 'h', version: '0', pid: 1, timeoutMs: 1_000 }
  const shown = (settings: WithSecret): string => {
    const { sender, trouble } = makeSender(channel({ name: 'x', ...named(settings) }), { ...parts, secrets: { POLDER_SECRET_X: settings.secret ?? '' } })
    return `${sender.to} ${trouble}`
  }
  assert.match(shown({ kind: 'webhook', url: 'https://h.example/p', secret: 'short' }), /the signing key is missing/)
  assert.match(shown({ kind: 'slack', secretEnvironment: 'POLDER_SECRET_Y' }), /POLDER_SECRET_Y is not set/)
  assert.match(shown({ kind: 'slack', secretFile: tls.caFile }), /may be read or changed by others|holds more than one line/)
  assert.match(shown({ kind: 'slack' }), /the URL of the incoming webhook is missing/)
  assert.match(shown({ kind: 'matrix', url: 'https://h.example', room: '!r:x' }), /the access token is missing/)
  assert.match(shown({ kind: 'mail', server: 'h.example:587', user: 'polder' }), /the password of polder is missing/)
  assert.match(shown({ kind: 'mail', server: 'h.example:587', tlsCaFile: '/nowhere.pem' }), /tlsCaFile cannot be read \(ENOENT\)/)
  for (const settings of [
    { kind: 'webhook', url: 'https://h.example/p', secret: SECRET }, { kind: 'webhook', url: 'https://h.example/p', secret: 'hush-hush' }, { kind: 'slack', secret: 'https://h.example/hush-hush' }, { kind: 'teams', url: 'https://h.example/hush-hush' },
    { kind: 'mattermost', secret: 'hush-hush' }, { kind: 'matrix', url: 'https://h.example', room: '!r:x', secret: 'hush-hush' }, { kind: 'ntfy', url: 'https://h.example', room: 't', secret: 'hush-hush' },
    { kind: 'mail', server: 'h.example:587', to: ['a@b.example'], user: 'u', secret: 'hush-hush' }, { kind: 'syslog', server: 'h.example:6514' },
  ] as const) assert.doesNotMatch(shown(settings), /hush|BwcHBw/, settings.kind)
})
