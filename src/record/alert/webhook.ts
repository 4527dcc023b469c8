/**
 * A webhook signed as Standard Webhooks 1.0 says (github.com/standard-webhooks): HMAC-SHA256 over `id.timestamp.body`, base64, as `v1,…` in
 * `webhook-signature`. The receiver can tell that it comes from us, that nobody altered it, and whether it had it before (the id stays over all tries).
 */
import { createHmac } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { post } from './http-post.ts'
import { type AlertMessage, body, headline, type Sender } from './message.ts'

/** The symmetric key may have 24 to 64 bytes (Standard Webhooks 1.0, "Signature scheme"). */
const SHORTEST_KEY_BYTES = 24
const LONGEST_KEY_BYTES = 64

/** null: it is none. */
export function signingKey(secret: string): Buffer | null {
  const text = secret.startsWith('whsec_') ? secret.slice(6) : secret
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null
  const key = Buffer.from(text, 'base64')
  return key.length >= SHORTEST_KEY_BYTES && key.length <= LONGEST_KEY_BYTES ? key : null
}

/** `timestamp` in whole seconds. */
export function signature(key: Buffer, id: string, timestamp: number, payload: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${payload}`).digest('base64')}`
}

export function webhookSender(url: URL, key: Buffer, ca: string | null, clock: Clock): Sender {
  return {
    to: `${url.origin}${url.pathname}`,
    send(message, signal) {
      const payload = JSON.stringify(webhookPayload(message))
      // The time of the sending, not of the alert: receivers refuse what is older than five minutes.
      const timestamp = Math.floor(clock.wallMs() / 1_000)
      const id = `msg_${message.id}`
      return post({ url, ca, body: payload, headers: { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature(key, id, timestamp, payload) } }, signal)
    },
  }
}

/** `type` as "full-stop delimited type", `timestamp` of the event in ISO 8601, `data`: the shape the standard recommends. */
function webhookPayload(message: AlertMessage): object {
  return {
    type: `polder.alert.${message.kind}`,
    timestamp: new Date(message.atWallMs).toISOString(),
    data: {
      key: message.key, severity: message.severity, resolved: message.kind === 'over', headline: headline(message), title: message.title, text: body(message),
      since: new Date(message.sinceWallMs).toISOString(), incidentId: message.incidentId, site: message.site,
    },
  }
}
