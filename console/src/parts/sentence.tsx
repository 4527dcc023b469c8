/** A sentence of the shield: short at first, all of it when asked for. */
import { shown } from '../format.ts'
import { brief, named } from '../sentences.ts'
import { texts } from '../texts.ts'

export function Sentence({ text }: { text: string }) {
  const short = brief(text)
  const whole = shown(named(text), 2_000)
  if (short === whole) return <>{whole}</>
  return <>{short} <details class="whole-sentence"><summary>{texts.inFull}</summary><p>{whole}</p></details></>
}
