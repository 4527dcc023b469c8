/** What the public is told: the parts of the site, and statements on their way from draft to published, with a preview of what people will read. */
import { useState } from 'preact/hooks'
import { type ComponentState, componentStates, type Statement, type StatusBoard } from '../../../src/contract/statement.ts'
import { attempt } from '../acts.ts'
import { mayAct, record, session } from '../api.ts'
import { dayAndTime, languageName, shown } from '../format.ts'
import { Area, Choice, Field } from '../parts/fields.tsx'
import { type Loaded, Show, useLoad } from '../parts/load.tsx'
import { texts } from '../texts.ts'

const words = texts.statements
type Text = Statement['texts'][number]
const parts = ['title', 'know', 'notKnown', 'doing', 'next'] as const
const labels: Readonly<Record<(typeof parts)[number], string>> = { title: words.heading, know: words.know, notKnown: words.notKnown, doing: words.doing, next: words.next }

export function StatementsView() {
  const board = useLoad(() => record('statement', 'board', {}), [], 20_000)
  const [editing, setEditing] = useState<Statement | null>(null)
  return (
    <>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <Show of={board} trouble={words.failed}>
        {(all) => (
          <>
            <p class="muted">{all.listen === '' ? words.noPage : words.page(all.listen)}{all.exportFolder !== '' && ` · ${words.folder(all.exportFolder)}`}{all.exportedAtWallMs !== null && `, ${words.exported(dayAndTime(all.exportedAtWallMs))}`}</p>
            {all.trouble !== '' && <p class="trouble" role="alert">{shown(all.trouble, 400)}</p>}
            <Components board={all} loaded={board} />
            {mayAct() && editing === null && <Drafting board={board} onMade={setEditing} />}
            {editing !== null && <Editor key={editing.id} statement={editing} languages={all.languages} onDone={() => { setEditing(null); void board.reload() }} />}
            <section aria-label={words.title}>
              {all.statements.length === 0 && <p class="muted">{words.none}</p>}
              {all.statements.toReversed().filter((one) => one.id !== editing?.id).map((one) => <OneStatement key={one.id} one={one} board={board} fourEyes={all.fourEyes} onEdit={() => setEditing(one)} />)}
            </section>
          </>
        )}
      </Show>
    </>
  )
}

function Components({ board, loaded }: { board: StatusBoard; loaded: Loaded<StatusBoard> }) {
  return (
    <section aria-labelledby="components-title">
      <h2 id="components-title">{words.components}</h2>
      <div class="components">
        {board.components.map((one) => (
          <div key={one.name} class="component">
            {mayAct() ? (
              <Choice label={words.names[one.name] ?? one.name} options={componentStates.map((state) => [state, words.states[state]])} value={one.state} onChange={(event) => {
                const state = event.currentTarget.value as ComponentState
                void attempt(() => record('statement', 'component', { name: one.name, state }), () => `${words.names[one.name] ?? one.name}: ${words.states[state]}`, one.automatic ? undefined : () => record('statement', 'component', { name: one.name, state: one.state }).then((before) => loaded.set(before))).then((changed) => (changed === null ? loaded.reload() : loaded.set(changed)))
              }} />
            ) : <p>{words.names[one.name] ?? one.name}: <b>{words.states[one.state]}</b></p>}
            <small class="muted">{one.automatic ? words.automatic : words.byHand}{one.sinceWallMs > 0 && `, ${dayAndTime(one.sinceWallMs)}`}</small>
          </div>
        ))}
      </div>
    </section>
  )
}

function Drafting({ board, onMade }: { board: Loaded<StatusBoard>; onMade: (statement: Statement) => void }) {
  const language = board.value?.languages[0] ?? 'en'
  const templates = useLoad(() => record('statement', 'templates', { language }), [language])
  const [template, setTemplate] = useState('')
  const empty: Text = { language, title: '[title]', know: '', notKnown: '', doing: '', next: '' }
  return (
    <section aria-labelledby="draft-title">
      <h2 id="draft-title">{words.draft}</h2>
      <div class="controls">
        <Choice label={words.template} options={[['', words.blank], ...(templates.value ?? []).map((one): [string, string] => [one.name, shown(one.title)])]} value={template} onChange={(event) => setTemplate(event.currentTarget.value)} />
        <button type="button" onClick={() => void attempt(() => record('statement', 'draft', template === '' ? { texts: [empty] } : { template }), () => '').then(async (made) => { if (made !== null) { await board.reload(); onMade(made) } })}>{words.draft}</button>
      </div>
    </section>
  )
}

