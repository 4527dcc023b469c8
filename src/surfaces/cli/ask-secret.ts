/** Asks for a line on the terminal without showing it. */
interface SecretInput {
  readonly isTTY?: boolean
  setRawMode?(on: boolean): unknown
  setEncoding(encoding: 'utf8'): unknown
  resume(): unknown
  pause(): unknown
  on(event: 'data', listener: (text: string) => void): unknown
  off(event: 'data', listener: (text: string) => void): unknown
}

const LONGEST = 2_048

/** null: there is no terminal, or it was given up with Ctrl-C or Ctrl-D. */
export function askSecret(input: SecretInput, output: { write(text: string): unknown }, prompt: string): Promise<string | null> {
  if (input.isTTY !== true || input.setRawMode === undefined) return Promise.resolve(null)
  output.write(prompt)
  input.setRawMode(true)
  input.setEncoding('utf8')
  input.resume()
  return new Promise((resolve) => {
    let typed = ''
    const end = (answer: string | null): void => {
      input.off('data', hear)
      input.setRawMode!(false)
      input.pause()
      output.write('\n')
      resolve(answer)
    }
    const hear = (text: string): void => {
      for (const letter of text) {
        if (letter === '\r' || letter === '\n') return end(typed)
        if (letter === '\u0003' || (letter === '\u0004' && typed === '')) return end(null)
        if (letter === '\u007F' || letter === '\b') typed = Array.from(typed).slice(0, -1).join('')
        else if (letter === '\u0015') typed = ''
        else if (letter >= ' ' && typed.length < LONGEST) typed += letter
      }
    }
    input.on('data', hear)
  })
}
