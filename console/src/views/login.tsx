/** The door. */
import { useState } from 'preact/hooks'
import type { ConsoleSession, LoginWish } from '../../../src/contract/console.ts'
import { post, Refusal, sentenceOf, session, sessionEnd } from '../api.ts'
import { Field } from '../parts/fields.tsx'
import { texts } from '../texts.ts'

const words = texts.login

export function LoginView() {
  const [trouble, setTrouble] = useState('')
  const [busy, setBusy] = useState(false)
  const [codeNeeded, setCodeNeeded] = useState(false)
  const send = async (form: HTMLFormElement): Promise<void> => {
    const fields = new FormData(form)
    const text = (name: string): string => {
      const value = fields.get(name)
      return typeof value === 'string' ? value : ''
    }
    const code = text('code').replaceAll(' ', '')
    setBusy(true)
    try {
      session.value = await post<ConsoleSession>('login', { name: text('name').trim(), password: text('password'), ...(code === '' ? {} : { code }) } satisfies LoginWish)
      sessionEnd.value = ''
    } catch (error) {
      if (error instanceof Refusal && error.code === 'code-needed') setCodeNeeded(true)
      setTrouble(error instanceof Refusal && error.code === 'unreachable' ? words.unreachable : `${sentenceOf(error)}${error instanceof Refusal && error.retryAfterSeconds > 0 ? ` ${words.wait(error.retryAfterSeconds)}` : ''}`)
      setBusy(false)
    }
  }
  return (
    <main class="login" id="content">
      <h1>{words.title}</h1>
      {sessionEnd.value !== '' && <p role="status">{sessionEnd.value}</p>}
      <form class="form" onSubmit={(event) => { event.preventDefault(); if (!busy) void send(event.currentTarget) }}>
        <Field name="name" label={words.name} autocomplete="username" required autoFocus autocapitalize="none" maxLength={60} />
        <Field name="password" type="password" label={words.password} autocomplete="current-password" required />
        {codeNeeded && <Field name="code" label={words.code} inputMode="numeric" autocomplete="one-time-code" maxLength={8} autoFocus required />}
        {trouble !== '' && <p class="trouble" role="alert">{trouble}</p>}
        <div class="row"><button type="submit" class="primary" disabled={busy}>{busy ? words.working : words.go}</button></div>
      </form>
      <p class="muted">{words.first}<br /><code>{words.firstCommand}</code></p>
    </main>
  )
}
