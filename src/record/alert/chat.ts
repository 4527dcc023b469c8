/**
 * Messages as the chat systems take them. What was written by attackers (user agents, paths) must stay text there: no link to press, no picture to fetch,
 * nobody called by name. Sources: Mattermost "Incoming webhooks", Slack "Block Kit" and "Escaping text", Matrix client-server API v3 "Send message event",
 * ntfy "Publish as JSON", Microsoft "Send Adaptive Cards using an Incoming Webhook" (workflows).
 */
import type { Severity } from '../../contract/alert.ts'
import { post } from './http-post.ts'
import { type AlertMessage, body, headline, type Sender } from './message.ts'
import type { ChannelKind } from './options.ts'

type ChatKind = Extract<ChannelKind, 'mattermost' | 'slack' | 'matrix' | 'ntfy' | 'teams'>

const colours: Readonly<Record<Severity, string>> = { info: '#4a6fa5', warning: '#b58900', critical: '#b3261e' }
const calm = '#2e7d32'

function colourOf(message: AlertMessage): string {
  return message.kind === 'over' ? calm : colours[message.severity]
}

/** Nothing that a chat program would turn into a link or a call: a space of no width breaks `://`, `www.` and `@`. */
function inert(text: string): string {
  return text.replaceAll('://', ':\u200B//').replaceAll(/\bwww\./gi, (word) => `${word.slice(0, 3)}\u200B.`).replaceAll('@', '@\u200B')
}

function plainMarkdown(text: string): string {
  return inert(text).replaceAll(/[\\`*_~[\]<>#|!]/g, String.raw`\$&`)
}

/** Block Kit: a header holds 150 characters, a section 3,000. */
function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`
}

export const chatBodies: Readonly<Record<ChatKind, (message: AlertMessage, room: string) => object>> = {
  mattermost: (message) => ({
    attachments: [{ fallback: plainMarkdown(headline(message)), color: colourOf(message), title: plainMarkdown(headline(message)), text: plainMarkdown(body(message)) }],
    ...(message.severity === 'critical' && message.kind !== 'over' && message.kind !== 'test' ? { priority: { priority: 'urgent' } } : {}),
  }),
  slack: (message) => ({
    text: inert(headline(message)).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    blocks: [
      { type: 'header', text: { type: 'plain_text', emoji: false, text: cut(inert(headline(message)), 150) } },
      { type: 'section', text: { type: 'plain_text', emoji: false, text: cut(inert(body(message)), 3_000) } },
    ],
    unfurl_links: false,
    unfurl_media: false,
  }),
  matrix: (message) => ({ msgtype: 'm.text', body: `${inert(headline(message))}\n\n${inert(body(message))}` }),
  ntfy: (message, room) => ({
    topic: room,
    title: headline(message),
    message: cut(body(message), 4_000),
    priority: message.kind === 'over' || message.kind === 'test' ? 3 : { info: 2, warning: 4, critical: 5 }[message.severity],
    tags: [message.kind === 'over' ? 'white_check_mark' : message.severity === 'critical' ? 'rotating_light' : 'warning'],
    markdown: false,
  }),
  teams: (message) => ({
    type: 'message',
    attachments: [{
      contentType: 'application/vnd.microsoft.card.adaptive',
      contentUrl: null,
      content: {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json', type: 'AdaptiveCard', version: '1.4',
        body: [
          { type: 'TextBlock', size: 'Medium', weight: 'Bolder', wrap: true, color: message.kind === 'over' ? 'Good' : message.severity === 'critical' ? 'Attention' : 'Warning', text: plainMarkdown(headline(message)) },
          // Each line a block of its own: a single line break vanishes in a TextBlock.
          ...body(message).split('\n').filter((line) => line.trim() !== '').map((line) => ({ type: 'TextBlock', wrap: true, spacing: 'Small', text: plainMarkdown(line) })),
        ],
      },
    }],
  }),
}

/** `url`: the incoming webhook, the home server or the ntfy server. `token` '' : none. */
export function chatSender(kind: ChatKind, url: URL, token: string, room: string, ca: string | null): Sender {
  const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` }
  return {
    // The path of an incoming webhook is its password.
    to: kind === 'matrix' || kind === 'ntfy' ? `${room} at ${url.origin}` : `${url.origin}/…`,
    send(message, signal) {
      const text = JSON.stringify(chatBodies[kind](message, room))
      if (kind !== 'matrix') return post({ url, headers, ca, body: text }, signal)
      // The transaction id makes a repeated try the same event.
      const event = new URL(`/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/${encodeURIComponent(message.id)}`, url)
      return post({ method: 'PUT', url: event, headers, ca, body: text }, signal)
    },
  }
}
