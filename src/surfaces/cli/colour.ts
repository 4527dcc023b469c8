import type { Output } from './command.ts'

export type Colours = 'on' | 'off'

const codes = { bold: 1, red: 31, green: 32, yellow: 33 } as const

/** Colour only for a person at a terminal who did not refuse it (no-color.org). */
export function coloursFor(output: Output, noColor: boolean): Colours {
  return output.isTTY === true && !noColor ? 'on' : 'off'
}

export function paint(colours: Colours, colour: keyof typeof codes, text: string): string {
  return colours === 'off' ? text : `\u001B[${codes[colour]}m${text}\u001B[0m`
}

/** Text from a file must not steer the terminal: control characters but line ends and our own colours become `?`. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- replacing them is the purpose
  return text.replaceAll(/\u001B(?!\[(?:0|1|31|32|33)m)|[\u0000-\u0009\u000B-\u001A\u001C-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '?')
}
