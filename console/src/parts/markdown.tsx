/** Our own reports as Markdown, shown: headings, lists, tables, emphasis. Everything becomes text of the page, never markup, as reports quote strangers. */
import type { ComponentChildren } from 'preact'
import { shown } from '../format.ts'

const unescaped = (text: string): string => shown(text.replaceAll(/\\([\\`*_{}[\]()#+\-.!|<>~&:@$^=])/g, '$1').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'), 4_000)

function spans(text: string): ComponentChildren[] {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part, place) => {
    if (part.startsWith('**') && part.endsWith('**') && part.length > 4) return <b key={place}>{unescaped(part.slice(2, -2))}</b>
    if (part.startsWith('`') && part.endsWith('`') && part.length > 2) return <code key={place}>{shown(part.slice(1, -1), 4_000)}</code>
    return unescaped(part)
  })
}

const cells = (line: string): string[] => line.replace(/^\s*\|/, '').replace(/\|\s*$/, '').split(/(?<!\\)\|/).map((cell) => cell.trim())

export function Markdown({ text }: { text: string }) {
  const lines = text.split('\n')
  const blocks: ComponentChildren[] = []
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]
    const heading = /^(#{1,4})\s+(.*)$/.exec(line)
    if (line.trim() === '') at++
    else if (heading !== null) {
      blocks.push(heading[1].length <= 2 ? <h4 class="first" key={at}>{spans(heading[2])}</h4> : <h5 key={at}>{spans(heading[2])}</h5>)
      at++
    } else if (/^\s*\|/.test(line)) {
      const rows: string[][] = []
      const from = at
      while (at < lines.length && /^\s*\|/.test(lines[at])) {
        if (!/^[\s|:-]+$/.test(lines[at])) rows.push(cells(lines[at]))
        at++
      }
      blocks.push(<table key={from}><tbody>{rows.map((row, place) => <tr key={place}>{row.map((cell, column) => (place === 0 ? <th key={column} scope="col">{spans(cell)}</th> : <td key={column}>{spans(cell)}</td>))}</tr>)}</tbody></table>)
    } else if (/^\s*([-*]|\d+\.)\s/.test(line)) {
      const items: string[] = []
      const from = at
      while (at < lines.length && /^\s*([-*]|\d+\.)\s/.test(lines[at])) items.push(lines[at++].replace(/^\s*([-*]|\d+\.)\s+/, ''))
      blocks.push(<ul key={from}>{items.map((item, place) => <li key={place}>{spans(item)}</li>)}</ul>)
    } else {
      const from = at
      const words: string[] = []
      while (at < lines.length && lines[at].trim() !== '' && !/^(#{1,4}\s|\s*\||\s*([-*]|\d+\.)\s)/.test(lines[at])) words.push(lines[at++].replace(/^>\s?/, ''))
      if (words.length === 0) words.push(lines[at++])
      blocks.push(<p key={from}>{words.map((line, place) => (line.endsWith('\\') ? [...spans(line.slice(0, -1)), <br key={`br${place}`} />] : [...spans(line), ' ']))}</p>)
    }
  }
  return <>{blocks}</>
}
