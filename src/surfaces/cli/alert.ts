import type { ChannelState, OpenAlertState } from '../../contract/alert.ts'
import { coloursFor, paint, printable, type Colours } from './colour.ts'
import { exitCodes, jsonFlag, type CommandSpec } from './command.ts'
import { clockTime, count, span } from './plain-words.ts'
import { askRecord, recordFlags, socketFlags } from './reach-shield.ts'

const openCommand: CommandSpec = {
  name: 'open',
  summary: 'what is not over',
  description: 'Lists every alert that is not over: since when, what it says, who has seen it, which channels were told. Exit code 1 when no shield is running.',
  flags: [...socketFlags, jsonFlag],
  examples: [['polder alert open', 'what people were woken for'], ['polder alert open --json | jq -r ".[].key"', 'for scripts']],
  async act(given, parts) {
    const open = await askRecord(given, parts, 'alert', 'open', {})
    if (open === null) return exitCodes.refused
    if (given['json'] === true) parts.out.write(`${JSON.stringify(open, null, 2)}\n`)
    else parts.out.write(`${printable(openScreen(open, parts.clock.wallMs(), coloursFor(parts.out, parts.noColor)))}\n`)
    return exitCodes.ok
  },
}

const channelsCommand: CommandSpec = {
  name: 'channels',
  summary: 'who is told how, and whether it works',
  description: 'Lists the channels of the settings file: where each goes, what it sent, what waits, and what is wrong with it. A failing channel holds up no other. Exit code 1 when a channel is in trouble, or no shield is running.',
  flags: [...socketFlags, jsonFlag],
  examples: [['polder alert channels', 'all channels']],
  async act(given, parts) {
    const channels = await askRecord(given, parts, 'alert', 'channels', {})
    if (channels === null) return exitCodes.refused
    if (given['json'] === true) parts.out.write(`${JSON.stringify(channels, null, 2)}\n`)
    else parts.out.write(`${printable(channelScreen(channels, parts.clock.wallMs(), coloursFor(parts.out, parts.noColor)))}\n`)
    return channels.some((channel) => channel.trouble !== null) ? exitCodes.refused : exitCodes.ok
  },
}

const testCommand: CommandSpec = {
  name: 'test',
  summary: 'sends a marked test and says what the other side says',
  description: 'Sends a message marked as a test to one channel, or to all, at once and past quiet hours, and waits up to 20 s for the answer of the other side. Do it after every change, and once a month. Exit code 1 when one fails.',
  flags: [...recordFlags, jsonFlag],
  words: [['[channel]', 'one channel; without it all']],
  examples: [['polder alert test', 'all channels'], ['polder alert test duty-mail', 'one of them']],
  async act(given, parts, words) {
    const results = await askRecord(given, parts, 'alert', 'test', words[0] === undefined ? {} : { channel: words[0] })
    if (results === null) return exitCodes.refused
    const colours = coloursFor(parts.out, parts.noColor)
    if (given['json'] === true) parts.out.write(`${JSON.stringify(results, null, 2)}\n`)
    else parts.out.write(`${printable(results.map((one) => `${paint(colours, one.ok ? 'green' : 'red', one.ok ? 'sent  ' : 'failed')} ${one.channel.padEnd(20)} ${one.sentence} (${count(one.ms)} ms)`).join('\n'))}\n`)
    return results.every((one) => one.ok) ? exitCodes.ok : exitCodes.refused
  },
}

const acknowledgeCommand: CommandSpec = {
  name: 'acknowledge',
  summary: 'I have seen it: no reminder, no escalation',
  description: 'Says that somebody looks after an alert: no reminder comes and no further channel is told, unless it grows worse. Your name goes into the journal. The alert stays open until it is over.',
  flags: [...recordFlags, jsonFlag],
  words: [['<key>', 'the key of the alert, as polder alert open and every message say it']],
  examples: [['polder alert acknowledge attack', 'with your login name'], ['polder alert acknowledge attack --who "Ada, duty"', 'for somebody on the telephone']],
  async act(given, parts, words) {
    const answer = await askRecord(given, parts, 'alert', 'acknowledge', { key: words[0] })
    if (answer === null) return exitCodes.refused
    parts.out.write(given['json'] === true ? `${JSON.stringify(answer, null, 2)}\n` : `${printable(answer.sentence)}\n`)
    return exitCodes.ok
  },
}

export const alertCommand: CommandSpec = {
  name: 'alert',
  summary: 'who is told, what is open, and a test of the way to people',
  description: 'Alerts of the running shield: what is open, who has seen it, and the channels that tell people. Channels stand in the settings file (docs/operator/alerts.md); without one nothing is sent anywhere.',
  flags: [...socketFlags, jsonFlag],
  children: [openCommand, acknowledgeCommand, channelsCommand, testCommand],
  examples: [['polder alert open', 'what is not over'], ['polder alert acknowledge attack', 'I have seen it'], ['polder alert test', 'does it reach people?']],
  act: (given, parts, words) => openCommand.act(given, parts, words),
}

export function openScreen(open: readonly OpenAlertState[], nowWallMs: number, colours: Colours): string {
  if (open.length === 0) return 'Nothing is open.'
  return open.map((one) => {
    const seen = one.acknowledged === null ? 'nobody has acknowledged it' : `${one.acknowledged.who} has seen it at ${clockTime(one.acknowledged.atWallMs, nowWallMs)}`
    const told = one.toldTo.length === 0 ? 'no channel was told' : `told: ${one.toldTo.join(', ')}`
    return [
      `${paint(colours, one.severity === 'critical' ? 'red' : 'yellow', one.severity.toUpperCase())} ${paint(colours, 'bold', one.title)}`,
      `  ${one.key}, since ${clockTime(one.sinceWallMs, nowWallMs)} (${span(nowWallMs - one.sinceWallMs)}); ${seen}; ${told}${one.incidentId === null ? '' : `; incident ${one.incidentId}`}`,
      ...one.text.split('\n').map((line) => `  ${line}`),
    ].join('\n')
  }).join('\n\n')
}

export function channelScreen(channels: readonly ChannelState[], nowWallMs: number, colours: Colours): string {
  if (channels.length === 0) return 'There is no channel: nobody is told, and nothing is sent anywhere. Channels stand under alert.channels in the settings file (docs/operator/alerts.md).'
  return channels.map((one) => {
    const last = one.lastSentAtWallMs === null ? 'nothing sent yet' : `last sent ${clockTime(one.lastSentAtWallMs, nowWallMs)}`
    const lines = [`${paint(colours, one.trouble === null ? 'green' : 'red', one.trouble === null ? 'ok   ' : 'fails')} ${one.name.padEnd(20)} ${one.kind} to ${one.to}`, `      ${count(one.sent)} sent, ${count(one.failed)} given up, ${count(one.waiting)} waiting; ${last}`]
    return [...lines, ...(one.trouble === null ? [] : [`      ${one.trouble}`])].join('\n')
  }).join('\n')
}
