/** Labelled fields; a form of them is a way to do one thing. */
import type { ComponentChildren, JSX } from 'preact'
import { useId, useState } from 'preact/hooks'

type FieldProps = { label: string; hint?: string } & JSX.IntrinsicElements['input']

export function Field({ label, hint, ...rest }: FieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} autocomplete="off" spellcheck={false} {...(hint === undefined ? {} : { 'aria-describedby': `${id}h` })} {...rest} />
      {hint !== undefined && <small id={`${id}h`}>{hint}</small>}
    </div>
  )
}

export function Area({ label, ...rest }: { label: string } & JSX.IntrinsicElements['textarea']) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea id={id} rows={3} {...rest} />
    </div>
  )
}

/** What is chosen at first is said by its option: a list of its own has no `defaultValue`. */
export function Choice({ label, options, defaultValue, ...rest }: { label: string; options: ReadonlyArray<readonly [value: string, label: string]> } & JSX.IntrinsicElements['select']) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} {...rest}>{options.map(([value, text]) => <option key={value} value={value} {...(value === defaultValue ? { selected: true } : {})}>{text}</option>)}</select>
    </div>
  )
}

/** Reads its fields by name when it is sent; is not sent twice while it works; is emptied when it is done. */
export function Form({ go, onSend, children, tone = '' }: { go: string; tone?: string; onSend: (fields: Readonly<Record<string, string>>) => Promise<unknown>; children?: ComponentChildren }) {
  const [busy, setBusy] = useState(false)
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (busy) return
        const form = event.currentTarget
        const fields: Record<string, string> = {}
        for (const [name, value] of new FormData(form)) if (typeof value === 'string') fields[name] = value.trim()
        setBusy(true)
        void onSend(fields).then((done) => {
          setBusy(false)
          if (done !== null && done !== false) form.reset()
        }, () => setBusy(false))
      }}
    >
      {children}
      <div class="row"><button type="submit" class={tone} disabled={busy}>{go}</button></div>
    </form>
  )
}

/** What lies behind one line until it is wanted. */
export function Fold({ title, children, open = false }: { title: string; children: ComponentChildren; open?: boolean }) {
  return <details class="fold" open={open}><summary>{title}</summary><div class="fold-body">{children}</div></details>
}
