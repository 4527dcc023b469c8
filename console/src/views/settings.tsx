/** What is in force and where it comes from. */
import { useState } from 'preact/hooks'
import type { SettingsView as SettingsAnswer } from '../../../src/contract/console.ts'
import { get } from '../api.ts'
import { shown } from '../format.ts'
import { Field } from '../parts/fields.tsx'
import { Show, useLoad } from '../parts/load.tsx'
import { texts } from '../texts.ts'

const words = texts.settings

export function SettingsView() {
  const loaded = useLoad(() => get<SettingsAnswer>('settings'), [])
  const [find, setFind] = useState('')
  return (
    <>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Show of={loaded} trouble={words.failed}>
        {({ rows, file }) => {
          const found = rows.filter((row) => `${row.path} ${row.value} ${row.from}`.toLowerCase().includes(find.trim().toLowerCase()))
          return (
            <>
              <p class="muted"><code>{shown(file)}</code></p>
              <Field label={words.find} type="search" value={find} onInput={(event) => setFind(event.currentTarget.value)} />
              <p class="muted" role="status">{found.length === 0 ? words.none : words.count(found.length, rows.length)}</p>
              {found.length > 0 && (
                <div class="scroll" tabIndex={0} role="group" aria-label={words.title}>
                  <table class="cards settings"><thead><tr><th scope="col">{words.name}</th><th scope="col">{words.value}</th><th scope="col">{words.from}</th><th scope="col">{words.effect}</th></tr></thead>
                    <tbody>{found.map((row) => <tr key={row.path} class={row.from === 'default' ? '' : 'set'}><th scope="row"><code>{shown(row.path)}</code></th><td class="text" data-label={words.value}><code>{shown(row.value, 300)}</code></td><td data-label={words.from}>{shown(row.from)}</td><td data-label={words.effect}>{row.applies === 'live' ? words.live : words.restart}</td></tr>)}</tbody>
                  </table>
                </div>
              )}
            </>
          )
        }}
      </Show>
    </>
  )
}
