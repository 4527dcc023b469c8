/** Who may come in; for admins. Everybody may change their own password. */
import { useState } from 'preact/hooks'
import { type AccountAnswer, type AccountFacts, type AccountWishes, type ConsoleRole, consoleRoles } from '../../../src/contract/console.ts'
import { attempt } from '../acts.ts'
import { get, post, session } from '../api.ts'
import { count, dayAndTime, shown } from '../format.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Choice, Field, Fold, Form } from '../parts/fields.tsx'
import { type Loaded, Show, useLoad } from '../parts/load.tsx'
import { texts } from '../texts.ts'

const words = texts.accounts
type All = { readonly accounts: readonly AccountFacts[] }

const wish = <W extends keyof AccountWishes>(word: W, body: AccountWishes[W]): Promise<AccountAnswer> => post(`accounts/${word}`, body)

export function AccountsView() {
  const admin = session.value?.role === 'admin'
  return (
    <>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      {admin ? <Everybody /> : <p class="muted">{words.onlyAdmin}</p>}
      <Fold title={words.ownPassword} open={!admin}>
        <Form go={words.change} onSend={(fields) => attempt(() => post<AccountAnswer>('password', { old: fields['old'], new: fields['new'] }), (answer) => answer.sentence)}>
          <Field name="old" type="password" label={words.oldPassword} autocomplete="current-password" required />
          <Field name="new" type="password" label={words.newPassword} hint={words.ownPasswordHint} autocomplete="new-password" minLength={12} required />
        </Form>
      </Fold>
    </>
  )
}

function Everybody() {
  const loaded = useLoad(() => get<All>('accounts'), [], 15_000)
  return (
    <>
      <Show of={loaded} trouble={words.failed}>
        {({ accounts }) => (
          <div class="scroll" tabIndex={0} role="group" aria-label={words.title}>
            <table class="cards">
              <thead><tr><th scope="col">{words.name}</th><th scope="col">{words.role}</th><th scope="col">{words.totp}</th><th scope="col">{words.created}</th><th scope="col">{words.last}</th><th scope="col">{words.sessions}</th><th scope="col">{words.change}</th></tr></thead>
              <tbody>{accounts.map((one) => <Row key={one.name} one={one} loaded={loaded} />)}</tbody>
            </table>
          </div>
        )}
      </Show>
      <Fold title={words.add}>
        <Form go={words.add} onSend={(fields) => attempt(() => wish('add', { name: fields['name'], role: fields['role'] as ConsoleRole, password: fields['password'] }), (answer) => answer.sentence).then(async (made) => { await loaded.reload(); return made })}>
          <Field name="name" label={words.name} required maxLength={60} />
          <Choice name="role" label={words.role} options={consoleRoles.map((role) => [role, words.roles[role]])} />
          <Field name="password" type="password" label={words.password} hint={words.passwordHint} autocomplete="new-password" minLength={12} required />
        </Form>
      </Fold>
    </>
  )
}

function Row({ one, loaded }: { one: AccountFacts; loaded: Loaded<All> }) {
  const [asking, setAsking] = useState<'remove' | 'password' | null>(null)
  const [uri, setUri] = useState('')
  const change = async (work: () => Promise<AccountAnswer>, back?: () => Promise<AccountAnswer>): Promise<AccountAnswer | null> => {
    const answer = await attempt(work, (done) => done.sentence, back === undefined ? undefined : () => back().then(() => loaded.reload()))
    if (answer !== null) setAsking(null)
    if (answer?.totpUri !== undefined) setUri(answer.totpUri)
    await loaded.reload()
    return answer
  }
  return (
    <tr>
      <th scope="row">{shown(one.name)}{one.lockedUntilWallMs !== null && <small class="tone-attack"> {words.lockedUntil(dayAndTime(one.lockedUntilWallMs))} <button type="button" onClick={() => void change(() => wish('unlock', { name: one.name }))}>{words.unlock}</button></small>}</th>
      <td data-label={words.role}><select aria-label={`${words.role}: ${one.name}`} value={one.role} onChange={(event) => void change(() => wish('role', { name: one.name, role: event.currentTarget.value as ConsoleRole }), () => wish('role', { name: one.name, role: one.role }))}>{consoleRoles.map((role) => <option key={role} value={role}>{words.roles[role]}</option>)}</select></td>
      <td data-label={words.totp}><span class="row tight">{one.totp ? words.on : words.off} <button type="button" aria-label={`${one.totp ? words.switchOff : words.switchOn}: ${words.totp}, ${one.name}`} onClick={() => void change(() => wish('totp', { name: one.name, on: !one.totp }))}>{one.totp ? words.switchOff : words.switchOn}</button></span></td>
      <td class="when" data-label={words.created}>{dayAndTime(one.madeAtWallMs)}</td>
      <td class="when" data-label={words.last}>{one.lastLoginAtWallMs === null ? texts.never : dayAndTime(one.lastLoginAtWallMs)}</td>
      <td class="number" data-label={words.sessions}>{count(one.sessions)}</td>
      <td>
        <div class="row tight">
          <button type="button" aria-label={`${words.newPassword}: ${one.name}`} onClick={() => setAsking('password')}>{words.newPassword}</button>
          {one.name !== session.value?.name && <button type="button" aria-label={words.remove + ': ' + one.name} onClick={() => setAsking('remove')}>{words.remove}</button>}
        </div>
        {asking === 'remove' && <Dialog title={words.removeSure(one.name)} onClose={() => setAsking(null)}><p>{words.removeHint}</p><Form go={words.removeSure(one.name)} tone="danger" onSend={() => change(() => wish('remove', { name: one.name }))} /></Dialog>}
        {asking === 'password' && <Dialog title={`${words.newPassword}: ${one.name}`} onClose={() => setAsking(null)}><Form go={words.change} onSend={(fields) => change(() => wish('password', { name: one.name, password: fields['password'] }))}><Field name="password" type="password" label={words.newPassword} hint={words.passwordHint} autocomplete="new-password" minLength={12} required /></Form></Dialog>}
        {uri !== '' && <Dialog title={words.totp} onClose={() => setUri('')}><p>{words.totpHint}</p><p><code class="long">{uri}</code></p></Dialog>}
      </td>
    </tr>
  )
}
