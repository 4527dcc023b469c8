/**
 * Statements for the public: drafted, approved, published, withdrawn by people, each step in the journal with who; the status page that shows them is written
 * anew at every change, into files and onto its own listener. It shows what a person approved and nothing else, but for "being investigated" (trouble-watch.ts).
 * A disk that fails never takes the page away: the listener shows what it has, and the trouble is told.
 */
import { join } from 'node:path'
import type { ShieldSecond } from '../../contract/record.ts'
import { type ComponentName, componentNames, componentStates, type Statement, type StatusBoard } from '../../contract/statement.ts'
import { DAY_MS, SECOND_MS } from '../../kernel/units.ts'
import { type Asks, choiceIn, lineIn, optionalLineIn, optionalTextIn } from '../read-asks.ts'
import { RecordError, type Room, type RoomParts } from '../room.ts'
import { readListen, type StatementSettings } from './options.ts'
import { templatesIn } from './page-words.ts'
import { StatementStore } from './statement-store.ts'
import { exportStatus, versionOf } from './status-export.ts'
import { LARGEST_PAGE_BYTES, statusFiles } from './status-files.ts'
import { StatusListener } from './status-listener.ts'
import { TroubleWatch } from './trouble-watch.ts'

const MOST_STATEMENTS = 2_000
const MOST_LANGUAGES = 24
/** Four of them and their headings fit on a page. */
const LONGEST_PART = 4_000
/** An upgrade's old process holds the address until the new one has taken over; somebody else may hold it longer. */
const LISTEN_AGAIN_MS = 2 * SECOND_MS
/** What a person still has to fill in: `[time]`. */
const OPEN_BRACKET = /\[[^\]\n]{1,80}\]/

export class StatementRoom implements Room {
  readonly #parts: RoomParts<StatementSettings>
  readonly #store: StatementStore
  readonly #listener: StatusListener
  readonly #watch = new TroubleWatch()
  #statements: Statement[]
  #byPeople: Map<ComponentName, { readonly state: StatusBoard['components'][number]['state']; readonly sinceWallMs: number }>
  #investigated = new Map<ComponentName, number>()
  #exportedAtWallMs: number | null = null
  #exportTrouble = ''
  #version = ''
  #listensAt = ''
  #listening: Promise<void> = Promise.resolve()
  #listenTriedAtMs = 0

  constructor(parts: RoomParts<StatementSettings>) {
    this.#parts = parts
    this.#store = new StatementStore(parts.folder)
    this.#listener = new StatusListener((sentence) => parts.log.error(sentence))
    const { board, trouble } = this.#store.read()
    if (trouble !== null) parts.log.error(trouble)
    this.#statements = [...board.statements]
    this.#byPeople = new Map(board.components.map(({ name, state, sinceWallMs }) => [name, { state, sinceWallMs }]))
    this.#publish()
    this.#listen()
  }

  settingsChanged(): void {
    this.#publish()
    this.#listen()
  }

