/** Where one is: the fragment of the address, so that a reload, a bookmark and the back button work. */
import { signal } from '@preact/signals'

export const viewNames = Object.freeze(['now', 'explore', 'incidents', 'statements', 'alerts', 'lifeline', 'calendar', 'journal', 'settings', 'accounts'] as const)
export type ViewName = (typeof viewNames)[number]

export interface Place {
  readonly view: ViewName | 'unknown'
  /** Of an incident, or ''. */
  readonly id: string
}

function read(): Place {
  const [name, id] = location.hash.replace(/^#\/?/, '').split('/')
  if (name === '') return { view: 'now', id: '' }
  try {
    return { view: (viewNames as readonly string[]).includes(name) ? (name as ViewName) : 'unknown', id: decodeURIComponent(id ?? '') }
  } catch {
    return { view: 'unknown', id: '' }
  }
}

export const place = signal<Place>(read())
addEventListener('hashchange', () => {
  place.value = read()
})

export const addressOf = (view: ViewName, id = ''): string => `#/${view}${id === '' ? '' : `/${encodeURIComponent(id)}`}`

export function go(view: ViewName, id = ''): void {
  location.hash = addressOf(view, id)
}
