/** A dialog of the browser's own: it keeps the focus in, gives it back, and closes with Escape. */
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { texts } from '../texts.ts'

export function Dialog({ title, onClose, children, wide = false }: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  // Before anything in here takes the focus.
  const [before] = useState(() => document.activeElement)
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => {
      element?.close()
      // What opened it may be gone with what was done.
      const back = before instanceof HTMLElement && before.isConnected ? before : document.querySelector<HTMLElement>('#content')
      back?.focus({ preventScroll: true })
    }
  }, [])
  return (
    <dialog
      ref={dialog} class={wide ? 'wide' : ''} aria-labelledby={id}
      onCancel={(event) => { event.preventDefault(); onClose() }}
      onClick={(event) => { if (event.target === dialog.current) onClose() }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="quiet" onClick={onClose}>{texts.close}</button>
      </header>
      {children}
    </dialog>
  )
}