  second(second: ShieldSecond): void {
    if (this.#listensAt !== '' && this.#listener.address === '' && this.#parts.clock.monotonicMs() - this.#listenTriedAtMs >= LISTEN_AGAIN_MS) this.#listenNow()
    const now = this.#parts.settings().automaticState ? this.#watch.look(second) : new Set<ComponentName>()
    const began = [...now].filter((name) => !this.#investigated.has(name))
    const over = [...this.#investigated.keys()].filter((name) => !now.has(name))
    if (began.length === 0 && over.length === 0) return
    for (const name of began) this.#investigated.set(name, second.atWallMs)
    for (const name of over) this.#investigated.delete(name)
    for (const name of began) void this.#write('polder', `the status page says by itself that ${name} is being investigated`, { component: name, automatic: true, state: 'investigating' })
    for (const name of over) void this.#write('polder', `the status page no longer says that ${name} is being investigated`, { component: name, automatic: true, state: null })
    this.#publish()
  }

  /** Where it listens, or ''. Resolved when that is known. */
  async listensAt(): Promise<string> {
    await this.#listening
    return this.#listener.address
  }

  async answer(question: string, asks: Asks, who: string): Promise<unknown> {
    switch (question) {
      case 'board':
        return this.#board()
      case 'templates':
        return templatesIn(lineIn(asks, 'language'))
      case 'draft':
        return this.#draft(asks, who)
      case 'approve':
        return this.#approve(lineIn(asks, 'id'), who)
      case 'publish':
        return this.#publishOne(lineIn(asks, 'id'), who)
      case 'withdraw':
        return this.#withdraw(lineIn(asks, 'id'), who)
      case 'component':
        return this.#component(asks, who)
      default:
        throw new RecordError('unknown-question', `statements cannot be asked ${JSON.stringify(question)}; they know board, templates, draft, approve, publish, withdraw, component`)
    }
  }

  async close(): Promise<void> {
    this.#listensAt = ''
    await this.#listening
    await this.#listener.close()
  }

  #draft(asks: Asks, who: string): Promise<Statement> {
    const now = this.#parts.clock.wallMs()
    const asked = optionalLineIn(asks, 'id')
    const old = asked === '' ? null : this.#find(asked)
    if (old !== null && (old.stage === 'published' || old.stage === 'withdrawn')) throw new RecordError('not-allowed', `${old.id} is ${old.stage}: what was published is not changed; write a new statement, and withdraw this one if it is wrong`)
    if (old === null && this.#statements.length >= MOST_STATEMENTS) throw new RecordError('not-allowed', `there are ${MOST_STATEMENTS} statements already`)
    const texts = asks['texts'] === undefined ? this.#textsOfTemplate(lineIn(asks, 'template')) : textsIn(asks['texts'])
    const incident = optionalLineIn(asks, 'incidentId')
    const statement: Statement = {
      id: old?.id ?? this.#nextId(now), incidentId: incident === '' ? (old?.incidentId ?? null) : incident, texts, stage: 'draft', draftedBy: old?.draftedBy ?? who, writers: [...new Set([...(old?.writers ?? []), who])],
      // A change takes an approval away: nobody approved these words.
      approvedBy: null, publishedBy: null, createdAtWallMs: old?.createdAtWallMs ?? now, publishedAtWallMs: null,
    }
    return this.#change(statement, who, `statement ${statement.id} ${old === null ? 'drafted' : 'changed'}: "${texts[0]!.title}"`)
  }

  #textsOfTemplate(name: string): Statement['texts'] {
    const { languages } = this.#parts.settings()
    const texts = languages.flatMap((language) => {
      const { name: known, ...text } = templatesIn(language).find((one) => one.name === name) ?? { name: '' }
      const own = templatesIn(language) !== templatesIn('en') || language === 'en'
      return known === '' || !own ? [] : [{ language, ...text } as Statement['texts'][number]]
    })
    const first = templatesIn('en').find((one) => one.name === name)
    if (first === undefined) throw new RecordError('not-found', `there is no template ${name}; there are ${templatesIn('en').map((one) => one.name).join(', ')}`)
    const { name: _, ...english } = first
    return texts.length > 0 ? texts : [{ language: 'en', ...english }]
  }

  #approve(id: string, who: string): Promise<Statement> {
    const statement = this.#find(id)
    if (statement.stage !== 'draft') throw new RecordError('not-allowed', `${id} is ${statement.stage}, not a draft`)
    for (const text of statement.texts) {
      for (const part of [text.title, text.know, text.notKnown, text.doing, text.next]) {
        const open = OPEN_BRACKET.exec(part)?.[0]
        if (open !== undefined) throw new RecordError('not-allowed', `the text in ${text.language} still holds ${open}: fill it in first (polder statement draft ${id} ...)`)
      }
    }
    if (this.#parts.settings().fourEyes && statement.writers.some((writer) => loginOf(writer) === loginOf(who))) throw new RecordError('not-allowed', `${loginOf(who)} wrote of it: somebody else must approve it (statements.fourEyes)`)
    return this.#change({ ...statement, stage: 'approved', approvedBy: who }, who, `statement ${id} approved`)
  }

  #publishOne(id: string, who: string): Promise<Statement> {
    const statement = this.#find(id)
    if (statement.stage !== 'approved') throw new RecordError('not-allowed', statement.stage === 'draft' ? `${id} is a draft: it must be approved first (polder statement approve ${id})` : `${id} is ${statement.stage} already`)
    return this.#change({ ...statement, stage: 'published', publishedBy: who, publishedAtWallMs: this.#parts.clock.wallMs() }, who, `statement ${id} published: "${statement.texts[0]!.title}"`)
  }

  #withdraw(id: string, who: string): Promise<Statement> {
    const statement = this.#find(id)
    if (statement.stage === 'withdrawn') throw new RecordError('not-allowed', `${id} is withdrawn already`)
    return this.#change({ ...statement, stage: 'withdrawn' }, who, `statement ${id} withdrawn; its words stay in the journal`)
  }