function Preview({ text }: { text: Text }) {
  return (
    <div class="preview public" lang={text.language}>
      <h3>{shown(text.title, 300)}</h3>
      {(['know', 'notKnown', 'doing', 'next'] as const).map((part) => text[part] !== '' && <div key={part}><h4>{labels[part]}</h4><p>{shown(text[part], 4_000)}</p></div>)}
    </div>
  )
}

const bracketLeft = (text: Text): boolean => parts.some((part) => /\[[^\]]*\]/.test(text[part]))

function Editor({ statement, languages, onDone }: { statement: Statement; languages: readonly string[]; onDone: () => void }) {
  const [drafted, setDrafted] = useState<readonly Text[]>(statement.texts)
  const [language, setLanguage] = useState(statement.texts[0]?.language ?? languages[0])
  const text = drafted.find((one) => one.language === language) ?? { language, title: '', know: '', notKnown: '', doing: '', next: '' }
  const change = (part: (typeof parts)[number], value: string): void => {
    const changed = { ...text, [part]: value }
    setDrafted(drafted.some((one) => one.language === language) ? drafted.map((one) => (one.language === language ? changed : one)) : [...drafted, changed])
  }
  return (
    <section aria-labelledby="editor-title" class="editor">
      <h2 id="editor-title">{words.edit}: {statement.id}</h2>
      <div class="two">
        <form class="form" onSubmit={(event) => {
          event.preventDefault()
          void attempt(() => record('statement', 'draft', { id: statement.id, texts: drafted.filter((one) => one.title !== '') }), () => words.saveDraft).then((saved) => { if (saved !== null) onDone() })
        }}>
          {languages.length > 1 && <Choice label={words.language} options={languages.map((one) => [one, languageName(one)])} value={language} onChange={(event) => setLanguage(event.currentTarget.value)} />}
          <Field label={labels.title} value={text.title} maxLength={300} onInput={(event) => change('title', event.currentTarget.value)} lang={language} />
          {(['know', 'notKnown', 'doing', 'next'] as const).map((part) => <Area key={part} label={labels[part]} value={text[part]} maxLength={4_000} lang={language} onInput={(event) => change(part, event.currentTarget.value)} />)}
          {drafted.some(bracketLeft) && <p class="tone-strain">{words.brackets(drafted.filter(bracketLeft).map((one) => languageName(one.language)))}</p>}
          <div class="row"><button type="submit">{words.saveDraft}</button><button type="button" class="quiet" onClick={onDone}>{texts.cancel}</button></div>
        </form>
        <div><h3>{words.preview}</h3><Preview text={text} /></div>
      </div>
    </section>
  )
}

function OneStatement({ one, board, fourEyes, onEdit }: { one: Statement; board: Loaded<StatusBoard>; fourEyes: boolean; onEdit: () => void }) {
  const step = (question: 'approve' | 'publish' | 'withdraw', label: string) => (
    <button type="button" aria-label={`${label}: ${one.id}`} onClick={() => void attempt(() => record('statement', question, { id: one.id }), (changed) => `${one.id}: ${words.stages[changed.stage]}`).then(() => board.reload())}>{label}</button>
  )
  return (
    <article class="statement">
      <p><span class={`badge ${one.stage === 'published' ? 'calm' : one.stage === 'withdrawn' ? '' : 'watch'}`}>{words.stages[one.stage]}</span> <span class="muted">{one.id} · {[words.draftedBy(shown(one.draftedBy)), one.approvedBy === null ? '' : words.approvedBy(shown(one.approvedBy)), one.publishedAtWallMs === null ? '' : words.publishedAt(dayAndTime(one.publishedAtWallMs))].filter((part) => part !== '').join(', ')}</span></p>
      {one.texts[0] !== undefined && <Preview text={one.texts[0]} />}
      {mayAct() && (
        <div class="row">
          {(one.stage === 'draft' || one.stage === 'approved') && <button type="button" aria-label={`${words.edit}: ${one.id}`} onClick={onEdit}>{words.edit}</button>}
          {one.stage === 'draft' && step('approve', words.approve)}
          {one.stage === 'approved' && step('publish', words.publish)}
          {one.stage === 'published' && step('withdraw', words.withdraw)}
          {one.stage === 'draft' && fourEyes && one.draftedBy === session.value?.name && <small class="muted">{words.fourEyes}</small>}
        </div>
      )}
    </article>
  )
}
