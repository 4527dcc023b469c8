import { setTimeout as wait } from 'node:timers/promises'
import { coloursFor } from './colour.ts'
import { exitCodes, jsonFlag, type CliParts, type CommandSpec } from './command.ts'
import { askRunning, socketFlags } from './reach-shield.ts'
import { statusScreen } from './status-screen.ts'

const EVERY_MS = 1_000

export const statusCommand: CommandSpec = {
  name: 'status',
  summary: 'what the running shield sees and does now',
  description: 'Asks the running shield over its control socket: its state and why, what visitors get, how the origin feels, and every rule with its evidence, the harm it may do and what it did. Also answers when the control plane is dead. Exit code 1 when no shield is running.',
  flags: [...socketFlags, { flags: '-w, --watch', sentence: 'again every second, until Ctrl-C' }, jsonFlag],
  examples: [
    ['polder status', 'one look'],
    ['polder status --watch', 'a screen that stays up to date'],
    ['polder status --json | jq .control.view.state', 'for scripts'],
  ],
  async act(given, parts) {
    if (given['watch'] !== true) {
      const status = await askRunning(given, parts, { ask: 'status' })
      if (status === null) return exitCodes.refused
      parts.out.write(given['json'] === true ? `${JSON.stringify(status, null, 2)}\n` : statusScreen(status, coloursFor(parts.out, parts.noColor)))
      return exitCodes.ok
    }
    return watch(given, parts)
  },
}

/** A terminal is redrawn in place; anything else gets one status after the other. */
async function watch<S>(given: Readonly<Record<string, unknown>>, parts: CliParts<S>): Promise<number> {
  const stop = parts.interrupted()
  const redraw = parts.out.isTTY === true && given['json'] !== true
  let first = true
  let code: number = exitCodes.ok
  if (redraw) parts.out.write('\u001B[?1049h\u001B[?25l')
  try {
    while (!stop.aborted) {
      let heard = ''
      const quiet = { ...parts, error: { write: (text: string) => (heard += text) } }
      const status = await askRunning(given, redraw ? quiet : parts, { ask: 'status' })
      code = status === null ? exitCodes.refused : exitCodes.ok
      if (status === null && first) {
        if (redraw) parts.out.write('\u001B[?25h\u001B[?1049l')
        parts.error.write(heard)
        return code
      }
      if (given['json'] === true) {
        if (status !== null) parts.out.write(`${JSON.stringify(status)}\n`)
      } else {
        const text = status === null ? heard : statusScreen(status, coloursFor(parts.out, parts.noColor))
        parts.out.write(redraw ? frame(text, room(parts.out.columns, 80), room(parts.out.rows, 24)) : `${first ? '' : '\n'}${text}`)
      }
      first = false
      await wait(EVERY_MS, undefined, { signal: stop }).catch(() => {})
    }
  } finally {
    if (redraw && !first) parts.out.write('\u001B[?25h\u001B[?1049l')
  }
  return code
}

/** Some terminals say 0, and in a window of five columns nothing can be read anyway. */
function room(said: number | undefined, usual: number): number {
  return said === undefined || said < 10 ? usual : said
}

/** The text drawn over the last one, cut to the window: no flicker, no scrolling. Colour codes take no room. */
export function frame(text: string, columns: number, rows: number): string {
  const lines = text.trimEnd().split('\n').flatMap((line) => wrap(line, columns))
  const shown = lines.length <= rows - 1 ? lines : [...lines.slice(0, Math.max(1, rows - 2)), `… ${lines.length - rows + 2} more lines: polder status`.slice(0, columns)]
  return `\u001B[H${shown.map((line) => `${line}\u001B[K`).join('\r\n')}\r\n\u001B[J`
}

/** Cuts a line at the window's width; what goes on is indented as the line began. */
function wrap(line: string, columns: number): string[] {
  // eslint-disable-next-line no-control-regex -- our own colour codes
  const plain = line.replaceAll(/\u001B\[\d+m/g, '')
  if (plain.length <= columns) return [line]
  const indent = ' '.repeat(Math.min(/^ */.exec(plain)![0].length + 2, Math.floor(columns / 2)))
  const parts: string[] = []
  let rest = plain
  while (rest.length > columns) {
    const space = rest.lastIndexOf(' ', columns)
    const at = space > indent.length + 10 ? space : columns
    parts.push(rest.slice(0, at))
    rest = indent + rest.slice(at).trimStart()
  }
  return [...parts, rest]
}