  async #component(asks: Asks, who: string): Promise<StatusBoard> {
    const name = choiceIn(asks, 'name', componentNames)
    const state = choiceIn(asks, 'state', componentStates)
    const before = this.#byPeople
    this.#byPeople = new Map(before).set(name, { state, sinceWallMs: this.#parts.clock.wallMs() })
    try {
      this.#save()
    } catch (error) {
      this.#byPeople = before
      throw error
    }
    await this.#write(who, `${who} says on the status page: ${name} ${state}`, { component: name, state, automatic: false })
    this.#publish()
    return this.#board()
  }

  async #change(statement: Statement, who: string, sentence: string): Promise<Statement> {
    const before = this.#statements
    this.#statements = [...before.filter((one) => one.id !== statement.id), statement]
    try {
      this.#save()
    } catch (error) {
      this.#statements = before
      throw error
    }
    // What people were to be told is in the journal before anybody can read it.
    await this.#write(who, sentence, { statement })
    this.#publish()
    return statement
  }

  #save(): void {
    try {
      this.#store.write({ statements: this.#statements, components: [...this.#byPeople].map(([name, one]) => ({ name, ...one })) })
    } catch (error) {
      throw new RecordError('failed', `it could not be written to the disk (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}); nothing was changed`)
    }
  }

  #write(who: string, sentence: string, data: unknown): Promise<unknown> {
    return this.#parts.scribe.write({ kind: 'statement', who, sentence, data })
  }

  #find(id: string): Statement {
    const found = this.#statements.find((one) => one.id === id)
    if (found === undefined) throw new RecordError('not-found', `there is no statement ${id}; polder statement list shows them`)
    return found
  }

  #nextId(nowWallMs: number): string {
    const day = new Date(nowWallMs).toISOString().slice(0, 10)
    for (let number = 1; ; number++) if (!this.#statements.some((one) => one.id === `${day}-s${number}`)) return `${day}-s${number}`
  }

  #board(): StatusBoard {
    const { automaticState, fourEyes, languages } = this.#parts.settings()
    return {
      components: componentNames.map((name) => {
        const said = this.#byPeople.get(name)
        const since = this.#investigated.get(name)
        // What a person says goes before what Polder sees, unless the person said that it works.
        if (said !== undefined && said.state !== 'works') return { name, ...said, automatic: false }
        if (since !== undefined) return { name, state: 'investigating' as const, automatic: true, sinceWallMs: since }
        return { name, state: 'works' as const, automatic: said === undefined, sinceWallMs: said?.sinceWallMs ?? 0 }
      }),
      statements: this.#statements, automaticState, fourEyes, languages, exportedAtWallMs: this.#exportedAtWallMs, exportFolder: this.#folder(), trouble: this.#exportTrouble, listen: this.#listener.address,
    }
  }

  #folder(): string {
    const { exportFolder } = this.#parts.settings()
    return exportFolder === '' ? join(this.#parts.folder, 'public') : exportFolder
  }

  /** The page as it is now, to memory and to the folder; what cannot be written is told once. */
  #publish(): void {
    const now = this.#parts.clock.wallMs()
    const { site, historyDays, timeZone } = this.#parts.settings()
    const board = this.#board()
    const shown = { ...board, statements: board.statements.filter((one) => one.publishedAtWallMs === null || one.publishedAtWallMs > now - historyDays * DAY_MS) }
    const files = statusFiles(shown, { ...site, timeZone }, now)
    this.#version = versionOf(files)
    this.#listener.show(files, this.#version)
    let trouble = ''
    try {
      exportStatus(this.#folder(), files)
      this.#exportedAtWallMs = now
    } catch (error) {
      trouble = `the status page could not be written to ${this.#folder()} (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}); what stands there is older`
    }
    const key = 'status-page-export'
    if (trouble !== this.#exportTrouble && trouble !== '') {
      this.#parts.log.error(trouble)
      this.#parts.teller.tell({ key, severity: 'warning', title: 'The status page cannot be written', text: trouble, atWallMs: now, incidentId: null, resolved: false })
    } else if (trouble === '' && this.#exportTrouble !== '') this.#parts.teller.tell({ key, severity: 'warning', title: 'The status page is written again', text: 'Its files are up to date.', atWallMs: now, incidentId: null, resolved: true })
    this.#exportTrouble = trouble
  }

  #listen(): void {
    const { listen } = this.#parts.settings()
    if (listen === this.#listensAt) return
    this.#listensAt = listen
    this.#listenNow()
  }

  #listenNow(): void {
    const listen = this.#listensAt
    this.#listenTriedAtMs = this.#parts.clock.monotonicMs()
    this.#listening = this.#listening.then(() => this.#listener.listen(listen === '' ? null : readListen(listen)))
  }
}

/** The login of `Ana Sampaio (asampaio)`: a name can be typed, a login cannot. */
function loginOf(who: string): string {
  return /\(([^()]+)\)$/.exec(who)?.[1] ?? who
}

function textsIn(raw: unknown): Statement['texts'] {
  if (!Array.isArray(raw) || raw.length === 0 || raw.length > MOST_LANGUAGES) throw new RecordError('bad-question', `texts must be a list of 1 to ${MOST_LANGUAGES} languages`)
  const texts = raw.map((one: unknown) => {
    if (typeof one !== 'object' || one === null) throw new RecordError('bad-question', 'each text must be a map with language, title, know, notKnown, doing, next')
    const asks = one as Asks
    const language = lineIn(asks, 'language')
    if (!/^[a-z]{2}$/.test(language)) throw new RecordError('bad-question', `"${language}" is not a language code of two letters`)
    const text = { language, title: lineIn(asks, 'title'), know: optionalTextIn(asks, 'know', LONGEST_PART), notKnown: optionalTextIn(asks, 'notKnown', LONGEST_PART), doing: optionalTextIn(asks, 'doing', LONGEST_PART), next: optionalTextIn(asks, 'next', LONGEST_PART) }
    if (Buffer.byteLength(text.know + text.notKnown + text.doing + text.next) > LARGEST_PAGE_BYTES / 2) throw new RecordError('bad-question', `the text in ${language} is longer than half a page of ${LARGEST_PAGE_BYTES} bytes: say it shorter, and publish what is longer as a document`)
    return text
  })
  if (new Set(texts.map((one) => one.language)).size !== texts.length) throw new RecordError('bad-question', 'a language is there twice')
  return texts
}
